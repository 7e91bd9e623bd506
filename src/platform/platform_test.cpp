// Paths, facts about the machine, and child processes with their socket.
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "platform/child_process.h"
#include "platform/machine.h"
#include "platform/paths.h"

namespace hearth::platform {
namespace {

TEST(Paths, HomeAndCachesFollowTheEnvironment) {
  ::setenv("HEARTH_HOME", "/tmp/hearth-home", 1);
  ::setenv("HF_HOME", "/tmp/hf", 1);
  ::unsetenv("HF_HUB_CACHE");
  EXPECT_EQ(hearth_home(), "/tmp/hearth-home");
  EXPECT_EQ(hub_cache(), "/tmp/hf/hub");
  ::setenv("HF_HUB_CACHE", "/tmp/cache", 1);
  EXPECT_EQ(hub_cache(), "/tmp/cache");
}

TEST(Paths, TheProgramKnowsItsOwnFile) {
  EXPECT_TRUE(std::filesystem::exists(program_file()));
}

TEST(Machine, HasCoresAndMemory) {
  EXPECT_GE(processor().cores, 1u);
  EXPECT_GT(memory().total_bytes, 1u << 20);
  EXPECT_LE(memory().available_bytes, memory().total_bytes);
  EXPECT_GT(resident_bytes(::getpid()), 1u << 20);
  EXPECT_GT(free_disk_bytes("/tmp/not/there/yet"), 0u);
}

TEST(ChildProcess, TalksOverItsSocketAndReportsItsEnd) {
  auto child =
      ChildProcess::spawn("/bin/sh", {"-c", "read line <&3; echo \"got $line\" >&3; exit 7"});
  ASSERT_TRUE(child) << child.error().message;
  const int socket = child->take_socket();
  ASSERT_EQ(::write(socket, "hello\n", 6), 6);
  char buffer[64] = {};
  ASSERT_EQ(::read(socket, buffer, sizeof buffer), 10);
  EXPECT_STREQ(buffer, "got hello\n");
  ::close(socket);
  EXPECT_EQ(child->finish(std::chrono::seconds(20)), "exit status 7");
}

#ifdef __GLIBC__
TEST(ChildProcess, InheritsNothingElse) {
  const int open = ::fcntl(1, F_DUPFD, ChildProcess::kSocket + 1);
  ASSERT_GT(open, ChildProcess::kSocket);
  auto child =
      ChildProcess::spawn("/bin/sh", {"-c", "test ! -e /proc/self/fd/" + std::to_string(open)});
  ::close(open);
  ASSERT_TRUE(child);
  EXPECT_EQ(child->finish(std::chrono::seconds(20)), "exit status 0");
}
#endif

TEST(ChildProcess, IsKilledWhenItDoesNotEnd) {
  auto child = ChildProcess::spawn("/bin/sleep", {"600"});
  ASSERT_TRUE(child);
  EXPECT_EQ(child->finish(std::chrono::milliseconds(10)), "signal 9 (Killed)");
}

TEST(ChildProcess, AProgramThatIsNotThereIsAnError) {
  const auto child = ChildProcess::spawn("/no/such/program", {});
  ASSERT_FALSE(child);
  EXPECT_NE(child.error().message.find("/no/such/program"), std::string::npos);
}

}  // namespace
}  // namespace hearth::platform
