// Counters of clients that come and go.
#include "engine/fair_share.h"

#include <gtest/gtest.h>

namespace hearth::engine {
namespace {

TEST(FairShare, WhoComesBackStartsLevelWithThoseWhoAreThere) {
  FairShare shares;
  EXPECT_EQ(shares.floor(), 0);
  Client& busy = shares.join("busy");
  busy.served = 5000;
  Client& fresh = shares.join("fresh");
  EXPECT_EQ(fresh.served, 5000);
  fresh.served = 6000;
  shares.leave("fresh");
  busy.served = 9000;
  EXPECT_EQ(shares.join("fresh").served, 9000);  // nothing saved, nothing owed
}

TEST(FairShare, ALevelOfPriorityIsWorthEightThousandTokens) {
  FairShare shares;
  Client& one = shares.join("one");
  Client& other = shares.join("other");
  one.served = 8192;
  EXPECT_EQ(shares.floor(), 0);
  EXPECT_EQ(FairShare::debt(one.served, shares.floor()), 1);
  EXPECT_EQ(FairShare::debt(other.served, shares.floor()), 0);
  shares.leave("other");
  EXPECT_EQ(FairShare::debt(one.served, shares.floor()), 0);  // alone, nobody is behind
}

}  // namespace
}  // namespace hearth::engine
