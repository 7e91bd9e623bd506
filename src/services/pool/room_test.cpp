// Whom a newcomer displaces, and what always holds.
#include "services/pool/room.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

#include "services/testing/sizes.h"

namespace hearth::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kGb;
using ::testing::Not;

Resident idle(std::string id, std::uint64_t gb, double idle_s) {
  return {.id = std::move(id), .bytes = gb * kGb, .idle_s = idle_s};
}
Resident used(std::string id, std::uint64_t gb) {
  return {.id = std::move(id), .bytes = gb * kGb, .in_use = true};
}
Resident pinned(std::string id, std::uint64_t gb) {
  return {.id = std::move(id), .bytes = gb * kGb, .idle_s = 1e6, .kept = true};
}
Newcomer needs(std::uint64_t gb) {
  return {.id = "new", .least_bytes = gb * kGb, .usual_bytes = gb * kGb, .most_bytes = gb * kGb};
}
MemoryRules rules_within(std::uint64_t gb, Eviction eviction = Eviction::LeastRecent) {
  return {.budget_bytes = gb * kGb, .max_loaded = 0, .eviction = eviction};
}

TEST(Room, WhereThereIsRoomNobodyLeaves) {
  const std::vector<Resident> residents{idle("a", 4, 10), used("b", 4)};
  const auto room = plan_room(residents, needs(2), rules_within(10));
  EXPECT_THAT(room->leaving, IsEmpty());
  EXPECT_EQ(room->bytes, 2 * kGb);
}

TEST(Room, TheOneUnusedForLongestGoesFirst) {
  const std::vector<Resident> residents{idle("a", 4, 10), idle("b", 4, 30), idle("c", 2, 20)};
  EXPECT_THAT(plan_room(residents, needs(3), rules_within(10))->leaving, ElementsAre(1));
  EXPECT_THAT(plan_room(residents, needs(5), rules_within(10))->leaving, ElementsAre(1, 2));
}

TEST(Room, OtherPoliciesLookAtUsesAndAtExpiry) {
  std::vector<Resident> residents{idle("a", 4, 10), idle("b", 4, 30), idle("c", 2, 20)};
  residents[0].uses = 1;
  residents[1].uses = 9;
  residents[2].uses = 5;
  EXPECT_THAT(plan_room(residents, needs(3), rules_within(10, Eviction::LeastFrequent))->leaving,
              ElementsAre(0));
  residents[1].expires_s = 500;
  residents[2].expires_s = 100;
  EXPECT_THAT(eviction_order(residents, Eviction::SoonestToExpire), ElementsAre(2, 1, 0));
}

TEST(Room, WhoeverIsSmallStaysIfTheNextOnesPlaceIsEnough) {
  const std::vector<Resident> residents{idle("small", 1, 30), idle("large", 9, 20)};
  EXPECT_THAT(plan_room(residents, needs(9), rules_within(10))->leaving, ElementsAre(1));
}

TEST(Room, UsedAndPinnedOnesStayAndAreNamed) {
  const std::vector<Resident> residents{used("talks", 6), pinned("dear", 3), idle("a", 1, 5)};
  EXPECT_THAT(plan_room(residents, needs(1), rules_within(10))->leaving, ElementsAre(2));
  const auto refused = plan_room(residents, needs(2), rules_within(10));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Overloaded);
  EXPECT_TRUE(refused.error().retry_after.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("needs 2.0 GB of the 10.0 GB"));
  EXPECT_THAT(refused.error().message, HasSubstr("talks (6.0 GB, in use), dear (3.0 GB, pinned)"));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("a (1.0 GB")));
}

TEST(Room, WhereOnlyPinnedOnesHoldTheMemoryWaitingDoesNotHelp) {
  const std::vector<Resident> residents{pinned("dear", 9)};
  const auto refused = plan_room(residents, needs(2), rules_within(10));
  EXPECT_EQ(refused.error().code, ErrorCode::OutOfMemory);
  EXPECT_FALSE(refused.error().retry_after.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("unpin"));
}

TEST(Room, WhatIsLargerThanTheBudgetIsRefusedAlone) {
  const auto refused = plan_room({}, needs(11), rules_within(10));
  EXPECT_EQ(refused.error().code, ErrorCode::OutOfMemory);
  EXPECT_THAT(refused.error().message, HasSubstr("new does not fit: it needs 11.0 GB"));
}

