// Paged attention against the textbook formula, in double precision.
#include "nn/kv_pages.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "nn/kernel_attention.h"
#include "nn/testing/arrays.h"

namespace hearth::nn {
namespace {

constexpr int kQueryHeads = 6;
constexpr int kKvHeads = 2;
constexpr int kHeadWidth = 8;
constexpr float kScale = 0.4F;

/// One sequence with all its queries, keys and values drawn beforehand: [tokens, heads, Dh].
struct CachedSequence {
  int tokens;
  std::vector<std::int32_t> pages;
  int cached = 0;
  std::vector<float> q, k, v;
  std::vector<float> unpacked_k = {}, unpacked_v = {};  // what is fed to packed pages
};

std::vector<float> draw(std::mt19937& random, int count) {
  std::uniform_real_distribution<float> number(-2.0F, 2.0F);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = number(random);
  return values;
}

CachedSequence sequence(std::mt19937& random, int tokens, std::vector<std::int32_t> pages) {
  return {.tokens = tokens,
          .pages = std::move(pages),
          .cached = 0,
          .q = draw(random, tokens * kQueryHeads * kHeadWidth),
          .k = draw(random, tokens * kKvHeads * kHeadWidth),
          .v = draw(random, tokens * kKvHeads * kHeadWidth)};
}

const float* head_of_row(const std::vector<float>& values, int token, int head, int heads) {
  return values.data() + static_cast<std::ptrdiff_t>((token * heads + head) * kHeadWidth);
}

/// softmax(scale q·k) v over the keys that token `at` sees.
std::vector<double> textbook(const CachedSequence& s, int at, int head, int window) {
  const int kv = head / (kQueryHeads / kKvHeads);
  const int oldest = window > 0 ? std::max(0, at - window + 1) : 0;
  std::vector<double> mixed(kHeadWidth, 0.0);
  double total = 0.0;
  for (int key = oldest; key <= at; ++key) {
    double score = 0.0;
    for (int i = 0; i < kHeadWidth; ++i)
      score += double{head_of_row(s.q, at, head, kQueryHeads)[i]} *
               head_of_row(s.k, key, kv, kKvHeads)[i];
    const double weight = std::exp(score * kScale);
    total += weight;
    for (int i = 0; i < kHeadWidth; ++i)
      mixed[static_cast<std::size_t>(i)] += weight * head_of_row(s.v, key, kv, kKvHeads)[i];
  }
  for (double& value : mixed) value /= total;
  return mixed;
}

mx::array rows_of(const std::vector<CachedSequence>& sequences, const std::vector<int>& rows,
                  std::vector<float> CachedSequence::* part, int heads) {
  std::vector<float> flat;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const auto begin = (sequences[i].*part).begin() +
                       static_cast<std::ptrdiff_t>(sequences[i].cached) * heads * kHeadWidth;
    flat.insert(flat.end(), begin,
                begin + static_cast<std::ptrdiff_t>(rows[i]) * heads * kHeadWidth);
  }
  const int tokens = static_cast<int>(flat.size()) / (heads * kHeadWidth);
  return mx::array(flat.data(), {tokens, heads, kHeadWidth}, mx::float32);
}

/// Who attends.
enum class By { Operations, Kernel };

void follow(KvPages& layer, const StepBatch& step, By by) {
  const KvShape& shape = layer.shape();
  if (by == By::Kernel)
    layer.follow(plan_kernel_attention(step, shape.window));
  else
    layer.follow(
        std::make_shared<AttentionPlan>(plan_attention(step, shape.kv_heads, shape.window)));
}

/// Feeds `rows[i]` tokens of each sequence in one step and checks every answer.
void feed(KvPages& layer, std::vector<CachedSequence>& sequences, const std::vector<int>& rows,
          By by = By::Operations) {
  std::vector<Segment> segments;
  int total = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (rows[i] == 0) continue;
    segments.push_back({.first_row = total,
                        .rows = rows[i],
                        .cached = sequences[i].cached,
                        .pages = sequences[i].pages});
    total += rows[i];
  }
  const std::vector<std::int32_t> ids(static_cast<std::size_t>(total), 0);
  const auto step = make_step(ids, segments, {});
  ASSERT_TRUE(step) << step.error().message;
  follow(layer, *step, by);
  const bool packed = layer.shape().bits > 0;
  layer.append(
      rows_of(sequences, rows, packed ? &CachedSequence::unpacked_k : &CachedSequence::k, kKvHeads),
      rows_of(sequences, rows, packed ? &CachedSequence::unpacked_v : &CachedSequence::v,
              kKvHeads));
  mx::array answer =
      layer.attend(rows_of(sequences, rows, &CachedSequence::q, kQueryHeads), {.scale = kScale});
  answer = mx::contiguous(answer);
  mx::eval({answer, layer.keys(), layer.values()});
  const float* got = answer.data<float>();
  double worst = 0.0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    for (int r = 0; r < rows[i]; ++r)
      for (int head = 0; head < kQueryHeads; ++head)
        for (const double expected :
             textbook(sequences[i], sequences[i].cached + r, head, layer.shape().window))
          worst = std::max(worst, std::abs(expected - *got++));
    sequences[i].cached += rows[i];
  }
  EXPECT_LT(worst, 2e-5);
}

