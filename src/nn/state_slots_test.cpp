// Recurrent states of many sequences against a loop over one sequence at a time.
#include "nn/state_slots.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>

namespace hearth::nn {
namespace {

constexpr int kSlotWidth = 3;

/// A sequence whose token t holds the number value(t), and the sum it should have by then.
struct StatefulSequence {
  int slot;
  int tokens = 0;
  double sum = 0.0;
  float value(int token) const {
    return static_cast<float>(slot + 1) + 0.25F * static_cast<float>(token);
  }
};

/// The layer under test: a state that halves with each token and takes the token's number, and a
/// count of tokens in a second state. The answer is their sum.
mx::array halve_and_add(std::span<const mx::array> inputs, std::span<mx::array> states) {
  const mx::array& x = inputs[0];  // [B, L, kSlotWidth]
  std::vector<mx::array> answers;
  for (int t = 0; t < x.shape(1); ++t) {
    states[0] = mx::add(mx::multiply(states[0], mx::array(0.5F)), mx::take(x, t, 1));
    states[1] = mx::add(states[1], mx::array(1.0F));
    answers.push_back(mx::add(states[0], states[1]));
  }
  return mx::stack(answers, 1);
}

void copy(StateSlots& layer, const std::vector<std::int32_t>& from,
          const std::vector<std::int32_t>& to) {
  const auto content = layer.content(from);
  mx::eval(content);
  layer.replace(to, content);
}

StateSlots two_states(std::size_t slots) {
  StateSlots made({{.shape = {kSlotWidth}}, {.shape = {1}}});
  made.grow(slots);
  return made;
}

/// Feeds `rows[i]` tokens of each sequence in one step and checks every answer.
void feed(StateSlots& layer, std::vector<StatefulSequence>& sequences,
          const std::vector<int>& rows) {
  std::vector<Segment> segments;
  std::vector<float> numbers;
  std::vector<double> expected;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    StatefulSequence& one = sequences[i];
    if (rows[i] == 0) continue;
    segments.push_back({.first_row = static_cast<int>(expected.size()),
                        .rows = rows[i],
                        .cached = one.tokens,
                        .pages = std::vector<std::int32_t>(8, 0),
                        .state = one.slot});
    for (int row = 0; row < rows[i]; ++row) {
      numbers.insert(numbers.end(), kSlotWidth, one.value(one.tokens));
      one.sum = one.sum / 2.0 + one.value(one.tokens);
      expected.push_back(one.sum + ++one.tokens);
    }
  }
  const auto step = make_step(std::vector<std::int32_t>(expected.size()), segments, {});
  ASSERT_TRUE(step) << step.error().message;
  layer.follow(std::make_shared<StatePlan>(plan_states(*step)));
  const int tokens = static_cast<int>(expected.size());
  const mx::array x(numbers.data(), {tokens, kSlotWidth}, mx::float32);
  mx::array answer = mx::contiguous(layer.run(std::vector{x}, halve_and_add));
  auto arrays = layer.arrays();
  arrays.push_back(answer);
  mx::eval(std::move(arrays));
  ASSERT_EQ(answer.shape(), (mx::Shape{tokens, kSlotWidth}));
  for (int t = 0; t < tokens; ++t)
    for (int c = 0; c < kSlotWidth; ++c)
      EXPECT_NEAR(answer.data<float>()[t * kSlotWidth + c], expected[static_cast<std::size_t>(t)],
                  1e-4);
}

TEST(StateSlots, MixedStepsEqualOneSequenceAtATime) {
  StateSlots layer = two_states(5);
  std::vector<StatefulSequence> many{{.slot = 4}, {.slot = 0}, {.slot = 2}, {.slot = 1}};
  feed(layer, many, {7, 1, 3, 7});
  feed(layer, many, {1, 1, 1, 1});
  feed(layer, many, {0, 5, 1, 2});
  feed(layer, many, {1, 1, 0, 40});
}

TEST(StateSlots, ASequenceThatStartsForgetsWhatItsSlotHeld) {
  StateSlots layer = two_states(1);
  std::vector<StatefulSequence> former{{.slot = 0}};
  feed(layer, former, {6});
  std::vector<StatefulSequence> next{{.slot = 0}};
  feed(layer, next, {2});
  feed(layer, next, {1});
}

TEST(StateSlots, ASequenceThatStartsForgetsInfinityToo) {
  StateSlots layer({{.shape = {1}}});
  layer.grow(1);
  const auto step = make_step({{0}}, {{.rows = 1, .pages = {0}, .state = 0}}, {});
  layer.follow(std::make_shared<StatePlan>(plan_states(*step)));
  const auto keep = [](std::span<const mx::array> inputs, std::span<mx::array> states) {
    const mx::array seen = mx::expand_dims(states[0], 1);
    states[0] = mx::take(inputs[0], 0, 1);
    return seen;
  };
  const std::vector endless{mx::array({std::numeric_limits<float>::infinity()}, {1, 1})};
  layer.run(endless, keep);
  layer.follow(std::make_shared<StatePlan>(plan_states(*step)));
  mx::array seen = layer.run(endless, keep);
  EXPECT_EQ(seen.item<float>(), 0.0F);
}

TEST(StateSlots, ASnapshotContinuesAsTheOriginalDid) {
  StateSlots layer = two_states(4);
  std::vector<StatefulSequence> many{{.slot = 0}, {.slot = 1}};
  feed(layer, many, {5, 3});
  copy(layer, {0, 1}, {3, 0});  // 1 over 0
  const StatefulSequence snapshot = many[0];
  std::vector<StatefulSequence> moved{many[1]};
  feed(layer, many = {many[1]}, {4});
  // StatefulSequence 1 went on in its own slot; its copy in slot 0 stands where it stood.
  copy(layer, {0}, {1});
  feed(layer, moved, {2});
  copy(layer, {3}, {0});
  std::vector<StatefulSequence> back{snapshot};
  feed(layer, back, {1});
}

TEST(StateSlots, GrowingKeepsWhatIsHeld) {
  StateSlots layer = two_states(1);
  std::vector<StatefulSequence> many{{.slot = 0}, {.slot = 2}};
  feed(layer, many, {4, 0});
  layer.grow(3);
  feed(layer, many, {1, 6});
  EXPECT_EQ(layer.bytes(), 3 * layer.slot_bytes());
  EXPECT_EQ(layer.slot_bytes(), (kSlotWidth + 1) * sizeof(float));
}

TEST(StateSlots, StatesAreWrittenInPlace) {
  StateSlots layer = two_states(2);
  const void* held = layer.arrays()[0].data<float>();
  std::vector<StatefulSequence> many{{.slot = 0}, {.slot = 1}};
  feed(layer, many, {4, 1});
  feed(layer, many, {1, 1});
  EXPECT_EQ(layer.arrays()[0].data<float>(), held);
  copy(layer, {0}, {1});
  mx::eval(layer.arrays());
  EXPECT_EQ(layer.arrays()[0].data<float>(), held);
}

}  // namespace
}  // namespace hearth::nn
