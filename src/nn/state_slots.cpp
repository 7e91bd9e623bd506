// Reading, advancing and writing recurrent states out of plain MLX operations.
#include "nn/state_slots.h"

#include <cassert>
#include <utility>

namespace hearth::nn {

namespace {

mx::Shape with_front(int length, const mx::Shape& shape) {
  mx::Shape longer{length};
  longer.insert(longer.end(), shape.begin(), shape.end());
  return longer;
}

/// The group's rows of x [T, ...] as [B, L, ...].
mx::array rows_of(const mx::array& x, const StateGroup& group, bool whole) {
  const mx::array rows = whole ? x : mx::take(x, group.row_ids, 0);
  mx::Shape shape = rows.shape();
  shape[0] = group.rows;
  return mx::reshape(rows, with_front(group.sequences, shape));
}

/// The same tokens with one call of `advance` each: inputs [B, L, ...] → [B, L, ...].
mx::array one_by_one(const std::vector<mx::array>& inputs, std::vector<mx::array>& states,
                     const StateSlots::Advance& advance) {
  const auto take = [](const mx::array& x, int token) {
    return mx::expand_dims(mx::take(x, token, 1), 1);
  };
  std::vector<mx::array> answers;
  for (int token = 0; token < inputs.front().shape(1); ++token) {
    std::vector<mx::array> one;
    for (const mx::array& input : inputs) one.push_back(take(input, token));
    answers.push_back(advance(one, states));
  }
  return mx::concatenate(answers, 1);
}

/// [B, L, ...] → [B * L, ...]
mx::array flat(const mx::array& x) {
  return mx::flatten(x, 0, 1);
}

/// The rows `slots` [B] of a pool as a copy: mx::take of one row would be a view, and a pool that
/// is viewed cannot be written in place.
mx::array pick(const mx::array& pool, const mx::array& slots) {
  mx::Shape one = pool.shape();
  one[0] = 1;
  return mx::squeeze(mx::gather(pool, slots, 0, one), 1);  // [B, 1, ...] → [B, ...]
}

mx::array ids_of(std::span<const std::int32_t> slots) {
  return mx::array(slots.data(), {static_cast<int>(slots.size())}, mx::int32);
}

void write(mx::array& pool, const mx::array& slots, const mx::array& states) {
  const mx::array updates = mx::expand_dims(mx::astype(states, pool.dtype()), 1);
  // The moved pool is the operation's only owner, so MLX writes in place instead of copying it.
  pool = mx::scatter(std::exchange(pool, updates), slots, updates, 0);
}

}  // namespace

std::size_t StateShape::bytes() const {
  std::size_t count = mx::size_of(dtype);
  for (const auto length : shape) count *= static_cast<std::size_t>(length);
  return count;
}

StateSlots::StateSlots(std::vector<StateShape> shapes) : shapes_(std::move(shapes)) {
  for (const StateShape& one : shapes_)
    pools_.push_back(mx::zeros(with_front(0, one.shape), one.dtype));
}

std::size_t StateSlots::slot_bytes() const {
  std::size_t sum = 0;
  for (const StateShape& one : shapes_) sum += one.bytes();
  return sum;
}

void StateSlots::grow(std::size_t slots) {
  if (slots <= slots_) return;
  settle();
  for (std::size_t i = 0; i < shapes_.size(); ++i) {
    const auto more = static_cast<int>(slots - slots_);
    const mx::array fresh = mx::zeros(with_front(more, shapes_[i].shape), shapes_[i].dtype);
    pools_[i] = slots_ == 0 ? fresh : mx::concatenate({pools_[i], fresh}, 0);
    mx::eval(pools_[i]);
  }
  slots_ = slots;
}

/// The group's states, zeros where a sequence starts.
mx::array StateSlots::read(std::size_t which, const StateGroup& group) const {
  const mx::array held = pick(pools_[which], group.slots);
  if (!group.any_fresh) return held;
  mx::Shape lone(held.ndim(), 1);
  lone[0] = group.sequences;
  // A choice, not a product: what a former owner left may be infinite.
  return mx::where(mx::reshape(group.fresh, lone), mx::array(0, held.dtype()), held);
}

void StateSlots::follow(std::shared_ptr<const StatePlan> plan) {
  settle();
  plan_ = std::move(plan);
}

void StateSlots::settle() {
  for (const Unsettled& group : std::exchange(unsettled_, {}))
    for (std::size_t i = 0; i < pools_.size(); ++i) write(pools_[i], group.slots, group.states[i]);
}

mx::array StateSlots::run(std::span<const mx::array> inputs, const Advance& advance) {
  assert(plan_ && "Cache::begin comes before the layers");
  const bool whole = plan_->groups.size() == 1 && plan_->in_order;
  std::vector<mx::array> answers;
  for (const StateGroup& group : plan_->groups) {
    std::vector<mx::array> rows;
    for (const mx::array& input : inputs) rows.push_back(rows_of(input, group, whole));
    std::vector<mx::array> states;
    for (std::size_t i = 0; i < shapes_.size(); ++i) states.push_back(read(i, group));
    answers.push_back(
        flat(plan_->token_by_token ? one_by_one(rows, states, advance) : advance(rows, states)));
    unsettled_.push_back({group.slots, std::move(states)});
  }
  const mx::array joined = answers.size() == 1 ? answers.front() : mx::concatenate(answers, 0);
  return plan_->in_order ? joined : mx::take(joined, plan_->order, 0);
}

std::vector<mx::array> StateSlots::content(std::span<const std::int32_t> slots) {
  settle();
  std::vector<mx::array> content;
  for (const mx::array& pool : pools_) content.push_back(pick(pool, ids_of(slots)));
  return content;
}

void StateSlots::replace(std::span<const std::int32_t> slots,
                         const std::vector<mx::array>& content) {
  settle();
  for (std::size_t i = 0; i < pools_.size(); ++i) write(pools_[i], ids_of(slots), content[i]);
}

std::vector<mx::array> StateSlots::arrays() const {
  std::vector<mx::array> arrays = pools_;
  for (const Unsettled& group : unsettled_)
    arrays.insert(arrays.end(), group.states.begin(), group.states.end());
  return arrays;
}

std::size_t StateSlots::bytes() const {
  std::size_t sum = 0;
  for (const mx::array& pool : pools_) sum += pool.nbytes();
  return sum;
}

}  // namespace hearth::nn