KvPages layer_with(int window, std::size_t pages, int bits = 0, std::size_t most = 0) {
  KvPages layer({.kv_heads = kKvHeads, .head_dim = kHeadWidth, .window = window, .bits = bits},
                most);
  layer.grow(pages);
  return layer;
}

class PagedAttention : public ::testing::TestWithParam<std::tuple<int, By, std::size_t>> {
 protected:
  static int window() { return std::get<0>(GetParam()); }
  static By by() { return std::get<1>(GetParam()); }
  static KvPages layer_of(std::size_t pages, int bits = 0) {
    return layer_with(window(), pages, bits, std::get<2>(GetParam()));
  }
};

TEST_P(PagedAttention, PromptLongerThanATileThenSingleTokens) {
  std::mt19937 random(1);
  KvPages layer = layer_of(8);
  std::vector<CachedSequence> one{sequence(random, 203, {7, 0, 3, 1, 6, 2, 5})};
  feed(layer, one, {150}, by());
  feed(layer, one, {50}, by());
  for (int i = 0; i < 3; ++i) feed(layer, one, {1}, by());
}

TEST_P(PagedAttention, ManySequencesOfUnequalLengthInMixedSteps) {
  std::mt19937 random(2);
  KvPages layer = layer_of(16);
  std::vector<CachedSequence> many{sequence(random, 100, {3, 9, 1, 12}), sequence(random, 6, {0}),
                                   sequence(random, 40, {8, 2}), sequence(random, 70, {4, 5, 11})};
  feed(layer, many, {90, 2, 1, 33}, by());  // the first row of a sequence may come alone
  feed(layer, many, {1, 1, 31, 1}, by());
  feed(layer, many, {1, 1, 1, 1}, by());
  feed(layer, many, {0, 1, 1, 2}, by());
  feed(layer, many, {3, 1, 1, 1}, by());
}

TEST_P(PagedAttention, GrowingKeepsWhatIsHeld) {
  std::mt19937 random(3);
  KvPages layer = layer_of(1);
  std::vector<CachedSequence> one{sequence(random, 60, {0, 4})};
  feed(layer, one, {30}, by());
  layer.grow(5);
  feed(layer, one, {1}, by());
  feed(layer, one, {20}, by());
}

/// What packing makes of keys or values.
std::vector<float> rounded(const std::vector<float>& rows, const KvFormat& format) {
  const int count = static_cast<int>(rows.size()) / kHeadWidth;
  const mx::array exact(rows.data(), {count, kHeadWidth}, mx::float32);
  return testing::values_of(format.numbers(format.stored(exact)));
}

