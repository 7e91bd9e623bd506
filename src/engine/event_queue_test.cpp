// What a reader sees of events that came while it slept, and when it is told.
#include "engine/event_queue.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>

namespace hearth::engine {
namespace {

using Kind = TextDelta::Kind;

TextDelta delta(std::string text, Kind kind = Kind::Content) {
  return {.kind = kind, .text = std::move(text), .tokens = 1};
}

TEST(EventQueue, MergesDeltasOfOneKindAndKeepsTheirOrder) {
  EventQueue queue;
  queue.push(Admitted{3});
  queue.push(PromptProgress{1, 3});
  queue.push(PromptProgress{3, 3});
  queue.push(delta("hm", Kind::Reasoning));
  queue.push(delta("Hel"));
  queue.push(delta("lo"));
  queue.push(Finished{});
  const auto events = queue.drain();
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(std::get<PromptProgress>(events[1]).computed, 3U);
  EXPECT_EQ(std::get<TextDelta>(events[2]).text, "hm");
  EXPECT_EQ(std::get<TextDelta>(events[3]).text, "Hello");
  EXPECT_EQ(std::get<TextDelta>(events[3]).tokens, 2U);
  EXPECT_TRUE(queue.drain().empty());
}

TEST(EventQueue, NothingComesAfterTheLastEvent) {
  EventQueue queue;
  queue.push(Failed{});
  queue.push(Finished{});
  queue.push(delta("x"));
  EXPECT_EQ(queue.wait().size(), 1U);
  EXPECT_TRUE(queue.wait().empty());  // and waiting for more returns
}

TEST(EventQueue, TellsTheReaderOncePerEmptying) {
  EventQueue queue;
  int told = 0;
  queue.push(delta("a"));
  queue.on_ready([&] { ++told; });
  EXPECT_EQ(told, 1);  // at once: there was something
  queue.push(delta("b"));
  EXPECT_EQ(told, 1);
  queue.drain();
  queue.push(delta("c"));
  EXPECT_EQ(told, 2);
}

TEST(EventQueue, AWholeAnswersTextWaitsForItsEnd) {
  EventQueue queue(true);
  int told = 0;
  queue.on_ready([&] { ++told; });
  queue.push(Admitted{3});
  EXPECT_EQ(told, 1);  // an error would still be in time for its own status
  queue.drain();
  queue.push(PromptProgress{3, 3});
  queue.push(delta("Hel"));
  queue.push(delta("lo"));
  EXPECT_EQ(told, 1);
  queue.push(Finished{});
  EXPECT_EQ(told, 2);
  EXPECT_EQ(std::get<TextDelta>(queue.drain()[1]).text, "Hello");
}

TEST(EventQueue, TheReaderMayDrainAndLeaveFromWithin) {
  auto queue = std::make_shared<EventQueue>();
  std::vector<Event> seen;
  const auto marker = std::make_shared<int>(1);
  queue->on_ready([&, marker] {
    seen = queue->drain();
    queue->abandon();  // releases this very function
    EXPECT_EQ(*marker, 1);
  });
  queue->push(delta("a"));
  EXPECT_EQ(seen.size(), 1U);
  queue->push(delta("b"));
  EXPECT_TRUE(queue->drain().empty());
  EXPECT_TRUE(queue->wait().empty());
}

TEST(EventQueue, AReaderThatLeftIsNeverToldAgain) {
  for (int round = 0; round < 200; ++round) {
    EventQueue queue;
    auto told = std::make_unique<int>(0);
    queue.on_ready([&] { ++*told; });
    std::thread producer([&] {
      for (int i = 0; i < 20; ++i) {
        queue.push(delta("x"));
        queue.drain();
      }
    });
    queue.abandon();
    told.reset();
    producer.join();
  }
}

TEST(EventQueue, NoTextIsLostBetweenThreads) {
  EventQueue queue;
  constexpr int kDeltas = 20000;
  std::thread producer([&] {
    for (int i = 0; i < kDeltas; ++i) queue.push(delta(std::to_string(i) + ' '));
    queue.push(Finished{});
  });
  std::string text;
  for (bool more = true; more;) {
    const auto events = queue.wait();
    for (const Event& event : events)
      if (const auto* piece = std::get_if<TextDelta>(&event)) text += piece->text;
    more = !events.empty();
  }
  producer.join();
  std::string expected;
  for (int i = 0; i < kDeltas; ++i) expected += std::to_string(i) + ' ';
  EXPECT_EQ(text, expected);
}

}  // namespace
}  // namespace hearth::engine
