// A real worker process: it answers, it can be killed, and it leaves when its server does.
#include <chrono>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <signal.h>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include "base/json.h"
#include "engine/local/testing/tiny_model.h"
#include "engine/open_local.h"
#include "engine/open_remote.h"
#include "engine/testing/collect.h"
#include "engine/testing/fake_engine.h"
#include "platform/child_process.h"
#include "platform/paths.h"

namespace hearth::engine {
namespace {

using platform::ChildProcess;
using testing::collect;
using testing::eventually;

ChildProcess spawn_worker(const std::filesystem::path& folder) {
  auto child = ChildProcess::spawn(platform::program_file().string(), {"worker", folder.string()});
  EXPECT_TRUE(child) << child.error().message;
  return std::move(*child);
}

Request endless() {
  return {
      .id = "r", .input = TextInput{"Hello"}, .sampling = {.temperature = 0.0}, .ignore_eos = true};
}

bool has_text(const std::vector<Event>& events) {
  for (const Event& event : events)
    if (std::holds_alternative<TextDelta>(event)) return true;
  return false;
}

void wait_for_text(Generation& generation) {
  while (true) {
    const auto events = generation.wait();
    ASSERT_FALSE(events.empty());
    if (has_text(events)) return;
  }
}

TEST(WorkerProcess, AnswersAsTheModelInThisProcessDoes) {
  const testing::TinyModel model;
  ChildProcess child = spawn_worker(model.folder());
  double progress = -1;
  const auto remote =
      open_remote(child.take_socket(), [&](double fraction) { progress = fraction; });
  ASSERT_TRUE(remote) << remote.error().message;
  EXPECT_GE(progress, 0);
  EXPECT_EQ((*remote)->model().name, "tiny");

  Request request = endless();
  request.max_tokens = 30;
  const auto there = collect(*(*remote)->submit(request));
  const auto local = open_local({.folder = model.folder(), .name = "tiny"});
  ASSERT_TRUE(local) << local.error().message;
  EXPECT_EQ(there.content, collect(*(*local)->submit(request)).content);
  EXPECT_EQ((*local)->model().fingerprint, (*remote)->model().fingerprint);
}

TEST(WorkerProcess, KilledInMidStreamItFailsItsRequests) {
  const testing::TinyModel model(/*context_length=*/100000);
  ChildProcess child = spawn_worker(model.folder());
  const auto remote = open_remote(child.take_socket());
  ASSERT_TRUE(remote) << remote.error().message;
  const auto first = (*remote)->submit(endless());
  const auto second = (*remote)->submit(endless());
  wait_for_text(*first);
  ASSERT_EQ(::kill(child.pid(), SIGKILL), 0);
  for (const auto* generation : {&first, &second}) {
    const auto said = collect(**generation);
    ASSERT_TRUE(said.failed);
    EXPECT_EQ(said.failed->code, ErrorCode::EngineLost);
  }
  EXPECT_TRUE((*remote)->lost());
}

TEST(WorkerProcess, LeavesWhenItsServerDoesEvenInTheMiddleOfAnAnswer) {
  const testing::TinyModel model(/*context_length=*/100000);
  ChildProcess child = spawn_worker(model.folder());
  auto remote = open_remote(child.take_socket());
  ASSERT_TRUE(remote) << remote.error().message;
  const auto generation = (*remote)->submit(endless());
  wait_for_text(*generation);
  remote->reset();
  EXPECT_EQ(child.finish(std::chrono::seconds(20)), "exit status 0");
}

std::string read_proc(pid_t process, const std::string& name) {
  std::ostringstream text;
  text << std::ifstream("/proc/" + std::to_string(process) + '/' + name).rdbuf();
  return text.str();
}

TEST(WorkerProcess, ItsMemoryIsBoundedAndTheKernelTakesItFirst) {
#ifndef __linux__
  GTEST_SKIP() << "only Linux bounds the address space";
#endif
  const testing::TinyModel model;
  ChildProcess child = spawn_worker(model.folder());
  const auto remote = open_remote(child.take_socket());
  ASSERT_TRUE(remote) << remote.error().message;
  EXPECT_EQ(read_proc(child.pid(), "oom_score_adj"), "500\n");
  const std::string limits = read_proc(child.pid(), "limits");
  const std::size_t line = limits.find("Max address space");
  ASSERT_NE(line, std::string::npos);
  EXPECT_NE(limits.substr(line + 26, 9), "unlimited") << limits;
}

/// While it lives, processes that are started may not take more address space than this.
class AddressSpaceLimit {
 public:
  explicit AddressSpaceLimit(rlim_t bytes) {
    EXPECT_EQ(::getrlimit(RLIMIT_AS, &before_), 0);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
  }
  ~AddressSpaceLimit() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_{};
};

// A template from a stranger that doubles a text for as long as it may.
TEST(WorkerProcess, AHostileTemplateCostsItsOwnRequest) {
  const testing::TinyModel model;
  model.write("tokenizer_config.json",
              base::write_json(json::object{
                  {"eos_token", "<|end|>"},
                  {"chat_template",
                   "{% set ns = namespace(t='0123456789abcdef') %}{% for i in range(60) %}"
                   "{% if messages[0].content == 'attack' %}{% set ns.t = ns.t ~ ns.t %}{% endif "
                   "%}{% endfor %}"
                   "{{ ns.t }}"}}));
  auto child = [&] {
    const AddressSpaceLimit limit(rlim_t{2} << 30);
    return spawn_worker(model.folder());
  }();
  const auto remote = open_remote(child.take_socket());
  ASSERT_TRUE(remote) << remote.error().message;
  const auto say = [&](const std::string& text) {
    Request request = endless();
    request.max_tokens = 3;
    request.input = ChatInput{.messages = {json::object{{"role", "user"}, {"content", text}}}};
    return collect(*(*remote)->submit(request));
  };
  const auto attack = say("attack");
  ASSERT_TRUE(attack.failed);
  EXPECT_NE(attack.failed->code, ErrorCode::Internal) << attack.failed->message;
}

TEST(WorkerProcess, AModelThatCannotBeLoadedIsRefusedWithItsReason) {
  const testing::TinyModel model;
  model.remove("tokenizer.json");
  ChildProcess child = spawn_worker(model.folder());
  const auto remote = open_remote(child.take_socket());
  ASSERT_FALSE(remote);
  EXPECT_NE(remote.error().message.find("load tiny"), std::string::npos) << remote.error().message;
  EXPECT_NE(remote.error().message.find("tokenizer.json"), std::string::npos)
      << remote.error().message;
  EXPECT_EQ(child.finish(std::chrono::seconds(20)), "exit status 1");
}

}  // namespace
}  // namespace hearth::engine
