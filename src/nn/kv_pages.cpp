// Writing keys and values to pages, and attention out of plain MLX operations.
#include "nn/kv_pages.h"

#include <cassert>
#include <numeric>
#include <utility>

#include "kernels/counters.h"
#include "nn/kernel_attention.h"
#include "nn/panels.h"
#include "nn/reserved_rows.h"

namespace hearth::nn {

namespace {

/// Pages of `pool` in the order of the group, as numbers: [K, B, S, Dh].
mx::array gather(const mx::array& pool, const KvFormat& format, const AttentionGroup& group,
                 int kv_heads) {
  const int stored = pool.shape(1);
  const int seen = group.pages * kPageTokens;
  const mx::array pages = mx::reshape(pool, {pool.shape(0) / kPageTokens, kPageTokens * stored});
  const mx::array picked = mx::take(pages, group.page_ids, 0);
  const mx::array rows = mx::reshape(picked, {kv_heads * group.sequences * seen, stored});
  return mx::reshape(format.numbers(rows), {kv_heads, group.sequences, seen, format.width});
}

/// Rows of whole pages [pages * K * kPageTokens, Dh], whose numbers move from channel by channel to
/// token by token, or back.
mx::array turned_over(const mx::array& rows, bool to_channels) {
  mx::Shape page{-1, rows.shape(1), kPageTokens};
  if (to_channels) std::swap(page[1], page[2]);
  return mx::reshape(mx::swapaxes(mx::reshape(rows, std::move(page)), 1, 2), rows.shape());
}

/// [K, B, S, Dh] → [K, B, S, count]
mx::array first_channels(const mx::array& keys, int count) {
  mx::Shape shape = keys.shape();
  shape.back() = count;
  return mx::slice(keys, {0, 0, 0, 0}, shape);
}

/// Scores [K, B, G, L, S] → weights, with the mask, and with the sinks where there are some.
mx::array weigh(mx::array scores, const mx::array& mask, const AttendOptions& options) {
  if (options.softcap > 0.0F) {
    const mx::array cap(options.softcap);
    scores = mx::multiply(mx::tanh(mx::divide(scores, cap)), cap);
  }
  scores = mx::add(scores, mask);
  if (!options.sinks) return mx::softmax(scores, -1, /*precise=*/true);
  mx::Shape shape = scores.shape();
  const int seen = std::exchange(shape.back(), 1);
  const mx::array sinks =
      mx::reshape(mx::astype(*options.sinks, mx::float32), {shape[0], 1, shape[2], 1, 1});
  const mx::array all = mx::concatenate({scores, mx::broadcast_to(sinks, shape)}, -1);
  const mx::array weights = mx::softmax(all, -1, /*precise=*/true);
  shape.back() = seen;
  return mx::slice(weights, {0, 0, 0, 0, 0}, shape);
}

/// Attention of one group over what it sees: q [B * L, H, Dh] → [B * L, H, Dv], float32 inside.
mx::array attend_group(const mx::array& q, const mx::array& keys, const mx::array& values,
                       const AttentionGroup& group, const AttendOptions& options) {
  const int kv_heads = keys.shape(0);
  const int share = q.shape(1) / kv_heads;  // G query heads per kv head
  const int batch = group.sequences;
  const int rows = group.rows;
  const int seen = group.pages * kPageTokens;  // S

  // The G heads and L rows that share keys become the rows of one product: [K, B, G * L, Dh].
  mx::array queries = mx::reshape(q, {batch, rows, kv_heads, share, q.shape(2)});
  queries = mx::reshape(mx::transpose(queries, {2, 0, 3, 1, 4}),
                        {kv_heads, batch, share * rows, q.shape(2)});
  mx::array scores = mx::matmul(queries, mx::swapaxes(keys, 2, 3));  // [K, B, G * L, S]
  scores = mx::reshape(mx::astype(scores, mx::float32), {kv_heads, batch, share, rows, seen});
  const mx::array weights = mx::astype(weigh(scores, group.mask, options), values.dtype());
  const mx::array mixed = mx::matmul(mx::reshape(weights, {kv_heads, batch, share * rows, seen}),
                                     values);  // [K, B, G * L, Dv]
  const int width = values.shape(3);
  const mx::array split = mx::reshape(mixed, {kv_heads, batch, share, rows, width});
  return mx::reshape(mx::transpose(split, {1, 3, 0, 2, 4}),
                     {batch * rows, kv_heads * share, width});
}

}  // namespace

std::size_t KvShape::page_bytes() const {
  return std::size_t{kPageTokens} * static_cast<std::size_t>(kv_heads) *
         static_cast<std::size_t>(key_format().row_bytes() +
                                  (values_in_keys ? 0 : value_format().row_bytes()));
}

void KvShape::pack(int wanted_bits) {
  KvShape packed = *this;
  packed.bits = wanted_bits;
  if (packed.page_bytes() < page_bytes()) *this = packed;
}

KvPages::KvPages(KvShape shape, std::size_t most)
    : shape_(shape),
      turned_(kernels_serve() && kernel_turns_keys(shape)),
      keys_(mx::zeros({0, shape.key_format().stored_width()}, shape.key_format().stored_dtype())),
      values_(mx::zeros({0, shape.value_format().stored_width()},
                        shape.value_format().stored_dtype())) {
  if (most > 0 && kernels_serve()) reserve(most);
}

void KvPages::reserve(std::size_t pages) {
  const std::size_t rows =
      pages * static_cast<std::size_t>(shape_.kv_heads) * std::size_t{kPageTokens};
  const auto keys = reserved_rows(rows, keys_.shape(1), keys_.dtype());
  const auto values =
      shape_.values_in_keys ? values_ : reserved_rows(rows, values_.shape(1), values_.dtype());
  if (!keys || !values) return;
  reserved_ = true;
  keys_ = *keys;
  values_ = *values;
}

/// Operations of MLX write in place to its own arrays alone.
void KvPages::move_to_plain() {
  std::vector<std::int32_t> pages(pages_);
  std::iota(pages.begin(), pages.end(), 0);
  const Content held = content(pages);
  mx::eval(held.keys, held.values);
  keys_ = mx::zeros({0, keys_.shape(1)}, keys_.dtype());
  values_ = mx::zeros({0, values_.shape(1)}, values_.dtype());
  reserved_ = false;
  pages_ = 0;
  grow(pages.size());
  if (held_) replace(pages, held);
}

void KvPages::follow(std::shared_ptr<const AttentionPlan> plan) {
  if (reserved_) move_to_plain();
  lay_keys(false);
  plan_ = std::move(plan);
  step_ = nullptr;
}

void KvPages::follow(std::shared_ptr<const kernels::PagedStep> step) {
  lay_keys(kernel_turns_keys(shape_));
  step_ = std::move(step);
  plan_ = nullptr;
}

/// Another one attends than before: what is held moves.
void KvPages::lay_keys(bool turned) {
  if (turned == turned_) return;
  turned_ = turned;
  if (!held_) return;
  keys_ = turned_over(keys_, turned);
  mx::eval(keys_);
}

void KvPages::grow(std::size_t pages) {
  if (pages <= pages_) return;
  if (reserved_) {
    pages_ = pages;
    return;
  }
  const int slots = static_cast<int>(pages - pages_) * shape_.kv_heads * kPageTokens;
  for (mx::array* pool : {&keys_, &values_}) {
    if (pool == &values_ && shape_.values_in_keys) continue;
    // Each pool has zeros of its own: a shared buffer could not be written in place.
    const mx::array fresh = mx::zeros({slots, pool->shape(1)}, pool->dtype());
    *pool = pages_ == 0 ? fresh : mx::concatenate({*pool, fresh}, 0);
    mx::eval(*pool);
  }
  pages_ = pages;
}

void KvPages::write(mx::array& pool, const KvFormat& format, const mx::array& rows) const {
  const int count = rows.shape(0) * rows.shape(1);
  const mx::array stored = format.stored(mx::reshape(rows, {count, rows.shape(2)}));
  const mx::array updates = mx::expand_dims(stored, 1);
  // The moved pool is the operation's only owner, so MLX writes in place instead of copying it.
  pool = mx::scatter(std::exchange(pool, updates), plan_->slots, updates, 0);
}

KvPages::Content KvPages::content(std::span<const std::int32_t> pages) const {
  const mx::array slots = slots_of(pages);
  const mx::array keys = mx::take(keys_, slots, 0);
  return {turned_ ? turned_over(keys, /*to_channels=*/false) : keys,
          shape_.values_in_keys ? values_ : mx::take(values_, slots, 0)};
}

void KvPages::replace(std::span<const std::int32_t> pages, const Content& content) {
  const mx::array slots = slots_of(pages);
  held_ = true;
  const mx::array keys = turned_ ? turned_over(content.keys, /*to_channels=*/true) : content.keys;
  for (const auto& [pool, rows] : {std::pair(&keys_, keys), {&values_, content.values}}) {
    if (rows.shape(0) == 0) continue;
    if (reserved_) {
      put_blocks(*pool, pages, rows);
      continue;
    }
    const mx::array updates = mx::expand_dims(rows, 1);
    *pool = mx::scatter(std::exchange(*pool, updates), slots, updates, 0);  // as in write()
  }
}

/// The slots of all kv heads of `pages`.
mx::array KvPages::slots_of(std::span<const std::int32_t> pages) const {
  const int page_slots = shape_.kv_heads * kPageTokens;
  std::vector<std::int32_t> slots;
  for (const std::int32_t page : pages)
    for (int i = 0; i < page_slots; ++i) slots.push_back(page * page_slots + i);
  return mx::array(slots.data(), {static_cast<int>(slots.size())}, mx::int32);
}

void KvPages::append(const mx::array& k, const mx::array& v) {
  assert((plan_ || step_) && "Cache::begin comes before the layers");
  held_ = true;
  if (step_) {
    new_keys_ = k;
    if (!shape_.values_in_keys) new_values_ = v;
    return;
  }
  write(keys_, shape_.key_format(), k);
  if (!shape_.values_in_keys) write(values_, shape_.value_format(), v);
}

mx::array KvPages::attend(const mx::array& q, const AttendOptions& options) {
  if (step_) return attend_by_kernel(q, options);
  kernels::count_generic(kernels::Operation::Attention);
  return attend_plainly(q, options);
}

mx::array KvPages::attend_plainly(const mx::array& q, const AttendOptions& options) const {
  const mx::array scaled = mx::multiply(q, mx::array(options.scale, q.dtype()));
  const bool whole = plan_->groups.size() == 1 && plan_->in_order;
  std::vector<mx::array> answers;
  for (const AttentionGroup& group : plan_->groups) {
    const mx::array queries = whole ? scaled : mx::take(scaled, group.row_ids, 0);
    const mx::array keys = gather(keys_, shape_.key_format(), group, shape_.kv_heads);
    const mx::array values = shape_.values_in_keys
                                 ? first_channels(keys, shape_.value_width())
                                 : gather(values_, shape_.value_format(), group, shape_.kv_heads);
    answers.push_back(attend_group(queries, keys, values, group, options));
  }
  const mx::array joined = answers.size() == 1 ? answers.front() : mx::concatenate(answers, 0);
  const mx::array answer = plan_->in_order ? joined : mx::take(joined, plan_->order, 0);
  return mx::astype(answer, q.dtype());
}

}  // namespace hearth::nn