TEST_P(PagedAttention, PackedKeysAndValues) {
  for (const int bits : {16, 8, 4}) {
    std::mt19937 random(6);
    KvPages layer = layer_of(8, bits);
    std::vector<CachedSequence> two{sequence(random, 90, {7, 0, 3}), sequence(random, 50, {2, 5})};
    for (CachedSequence& one : two) {
      one.unpacked_k = std::exchange(one.k, rounded(one.k, layer.shape().key_format()));
      one.unpacked_v = std::exchange(one.v, rounded(one.v, layer.shape().value_format()));
    }
    feed(layer, two, {60, 0}, by());
    feed(layer, two, {1, 40}, by());
    feed(layer, two, {20, 1}, by());
  }
}

TEST_P(PagedAttention, WhoAttendsMayChange) {
  for (const int bits : {0, 16, 8}) {
    std::mt19937 random(7);
    KvPages layer = layer_of(8, bits);
    std::vector<CachedSequence> one{sequence(random, 90, {7, 0, 3})};
    for (CachedSequence& s : one) {
      s.unpacked_k = bits == 0 ? s.k : std::exchange(s.k, rounded(s.k, layer.shape().key_format()));
      s.unpacked_v =
          bits == 0 ? s.v : std::exchange(s.v, rounded(s.v, layer.shape().value_format()));
    }
    const By other = by() == By::Kernel ? By::Operations : By::Kernel;
    feed(layer, one, {60}, by());
    feed(layer, one, {1}, other);
    feed(layer, one, {20}, by());
  }
}

TEST_P(PagedAttention, ContentGoesFromOneToTheOther) {
  std::mt19937 random(8);
  std::vector<CachedSequence> one{sequence(random, 90, {2, 0, 1})};
  KvPages layer = layer_of(3);
  feed(layer, one, {70}, by());
  const KvPages::Content content = layer.content(one[0].pages);
  mx::eval({content.keys, content.values});
  EXPECT_EQ(content.keys.shape(), (mx::Shape{3 * kKvHeads * kPageTokens, kHeadWidth}));
  EXPECT_EQ(testing::values_of(content.keys)[kHeadWidth + 1],
            head_of_row(one[0].k, 1, 0, kKvHeads)[1]);
  KvPages second = layer_of(5);
  one[0].pages = {4, 3, 1};
  second.replace(one[0].pages, content);
  feed(second, one, {20}, by() == By::Kernel ? By::Operations : By::Kernel);
}

INSTANTIATE_TEST_SUITE_P(Windows, PagedAttention,
                         ::testing::Combine(::testing::Values(0, 1, 7, 45),
                                            ::testing::Values(By::Operations, By::Kernel),
                                            ::testing::Values(0U, 40U)));  // 40: reserved

TEST(KvPages, RowsArePackedOnlyWhereThatSavesRoom) {
  KvShape wide{.kv_heads = 2, .head_dim = 64};
  wide.pack(8);
  EXPECT_EQ(wide.bits, 8);
  EXPECT_EQ(wide.page_bytes(), 32U * 2U * 2U * (64U + 8U));
  KvShape narrow{.kv_heads = 2, .head_dim = 8};
  narrow.pack(8);
  EXPECT_EQ(narrow.bits, 0);
}

class InPlace : public ::testing::TestWithParam<By> {};

TEST_P(InPlace, KeysAreWrittenInPlace) {
  std::mt19937 random(4);
  KvPages layer = layer_with(0, 4);
  const void* keys = layer.keys().data<float>();
  const void* values = layer.values().data<float>();
  std::vector<CachedSequence> one{sequence(random, 50, {1, 3})};
  feed(layer, one, {40}, GetParam());
  feed(layer, one, {1}, GetParam());
  EXPECT_EQ(layer.keys().data<float>(), keys);
  EXPECT_EQ(layer.values().data<float>(), values);
}

void copy(KvPages& layer, const std::vector<std::int32_t>& from,
          const std::vector<std::int32_t>& to) {
  const KvPages::Content content = layer.content(from);
  mx::eval({content.keys, content.values});
  layer.replace(to, content);
}