TEST(Room, TheCountIsALimitOfItsOwn) {
  const MemoryRules two{.max_loaded = 2};
  const std::vector<Resident> residents{idle("a", 0, 10), used("b", 0)};
  EXPECT_THAT(plan_room(residents, needs(1), two)->leaving, ElementsAre(0));
  const std::vector<Resident> busy{used("a", 0), used("b", 0)};
  const auto refused = plan_room(busy, needs(1), two);
  EXPECT_EQ(refused.error().code, ErrorCode::Overloaded);
  EXPECT_THAT(refused.error().message, HasSubstr("2 models may be loaded at once"));
  EXPECT_THAT(refused.error().message, HasSubstr("a (in use), b (in use)"));
}

TEST(Room, OthersLeaveForTheUsualNeedButNotForMore) {
  const Newcomer flexible{
      .id = "new", .least_bytes = 2 * kGb, .usual_bytes = 4 * kGb, .most_bytes = 8 * kGb};
  const std::vector<Resident> one{idle("a", 5, 10)};
  const auto grows = plan_room(one, flexible, rules_within(10));
  EXPECT_THAT(grows->leaving, IsEmpty());
  EXPECT_EQ(grows->bytes, 5 * kGb);
  const std::vector<Resident> two{idle("a", 5, 10), used("b", 3)};
  EXPECT_THAT(plan_room(two, flexible, rules_within(10))->leaving, ElementsAre(0));
  const std::vector<Resident> tight{idle("a", 1, 10), used("b", 7)};
  const auto shorter = plan_room(tight, flexible, rules_within(10));
  EXPECT_THAT(shorter->leaving, IsEmpty());
  EXPECT_EQ(shorter->bytes, 2 * kGb);
}

TEST(Room, NamesAreReadBack) {
  for (const auto eviction :
       {Eviction::LeastRecent, Eviction::LeastFrequent, Eviction::SoonestToExpire})
    EXPECT_EQ(eviction_named(name(eviction)), eviction);
  EXPECT_FALSE(eviction_named("fifo").has_value());
}

/// A pool that is nothing but numbers, driven at random.
class RandomPool {
 public:
  explicit RandomPool(unsigned seed) : random_(seed) {}

  void step() {
    for (Resident& resident : residents_) {
      resident.idle_s += 1;
      if (below(8) == 0) resident.kept = !resident.kept;
      if (below(3) == 0) toggle_use(resident);
    }
    rules_.eviction = static_cast<Eviction>(below(3));
    load();
  }

 private:
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_()) % limit; }

  void toggle_use(Resident& resident) {
    resident.in_use = !resident.in_use;
    ++resident.uses;
    if (!resident.in_use) resident.idle_s = 0;
  }

  void load() {
    Newcomer newcomer{.id = "new", .least_bytes = below(7)};
    newcomer.usual_bytes = newcomer.least_bytes + below(4);
    newcomer.most_bytes = newcomer.usual_bytes + below(9);
    const auto room = plan_room(residents_, newcomer, rules_);
    if (!room) return expect_impossible(newcomer);
    EXPECT_GE(room->bytes, newcomer.least_bytes);
    EXPECT_LE(room->bytes, newcomer.most_bytes);
    std::vector<bool> leaves(residents_.size(), false);
    for (const std::size_t place : room->leaving) {
      EXPECT_FALSE(residents_[place].kept || residents_[place].in_use);
      EXPECT_FALSE(leaves[place]) << "twice";
      leaves[place] = true;
    }
    std::vector<Resident> staying;
    for (std::size_t i = 0; i < residents_.size(); ++i)
      if (!leaves[i]) staying.push_back(residents_[i]);
    staying.push_back({.id = "new", .bytes = room->bytes});
    residents_ = std::move(staying);
    EXPECT_LE(held(), rules_.budget_bytes);
    EXPECT_LE(residents_.size(), rules_.max_loaded);
  }

  void expect_impossible(const Newcomer& newcomer) {
    std::uint64_t bytes = newcomer.least_bytes;
    std::size_t count = 1;
    for (const Resident& resident : residents_)
      if (resident.kept || resident.in_use) {
        bytes += resident.bytes;
        ++count;
      }
    EXPECT_TRUE(bytes > rules_.budget_bytes || count > rules_.max_loaded);
  }

  std::uint64_t held() const {
    std::uint64_t sum = 0;
    for (const Resident& resident : residents_) sum += resident.bytes;
    return sum;
  }

  std::minstd_rand random_;
  MemoryRules rules_{.budget_bytes = 20, .max_loaded = 6};
  std::vector<Resident> residents_;
};

TEST(Room, HoldsItsPromisesInRandomLives) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    RandomPool pool(seed);
    for (int i = 0; i < 300 && !::testing::Test::HasFailure(); ++i) pool.step();
  }
}

}  // namespace
}  // namespace hearth::services
