// Waits: they grow, they vary, they end, and a server's wish counts.
#include "hub/backoff.h"

#include <gtest/gtest.h>

namespace hearth::hub {
namespace {

using namespace std::chrono_literals;

const Error kCut{.code = ErrorCode::Io, .message = "cut"};
const Error kMissing{.code = ErrorCode::NotFound, .message = "missing"};

TEST(Backoff, DoublesWithinTheUpperHalfUpToTheLongest) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Backoff backoff({.most_failures = 6, .first_wait = 100ms, .longest_wait = 500ms}, seed);
    for (const auto most : {100ms, 200ms, 400ms, 500ms, 500ms}) {
      const auto wait = backoff.failed(kCut);
      ASSERT_TRUE(wait);
      EXPECT_GE(*wait, most / 2);
      EXPECT_LE(*wait, most);
    }
    EXPECT_FALSE(backoff.failed(kCut)) << "the sixth in a row";
  }
}

TEST(Backoff, SuccessBeginsAnew) {
  Backoff backoff({.most_failures = 2, .first_wait = 10ms});
  ASSERT_TRUE(backoff.failed(kCut));
  backoff.succeeded();
  EXPECT_LE(backoff.failed(kCut).value(), 10ms);
}

TEST(Backoff, WhatCannotPassIsGivenUpAtOnce) {
  EXPECT_FALSE(Backoff(RetryRules{}).failed(kMissing));
}

TEST(Backoff, AServersWishCountsWithinReason) {
  Error busy{.code = ErrorCode::RateLimited, .message = "busy", .retry_after = 7s};
  EXPECT_EQ(Backoff(RetryRules{.first_wait = 10ms}).failed(busy).value(), 7s);
  busy.retry_after = 3600s;
  EXPECT_FALSE(Backoff(RetryRules{}).failed(busy));
}

}  // namespace
}  // namespace hearth::hub