TEST_P(InPlace, ACopiedPageAnswersAsTheOriginal) {
  std::mt19937 random(5);
  KvPages layer = layer_with(0, 6);
  std::vector<CachedSequence> one{sequence(random, 60, {1, 3})};
  feed(layer, one, {45}, GetParam());  // page 3 is partly filled
  std::vector<CachedSequence> other{one[0]};
  const void* keys = layer.keys().data<float>();
  copy(layer, {3, 1}, {5, 0});
  other[0].pages = {0, 5};
  for (float& value : other[0].k) value = -value;  // its further tokens differ
  std::copy_n(one[0].k.begin(), 45 * kKvHeads * kHeadWidth, other[0].k.begin());
  feed(layer, other, {15}, GetParam());
  feed(layer, one, {15}, GetParam());  // and the original stands as it stood
  EXPECT_EQ(layer.keys().data<float>(), keys);
}

INSTANTIATE_TEST_SUITE_P(By, InPlace, ::testing::Values(By::Operations, By::Kernel));

TEST(KvPages, PagesChangePlaces) {
  std::mt19937 random(6);
  KvPages layer = layer_with(0, 2);
  std::vector<CachedSequence> one{sequence(random, 50, {0, 1})};
  feed(layer, one, {40});
  copy(layer, {0, 1}, {1, 0});
  one[0].pages = {1, 0};
  feed(layer, one, {10});
}

/// One key per query, so that weights can be told by hand: q 1, keys 1 and 3, values 10 and 20.
float two_keys(const AttendOptions& options, By by, int value_dim = 1) {
  KvPages layer({.kv_heads = 1, .head_dim = 1, .value_dim = value_dim});
  layer.grow(1);
  const auto step = make_step(std::vector<std::int32_t>{0, 0}, {{.rows = 2, .pages = {0}}}, {});
  follow(layer, *step, by);
  layer.append(mx::array({1.0F, 3.0F}, {2, 1, 1}),
               mx::multiply(mx::array({10.0F, 20.0F}, {2, 1, 1}), mx::ones({2, 1, value_dim})));
  mx::array answer = mx::contiguous(layer.attend(mx::ones({2, 1, 1}), options));
  EXPECT_EQ(answer.shape(), (mx::Shape{2, 1, value_dim}));
  mx::eval(answer);
  return answer.data<float>()[2 * value_dim - 1];
}

class TwoKeys : public ::testing::TestWithParam<By> {};

TEST_P(TwoKeys, ScoresAreCappedBeforeTheyAreWeighed) {
  const double low = std::exp(2.0 * std::tanh(0.5));
  const double high = std::exp(2.0 * std::tanh(1.5));
  EXPECT_NEAR(two_keys({.softcap = 2.0F}, GetParam()), (10.0 * low + 20.0 * high) / (low + high),
              1e-4);
}

TEST_P(TwoKeys, ASinkTakesWeightAndGivesNothing) {
  const double low = std::exp(1.0);
  const double high = std::exp(3.0);
  const double sink = std::exp(2.0);
  EXPECT_NEAR(two_keys({.sinks = mx::array({2.0F})}, GetParam()),
              (10.0 * low + 20.0 * high) / (low + high + sink), 1e-4);
}

TEST_P(TwoKeys, ValuesMayBeWiderThanKeys) {
  EXPECT_NEAR(two_keys({}, GetParam(), /*value_dim=*/3), two_keys({}, GetParam()), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(By, TwoKeys, ::testing::Values(By::Operations, By::Kernel));

TEST(KvPages, BytesArePagesTimesPageBytes) {
  const KvPages layer = layer_with(0, 3);
  EXPECT_EQ(layer.shape().page_bytes(),
            std::size_t{2} * kPageTokens * kKvHeads * kHeadWidth * sizeof(float));
  EXPECT_EQ(layer.bytes(), 3 * layer.shape().page_bytes());
  EXPECT_EQ(layer_with(0, 3, 0, 1000).bytes(), layer.bytes());
}

}  // namespace
}  // namespace hearth::nn
