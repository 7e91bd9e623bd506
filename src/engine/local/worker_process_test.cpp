// A real worker process: it answers, it can be killed, and it leaves when its server does.
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <signal.h>
#include <unistd.h>
#include <vector>

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
