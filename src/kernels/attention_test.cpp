// Attention over pages against the textbook in double precision; all paths and all mixes of rows
// give the same bits.
#include "kernels/attention.h"

#include <gtest/gtest.h>

#include "kernels/counters.h"
#include "kernels/testing/attention_example.h"
#include "kernels/testing/three_threads.h"

namespace hearth::kernels {
namespace {

using testing::AttentionExample;
using testing::AttentionLayout;
using testing::Length;
using testing::three_threads;

constexpr int kAll = 1 << 20;

/// The largest difference from the textbook, of every fifth token and both ends.
double worst_error(const AttentionExample& example, const std::vector<float>& answers) {
  const AttentionLayout& layout = example.layout();
  double worst = 0.0;
  const float* got = answers.data();
  for (const auto& sequence : example.sequences())
    for (int row = 0; row < sequence.length.rows; ++row)
      for (int head = 0; head < layout.heads; ++head, got += layout.value_dim) {
        if (row % 5 != 0 && row + 1 != sequence.length.rows) continue;
        const auto expected = example.expected(sequence, sequence.length.cached + row, head);
        for (std::size_t i = 0; i < expected.size(); ++i) {
          const double error = std::abs(expected[i] - double{got[i]});
          worst =
              std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(worst, error);
        }
      }
  return worst;
}

/// Against the textbook on the scalar path; then all paths, and single rows, must agree with it.
void check(const AttentionLayout& layout, const std::vector<Length>& lengths, unsigned seed) {
  AttentionExample example(layout, lengths, seed);
  const auto first = example.computed(CpuPath::Scalar, three_threads(), kAll);
  EXPECT_LT(worst_error(example, first), 3e-5) << "seed " << seed;
  ThreadPool alone(1);
  for (const CpuPath path : machine_paths()) {
    EXPECT_EQ(example.computed(path, three_threads(), kAll), first) << name(path);
    EXPECT_EQ(example.computed(path, alone, 1), first) << name(path) << ", row by row";
    EXPECT_EQ(example.computed(path, three_threads(), 7), first) << name(path) << ", in sevens";
  }
}

const std::vector<Length> kMixed{{0, 40}, {70, 1}, {31, 1}, {300, 9}, {0, 1}, {64, 33}};

TEST(Attention, HeadSizes) {
  for (const int width : {64, 80, 96, 128, 256})
    check({.heads = 4, .kv_heads = 1, .width = width, .value_dim = width}, {{0, 20}, {270, 2}},
          static_cast<unsigned>(width));
}

TEST(Attention, OddSizes) {
  unsigned seed = 1;
  for (const int width : {1, 7, 17, 33, 100})
    for (const int value_dim : {1, 16, 24, 50})
      check({.heads = 3, .kv_heads = 3, .width = width, .value_dim = value_dim},
            {{0, 3}, {33, 1}, {40, 30}}, ++seed);
}

TEST(Attention, SharesOfKeyValueHeads) {
  unsigned seed = 100;
  for (const auto& [heads, kv_heads] : {std::pair(8, 8), {8, 4}, {12, 2}, {5, 1}, {70, 1}})
    check({.heads = heads, .kv_heads = kv_heads, .width = 32, .value_dim = 32}, {{0, 5}, {60, 3}},
          ++seed);
}

TEST(Attention, MixedStepsWithEveryRule) {
  unsigned seed = 200;
  for (const int window : {0, 1, 7, 45, 290})
    for (const bool more : {false, true})
      check({.width = 16,
             .value_dim = 16,
             .window = window,
             .softcap = more ? 3.0F : 0.0F,
             .sinks = more},
            kMixed, ++seed);
}

TEST(Attention, LongContextsAreSharedOutSpanBySpan) {
  check({.heads = 4, .kv_heads = 2, .width = 24, .value_dim = 24}, {{1500, 1}}, 300);
  check({.heads = 4, .kv_heads = 2, .width = 24, .value_dim = 24, .window = 700, .sinks = true},
        {{1500, 2}, {255, 2}, {256, 1}, {511, 1}}, 301);
  check({.heads = 2, .kv_heads = 1, .width = 24, .value_dim = 24}, {{0, 600}}, 302);
}

TEST(Attention, EveryTypeOfPage) {
  unsigned seed = 400;
  for (const KvType type : {KvType::F32, KvType::BF16, KvType::F16, KvType::Bits8, KvType::Bits4})
    for (const int width : {64, 80, 20})
      for (const bool rows : {false, true})
        check({.width = width, .value_dim = width, .type = type, .keys_as_rows = rows},
              {{0, 40}, {90, 1}, {300, 2}}, ++seed);
}

TEST(Attention, ValuesInKeys) {
  for (const KvType type : {KvType::F32, KvType::F16, KvType::Bits8})
    check({.heads = 6,
           .kv_heads = 1,
           .width = 72,
           .value_dim = type == KvType::F32 ? 64 : 50,
           .type = type,
           .values_in_keys = true},
          {{0, 20}, {90, 1}}, 500);
}

TEST(Attention, HeadsAreNormedAndTurned) {
  unsigned seed = 600;
  for (const bool interleaved : {false, true})
    for (const bool after : {false, true})
      check({.width = 40,
             .value_dim = 40,
             .norms = true,
             .norm_after_turn = after,
             .turned = 24,
             .interleaved = interleaved},
            {{0, 20}, {50, 1}}, ++seed);
  check({.width = 16, .value_dim = 16, .turned = 16}, {{0, 20}, {50, 1}}, seed);
}

TEST(Attention, ManySequencesOfOneRow) {
  std::vector<Length> lengths(24);
  for (int i = 0; i < 24; ++i) lengths[static_cast<std::size_t>(i)] = {i * 37 % 400, 1};
  check({.heads = 4, .kv_heads = 2, .width = 32, .value_dim = 32, .type = KvType::F16}, lengths,
        700);
}

TEST(Attention, RandomLayouts) {
  std::mt19937 random(8);
  const auto pick = [&](int count) {
    return static_cast<int>(random() % static_cast<unsigned>(count));
  };
  for (unsigned seed = 800; seed < 830; ++seed) {
    const int kv_heads = 1 + pick(3);
    AttentionLayout layout{.heads = kv_heads * (1 + pick(5)),
                           .kv_heads = kv_heads,
                           .width = 2 + 2 * pick(40),
                           .value_dim = 1 + pick(70),
                           .type = static_cast<KvType>(pick(5)),
                           .window = pick(2) * (1 + pick(80)),
                           .softcap = static_cast<float>(pick(2)) * 5.0F,
                           .sinks = pick(2) == 1,
                           .interleaved = pick(2) == 1};
    // A key between two codes may fall to either: then the textbook would have another key.
    layout.norms = layout.type == KvType::F32 && pick(2) == 1;
    layout.turned = layout.type == KvType::F32 ? pick(2) * layout.width : 0;
    std::vector<Length> lengths;
    for (int i = 0; i <= pick(4); ++i) lengths.push_back({pick(150), 1 + pick(30)});
    check(layout, lengths, seed);
  }
}

TEST(Attention, HugeScoresAreNoProblem) {
  for (const float softcap : {0.0F, 30.0F}) {
    AttentionExample example({.width = 64, .value_dim = 16, .softcap = softcap, .size = 1e30F},
                             {{0, 40}, {300, 2}}, 900);
    for (const CpuPath path : machine_paths()) {
      const auto answers = example.computed(path, three_threads(), kAll);
      EXPECT_LT(worst_error(example, answers), 1e-3) << name(path);
    }
  }
}

TEST(Attention, IsCounted) {
  const auto calls = [] {
    std::uint64_t sum = 0;
    for (const KernelCount& count : kernel_counts())
      if (count.operation == "attention" && count.path == "scalar") sum += count.calls;
    return sum;
  };
  const auto before = calls();
  AttentionExample example({.width = 16, .value_dim = 16}, {{0, 4}}, 1);
  example.computed(CpuPath::Scalar, three_threads(), 2);
  EXPECT_EQ(calls(), before + 2);
}

}  // namespace
}  // namespace hearth::kernels
