// Scores, picks and weighs experts, all in float32.
#include "nn/router.h"

#include <limits>

#include "kernels/expert_choice.h"
#include "nn/panels.h"

namespace hearth::nn {

namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

mx::array number(float value) {
  return mx::array(value, mx::float32);
}

mx::array softmax_rows(const mx::array& x) {
  return mx::softmax(x, -1, /*precise=*/true);
}

/// Indices of the `count` largest of each row: [T, count].
mx::array best(const mx::array& scores, int count) {
  const int all = scores.shape(-1);
  if (count == all) return mx::broadcast_to(mx::arange(all, mx::uint32), {scores.shape(0), all});
  const mx::array order = mx::argpartition(scores, all - count, -1);
  return mx::slice(order, {0, all - count}, {scores.shape(0), all});
}

/// SparseMixer: the winner of `scores`, weighed against those close to it by their `logits`.
std::pair<mx::array, mx::array> mixed_pick(const mx::array& scores, const mx::array& logits,
                                           float jitter) {
  const mx::array winner = mx::argmax(scores, -1, /*keepdims=*/true);
  const mx::array top = mx::max(scores, -1, /*keepdims=*/true);
  const mx::array distance =
      mx::divide(mx::subtract(top, logits), mx::maximum(mx::abs(logits), top));
  const mx::array far = mx::greater(distance, number(2.0F * jitter));
  const mx::array close = mx::where(far, number(kNever), scores);
  return {winner, mx::take_along_axis(softmax_rows(close), winner, -1)};
}

kernels::ChoiceRules choice_rules(const RouterSpec& spec) {
  using Kernel = kernels::ChoiceRules::Score;
  using enum RouterSpec::Score;
  kernels::ChoiceRules rules{.active = spec.active,
                             .groups = spec.groups,
                             .open_groups = spec.open_groups,
                             .group_by_two = spec.group_by_two,
                             .renormalise = spec.renormalise,
                             .smallest_sum = spec.smallest_sum,
                             .scale = spec.scale};
  if (spec.score == SoftmaxOfPicked) rules.score = Kernel::SoftmaxOfPicked;
  if (spec.score == Sigmoid) rules.score = Kernel::Sigmoid;
  return rules;
}

}  // namespace

Router::Router(const RouterSpec& spec, int width, const Scope& weights, const RouterNames& names)
    : spec_(spec), linear_(weights.linear(names.linear, {width, spec.experts, spec.bias})) {
  if (!spec.correction) return;
  mx::Shape stored{spec.experts};
  if (names.correction_row) stored = {1, spec.experts};
  const mx::array correction = weights.tensor(names.correction, stored);
  correction_ = mx::astype(mx::reshape(correction, {spec.experts}), mx::float32);
}

Router::Choice Router::operator()(const mx::array& x) const {
  using enum RouterSpec::Score;
  const mx::array logits = mx::astype(linear_(x), mx::float32);  // [T, E]
  if (spec_.score == SparseMixer) return sparse_mixer(logits);
  if (kernels_serve()) {
    const auto choice = kernels::choose_experts(logits, correction_, choice_rules(spec_));
    return {choice.experts, choice.weights};
  }
  mx::array scores = logits;
  if (spec_.score == Softmax) scores = softmax_rows(logits);
  if (spec_.score == Sigmoid) scores = mx::sigmoid(logits);
  mx::array ranked = correction_ ? mx::add(scores, *correction_) : scores;
  if (spec_.open_groups < spec_.groups)
    ranked = mx::where(closed_groups(ranked), number(kNever), ranked);

  const mx::array picked = best(ranked, spec_.active);
  mx::array weights = mx::take_along_axis(scores, picked, -1);
  if (spec_.score == SoftmaxOfPicked) weights = softmax_rows(weights);
  if (spec_.renormalise) {
    const mx::array sum = mx::sum(weights, -1, /*keepdims=*/true);
    weights = mx::divide(weights, mx::maximum(sum, number(spec_.smallest_sum)));
  }
  if (spec_.scale != 1.0F) weights = mx::multiply(weights, number(spec_.scale));
  return {picked, weights};
}

/// [T, E] true where an expert's group is closed to the token.
mx::array Router::closed_groups(const mx::array& scores) const {
  const int tokens = scores.shape(0);
  const int members = spec_.experts / spec_.groups;
  const mx::array grouped = mx::reshape(scores, {tokens, spec_.groups, members});
  const int counted = spec_.group_by_two ? 2 : 1;
  const mx::array worth = mx::sum(mx::topk(grouped, counted, -1), -1);  // [T, groups]
  // Closed are the worst: a group's rank is its place in ascending order.
  const mx::array rank = mx::argsort(mx::argsort(worth, -1), -1);
  const mx::array closed = mx::less(rank, mx::array(spec_.groups - spec_.open_groups, mx::uint32));
  return mx::reshape(mx::broadcast_to(mx::expand_dims(closed, -1), {tokens, spec_.groups, members}),
                     {tokens, spec_.experts});
}

Router::Choice Router::sparse_mixer(const mx::array& logits) const {
  const auto [first, first_weight] = mixed_pick(logits, logits, spec_.jitter);
  const mx::array others =
      mx::put_along_axis(logits, first, mx::broadcast_to(number(kNever), first.shape()), -1);
  const auto [second, second_weight] = mixed_pick(others, logits, spec_.jitter);
  return {mx::concatenate({first, second}, -1), mx::concatenate({first_weight, second_weight}, -1)};
}

}  // namespace hearth::nn
