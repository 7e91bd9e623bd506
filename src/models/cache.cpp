// Growing pools and one plan per kind of layer.
#include "models/cache.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "nn/kernel_attention.h"
#include "nn/panels.h"

namespace hearth::models {

namespace {

constexpr std::size_t kFirstPages = 16;
constexpr std::size_t kFirstStates = 4;
constexpr int kNoState = -1;

std::size_t highest_page(const nn::StepBatch& batch,
                         std::vector<std::int32_t> nn::Segment::* table) {
  std::int32_t highest = 0;
  for (const nn::Segment& segment : batch.segments) {
    if ((segment.*table).empty())
      throw std::invalid_argument("a segment names no pages for the layers with a window");
    highest = std::max(highest, *std::ranges::max_element(segment.*table));
  }
  return static_cast<std::size_t>(highest);
}

std::size_t highest_state(const nn::StepBatch& batch) {
  int highest = 0;
  for (const nn::Segment& segment : batch.segments) {
    if (segment.state < 0)
      throw std::invalid_argument("a segment names no state, but the model is recurrent");
    highest = std::max(highest, segment.state);
  }
  return static_cast<std::size_t>(highest);
}

/// Both ends of every copy.
struct Ends {
  std::vector<std::int32_t> from, to;
  std::size_t highest = 0;  // a negative number is beyond any limit
};

template <typename Copy>
Ends ends_of(std::span<const Copy> copies) {
  Ends ends;
  for (const Copy& copy : copies) {
    ends.from.push_back(copy.from);
    ends.to.push_back(copy.to);
    ends.highest = std::max(
        {ends.highest, static_cast<std::size_t>(copy.from), static_cast<std::size_t>(copy.to)});
  }
  return ends;
}

/// How many to hold from now on, where number `highest` is needed and `grown` are held.
std::size_t grown_to(std::size_t highest, std::size_t grown, std::size_t limit, std::size_t first) {
  return std::min(limit, std::max({highest + 1, 2 * grown, first}));
}

void check(std::string_view what, std::size_t highest, std::size_t limit) {
  if (highest >= limit)
    throw std::invalid_argument(fmt::format("{} {} is beyond the cache's {} {}s", what,
                                            static_cast<std::int64_t>(highest), limit, what));
}

}  // namespace

Cache::Cache(const std::vector<nn::CacheShape>& layers, CacheLimits limits, nn::RowPolicy rows)
    : limits_(limits), rows_(rows) {
  for (const nn::CacheShape& layer : layers) {
    assert((!layer.shares || *layer.shares < source_.size()) && "only earlier layers are shared");
    source_.push_back(layer.shares.value_or(source_.size()));
    kv_.push_back(std::nullopt);
    if (layer.kv) kv_.back().emplace(*layer.kv, limit_of(table_of(*layer.kv)));
    slots_.push_back(layer.states.empty() ? std::nullopt
                                          : std::optional<nn::StateSlots>(layer.states));
    recurrent_ = recurrent_ || slots_.back();
  }
  const auto reserved = [](const auto& kv) { return !kv || kv->reserved(); };
  if (std::ranges::all_of(kv_, reserved)) return;
  // Where addresses are short, those that some layers hold back are missing when others grow.
  for (std::optional<nn::KvPages>& kv : kv_)
    if (kv) kv = nn::KvPages(nn::KvShape(kv->shape()));
}

nn::LayerCache Cache::layer(std::size_t index) {
  auto& kv = kv_[source_[index]];
  auto& slots = slots_[source_[index]];
  return {.kv = kv ? &*kv : nullptr, .states = slots ? &*slots : nullptr};
}

std::size_t Cache::limit_of(nn::PageTable table) const {
  return table == nn::PageTable::Window ? limits_.windows : limits_.pages;
}

nn::PageTable Cache::table_of(const nn::KvShape& shape) const {
  return limits_.windows > 0 && shape.window > 0 ? nn::PageTable::Window : nn::PageTable::All;
}

bool Cache::uses(const std::optional<nn::KvPages>& kv, nn::PageTable table) const {
  return kv && table_of(kv->shape()) == table;
}

bool Cache::uses(const std::optional<nn::StateSlots>& slots, nn::PageTable table) const {
  return slots && table == nn::PageTable::All;
}

void Cache::begin(const nn::StepBatch& batch) {
  need_pages(nn::PageTable::All, highest_page(batch, &nn::Segment::pages));
  if (limits_.windows > 0)
    need_pages(nn::PageTable::Window, highest_page(batch, &nn::Segment::window_pages));
  if (nn::kernels_serve())
    plan_kernels(batch);
  else
    plan_attention(batch);
  if (!recurrent_) return;
  need_states(highest_state(batch));
  const auto plan = std::make_shared<const nn::StatePlan>(nn::plan_states(batch, rows_));
  for (std::optional<nn::StateSlots>& slots : slots_)
    if (slots) slots->follow(plan);
}

void Cache::plan_attention(const nn::StepBatch& batch) {
  std::map<std::pair<int, int>, std::shared_ptr<const nn::AttentionPlan>> plans;
  for (std::optional<nn::KvPages>& kv : kv_) {
    if (!kv) continue;
    const nn::KvShape& shape = kv->shape();
    auto& plan = plans[{shape.kv_heads, shape.window}];
    if (!plan)
      plan = std::make_shared<const nn::AttentionPlan>(
          nn::plan_attention(batch, shape.kv_heads, shape.window, rows_, table_of(shape)));
    kv->follow(plan);
  }
}

void Cache::plan_kernels(const nn::StepBatch& batch) {
  std::map<int, std::shared_ptr<const kernels::PagedStep>> steps;
  for (std::optional<nn::KvPages>& kv : kv_) {
    if (!kv) continue;
    const int window = kv->shape().window;
    auto& step = steps[window];
    if (!step) step = nn::plan_kernel_attention(batch, window, table_of(kv->shape()));
    kv->follow(step);
  }
}

void Cache::need_pages(nn::PageTable table, std::size_t highest) {
  const std::size_t limit = limit_of(table);
  check("page", highest, limit);
  for (std::optional<nn::KvPages>& kv : kv_) {
    if (!uses(kv, table) || highest < kv->pages()) continue;
    kv->grow(kv->reserved() ? highest + 1 : grown_to(highest, kv->pages(), limit, kFirstPages));
  }
}

void Cache::need_states(std::size_t highest) {
  check("state", highest, limits_.states);
  if (highest < grown_states_) return;
  grown_states_ = grown_to(highest, grown_states_, limits_.states, kFirstStates);
  for (std::optional<nn::StateSlots>& slots : slots_)
    if (slots) slots->grow(grown_states_);
}

void Cache::copy_pages(std::span<const PageCopy> copies) {
  copy(nn::PageTable::All, copies);
}

void Cache::copy_windows(std::span<const PageCopy> copies) {
  copy(nn::PageTable::Window, copies);
}

void Cache::copy(nn::PageTable table, std::span<const PageCopy> copies) {
  if (copies.empty()) return;
  const Ends ends = ends_of(copies);
  need_pages(table, ends.highest);
  std::vector<nn::KvPages::Content> contents;
  std::vector<nn::mx::array> arrays;
  for (const std::optional<nn::KvPages>& kv : kv_) {
    if (!uses(kv, table)) continue;
    contents.push_back(kv->content(ends.from));
    arrays.insert(arrays.end(), {contents.back().keys, contents.back().values});
  }
  nn::mx::eval(std::move(arrays));
  auto content = contents.begin();
  for (std::optional<nn::KvPages>& kv : kv_)
    if (uses(kv, table)) kv->replace(ends.to, *content++);
}

void Cache::copy_states(std::span<const StateCopy> copies) {
  if (copies.empty() || !recurrent_) return;
  const Ends ends = ends_of(copies);
  need_states(ends.highest);
  std::vector<std::vector<nn::mx::array>> contents;
  std::vector<nn::mx::array> arrays;
  for (std::optional<nn::StateSlots>& slots : slots_) {
    if (!slots) continue;
    contents.push_back(slots->content(ends.from));
    arrays.insert(arrays.end(), contents.back().begin(), contents.back().end());
  }
  nn::mx::eval(std::move(arrays));
  auto content = contents.begin();
  for (std::optional<nn::StateSlots>& slots : slots_)
    if (slots) slots->replace(ends.to, *content++);
}

void Cache::need_all(std::span<const std::int32_t> pages, int state, nn::PageTable table) {
  std::size_t highest = 0;  // a negative number is beyond any limit
  for (const std::int32_t page : pages) highest = std::max(highest, static_cast<std::size_t>(page));
  if (!pages.empty()) need_pages(table, highest);
  if (recurrent_ && state != kNoState && table == nn::PageTable::All)
    need_states(static_cast<std::size_t>(state));
}

/// Lazy arrays of what lies there.
std::map<std::string, nn::mx::array> Cache::pick(std::span<const std::int32_t> pages, int state,
                                                 nn::PageTable table) {
  need_all(pages, state, table);
  std::map<std::string, nn::mx::array> content;
  for (std::size_t layer = 0; layer < kv_.size(); ++layer) {
    const std::string place = fmt::format("layers.{}.", layer);
    if (uses(kv_[layer], table) && !pages.empty()) {
      const nn::KvPages::Content held = kv_[layer]->content(pages);
      content.emplace(place + "keys", held.keys);
      content.emplace(place + "values", held.values);
    }
    if (!uses(slots_[layer], table) || state == kNoState) continue;
    const auto held = slots_[layer]->content(std::vector<std::int32_t>{state});
    for (std::size_t i = 0; i < held.size(); ++i)
      content.emplace(fmt::format("{}states.{}", place, i), held[i]);
  }
  return content;
}

std::map<std::string, nn::mx::array> Cache::content(std::span<const std::int32_t> pages, int state,
                                                    nn::PageTable table) {
  auto content = pick(pages, state, table);
  std::vector<nn::mx::array> arrays;
  arrays.reserve(content.size());
  for (const auto& [name, array] : content) arrays.push_back(array);
  nn::mx::eval(std::move(arrays));
  return content;
}

std::string Cache::replace(std::span<const std::int32_t> pages, int state,
                           const std::map<std::string, nn::mx::array>& content,
                           nn::PageTable table) {
  {
    const auto expected = pick(pages, state, table);  // for its shapes: nothing of it is computed
    for (const auto& [name, array] : expected) {
      const auto found = content.find(name);
      if (found == content.end()) return fmt::format("it has no \"{}\"", name);
      if (found->second.shape() != array.shape() || found->second.dtype() != array.dtype())
        return fmt::format("\"{}\" has another shape or dtype", name);
    }
    if (content.size() != expected.size()) return "it has more layers";
  }
  for (std::size_t layer = 0; layer < kv_.size(); ++layer) {
    const std::string place = fmt::format("layers.{}.", layer);
    if (uses(kv_[layer], table) && !pages.empty())
      kv_[layer]->replace(pages, {content.at(place + "keys"), content.at(place + "values")});
    if (!uses(slots_[layer], table) || state == kNoState) continue;
    std::vector<nn::mx::array> states;
    for (int i = 0; content.contains(fmt::format("{}states.{}", place, i)); ++i)
      states.push_back(content.at(fmt::format("{}states.{}", place, i)));
    slots_[layer]->replace(std::vector<std::int32_t>{state}, states);
  }
  return {};
}

std::vector<nn::mx::array> Cache::arrays() const {
  std::vector<nn::mx::array> arrays;
  for (const std::optional<nn::KvPages>& kv : kv_)
    if (kv) arrays.insert(arrays.end(), {kv->keys(), kv->values()});
  for (const std::optional<nn::StateSlots>& slots : slots_) {
    if (!slots) continue;
    const auto held = slots->arrays();
    arrays.insert(arrays.end(), held.begin(), held.end());
  }
  return arrays;
}

std::size_t Cache::bytes() const {
  std::size_t sum = 0;
  for (const std::optional<nn::KvPages>& kv : kv_) sum += kv ? kv->bytes() : 0;
  for (const std::optional<nn::StateSlots>& slots : slots_) sum += slots ? slots->bytes() : 0;
  return sum;
}

std::size_t Cache::bytes_beside_mlx() const {
  std::size_t sum = 0;
  for (const std::optional<nn::KvPages>& kv : kv_) sum += kv && kv->reserved() ? kv->bytes() : 0;
  return sum;
}

}  // namespace hearth::models
