// Sizes of loads by hand.
#include "services/pool/load_need.h"

#include <gtest/gtest.h>

#include "services/testing/sizes.h"

namespace hearth::services {
namespace {

using testing::kGib;
using testing::kMib;

/// 4 GiB of weights; 128 KiB per token, so 32,768 tokens are 4 GiB.
constexpr MemoryNeed kModel{.weight_bytes = 4 * kGib,
                            .kv_bytes_per_token = 128 << 10,
                            .workspace_bytes = 256 * kMib,
                            .context_length = 32'768};

TEST(LoadNeed, LiesBetweenAUsefulContextAndAllSequences) {
  const LoadNeed need = load_need(kModel, 0, {}, 32 * kGib);
  EXPECT_EQ(need.base_bytes, 4 * kGib + 256 * kMib);
  EXPECT_EQ(need.least_kv, 512 * kMib) << "4,096 tokens";
  EXPECT_EQ(need.usual_kv, 4 * kGib) << "one whole context";
  EXPECT_EQ(need.most_kv, 8 * kGib) << "a quarter of the budget";
}

TEST(LoadNeed, ComfortEndsAtAQuarterOfTheBudget) {
  const LoadNeed need = load_need(kModel, 0, {}, 8 * kGib);
  EXPECT_EQ(need.usual_kv, 2 * kGib);
  EXPECT_EQ(need.most_kv, 4 * kGib) << "one whole context, if it is free";
}

TEST(LoadNeed, AContextThatWasAskedForIsAPromise) {
  const LoadNeed need = load_need(kModel, 0, {.context_length = 16'384}, 4 * kGib);
  EXPECT_EQ(need.least_kv, 2 * kGib);
  EXPECT_GE(need.usual_kv, need.least_kv);
}

TEST(LoadNeed, PackedKeysAndValuesTakeLess) {
  const LoadNeed need = load_need(kModel, 0, {.part = kv_part("8-bit")}, 32 * kGib);
  EXPECT_EQ(need.usual_kv, kGib * 4 * 17 / 32);
  EXPECT_EQ(kv_part("auto"), 1);
  EXPECT_EQ(kv_part("plain"), 2);
}

TEST(LoadNeed, SmallModelsGetRoomForManyRequests) {
  const MemoryNeed tiny{.weight_bytes = kMib, .kv_bytes_per_token = 640, .context_length = 512};
  const LoadNeed need = load_need(tiny, 0, {}, 16 * kGib);
  EXPECT_EQ(need.least_kv, 64 * kMib);
  EXPECT_EQ(need.most_kv, 64 * kMib);
}

TEST(LoadNeed, WhatWasMeasuredOrAskedForCounts) {
  EXPECT_EQ(load_need(kModel, 5 * kGib, {}, 32 * kGib).base_bytes, 5 * kGib);
  const LoadNeed fixed = load_need(kModel, 0, {.fixed_bytes = kGib}, 32 * kGib);
  EXPECT_EQ(fixed.least_kv, kGib);
  EXPECT_EQ(fixed.most_kv, kGib);
  EXPECT_EQ(load_need(kModel, 0, {}, 0).most_kv, 0U) << "no budget: the worker plans";
}

}  // namespace
}  // namespace hearth::services
