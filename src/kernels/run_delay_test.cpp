// What the system says of threads.
#include "kernels/run_delay.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <thread>
#include <utility>

namespace hearth::kernels {
namespace {

TEST(RunDelay, NeverShrinksAndIsKnownWhereTheSystemKeepsIt) {
  const RunDelay mine = RunDelay::of_this_thread();
  const auto before = mine.read();
  EXPECT_EQ(before.has_value(), std::filesystem::exists("/proc/thread-self/schedstat"));
  std::this_thread::yield();
  if (before) EXPECT_GE(mine.read(), before);
}

TEST(RunDelay, IsThatOfTheThreadThatAskedForIt) {
  const RunDelay mine = RunDelay::of_this_thread();
  const auto before = mine.read();
  std::thread([&] {
    // Read by another thread, it stays the first one's: a new thread has waited less.
    if (before) EXPECT_GE(mine.read(), before);
  }).join();
}

TEST(RunDelay, OfAThreadThatEndedIsNotKnown) {
  std::optional<RunDelay> ended;
  std::thread([&] { ended.emplace(RunDelay::of_this_thread()); }).join();
  EXPECT_EQ(ended->read(), std::nullopt);
  const RunDelay moved = *std::move(ended);
  EXPECT_EQ(moved.read(), std::nullopt);
}

}  // namespace
}  // namespace hearth::kernels
