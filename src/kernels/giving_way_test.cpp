// When threads are sent away and taken back: waiting is told as it would be measured.
#include "kernels/giving_way.h"

#include <gtest/gtest.h>
#include <thread>

namespace hearth::kernels {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// A pool that looks as often as it should, while `busy` cores' worth of its time is waited for.
class Watched {
 public:
  explicit Watched(unsigned threads) : team(threads) { team.restart(now_, waited_); }

  /// Threads that take part when `time` has passed; `busy(size)`: cores that they wait for then.
  template <class Busy>
  unsigned after(milliseconds time, Busy busy) {
    for (const auto end = now_ + time; now_ < end;) {
      now_ += TeamSize::kWindow;
      waited_ += nanoseconds(static_cast<long>(
          busy(team.size()) * static_cast<double>(nanoseconds(TeamSize::kWindow).count())));
      EXPECT_TRUE(team.due(now_));
      team.look(now_, waited_);
    }
    return team.size();
  }

  TeamSize team;

 private:
  TeamSize::Time now_{std::chrono::hours(1)};
  nanoseconds waited_{nanoseconds(std::chrono::seconds(7))};
};

double never(unsigned) {
  return 0.0;
}

/// What `threads` wait for where `cores` are free beside a program that fills one.
auto beside_one(unsigned cores) {
  return [cores](unsigned threads) { return threads > cores ? threads - cores : 0.0; };
}

TEST(TeamSize, StaysWholeWhereCoresAreFree) {
  Watched pool(4);
  EXPECT_EQ(pool.after(milliseconds(5000), never), 4U);
  // Short tasks of the system: a twentieth of a core.
  EXPECT_EQ(pool.after(milliseconds(5000), [](unsigned) { return 0.05; }), 4U);
}

TEST(TeamSize, OneGoesWhereAnotherProgramFillsACore) {
  for (const unsigned cores : {1U, 3U, 15U}) {
    Watched pool(cores + 1);
    EXPECT_EQ(pool.after(TeamSize::kWindow, beside_one(cores)), cores);
  }
}

TEST(TeamSize, AsManyGoAsCoresAreTakenButOneStays) {
  Watched pool(8);
  EXPECT_EQ(pool.after(TeamSize::kWindow, beside_one(5)), 5U);
  Watched crowded(4);
  EXPECT_EQ(crowded.after(TeamSize::kWindow, [](unsigned) { return 30.0; }), 1U);
  EXPECT_EQ(crowded.after(milliseconds(1000), [](unsigned) { return 30.0; }), 1U);
}

TEST(TeamSize, IsTriedAgainLessAndLessOften) {
  Watched pool(2);
  int looks = 0;
  int whole = 0;
  for (; looks < 400; ++looks) {
    whole += pool.team.size() == 2 ? 1 : 0;
    pool.after(TeamSize::kWindow, beside_one(1));
  }
  // 20 s: rests of 0.1, 0.2, 0.4 s, then 0.8 s, with a window of 0.05 s after each.
  EXPECT_GT(whole, 15);
  EXPECT_LT(whole, 35);
}

TEST(TeamSize, IsWholeAgainSoonAfterTheOtherProgramEnded) {
  Watched pool(3);
  EXPECT_LT(pool.after(milliseconds(10000), beside_one(1)), 3U);
  EXPECT_EQ(pool.after(TeamSize::kLongRest + 3 * TeamSize::kWindow, never), 3U);
}

TEST(TeamSize, WhatWasWaitedBeforeAPauseDoesNotCount) {
  TeamSize team(2);
  const TeamSize::Time start{std::chrono::hours(1)};
  team.restart(start, nanoseconds(0));
  EXPECT_FALSE(team.due(start + milliseconds(1)));
  team.look(start + milliseconds(1000), milliseconds(900));
  EXPECT_EQ(team.size(), 2U);
  team.look(start + milliseconds(1050), milliseconds(950));
  EXPECT_EQ(team.size(), 1U);
}

TEST(GivingWay, NobodyRestsWhereTheSystemDoesNotSayHowLongThreadsWait) {
  GivingWay crew(3);
  std::thread([&] { crew.joins(); }).join();  // of a thread that ended nothing is known
  for (int look = 0; look < 4; ++look) {
    EXPECT_EQ(crew.size(), 3U);
    std::this_thread::sleep_for(TeamSize::kWindow);
  }
}

}  // namespace
}  // namespace hearth::kernels
