// One forward pass per step, evaluated once.
#include "engine/local/model_runner.h"

#include <algorithm>
#include <exception>
#include <mlx/memory.h>
#include <mlx/stream.h>
#include <mlx/transforms.h>
#include <new>
#include <span>
#include <string_view>
#include <utility>
#include <vector>
#ifdef __linux__
#include <malloc.h>
#endif

#include "engine/local/cache_bytes.h"
#include "kernels/counters.h"
#include "kernels/host_operation.h"
#include "kernels/thread_pool.h"
#include "kernels/weight_memory.h"
#include "nn/step_batch.h"

namespace hearth::engine {
namespace {

namespace mx = mlx::core;

static_assert(kPageTokens == nn::kPageTokens);

/// Calls `work`; what MLX throws between steps becomes an error.
template <typename Work>
Result<void> guarded(std::string_view doing, const Work& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::OutOfMemory, "the device has no memory to {}", doing);
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "the device cannot {}: {}", doing, error.what());
  }
}

/// Lays a plan out flat: the slices' tokens one after another.
Result<nn::StepBatch> lay_out(const StepPlan& plan) {
  std::vector<std::int32_t> ids;
  std::vector<nn::Segment> segments;
  std::vector<std::int32_t> wanted;
  for (const Slice& slice : plan.slices) {
    const Sequence& sequence = *slice.sequence;
    std::vector<nn::AdapterUse> adapters;
    for (const auto& [number, scale] : sequence.traits().adapters)
      adapters.push_back({.adapter = number, .scale = scale});
    const auto tokens = sequence.tokens().subspan(sequence.computed(), slice.tokens);
    segments.push_back(
        {.first_row = static_cast<int>(ids.size()),
         .rows = static_cast<int>(slice.tokens),
         .cached = static_cast<int>(sequence.computed()),
         .pages = {sequence.pages().begin(), sequence.pages().end()},
         .window_pages = {sequence.windows().pages().begin(), sequence.windows().pages().end()},
         .window_first = static_cast<int>(sequence.windows().first()),
         .length = static_cast<int>(sequence.tokens().size()),
         .state = sequence.state(),
         .adapters = std::move(adapters)});
    const auto first = static_cast<std::int32_t>(ids.size());
    ids.insert(ids.end(), tokens.begin(), tokens.end());
    for (std::uint32_t row = 0; row < slice.tokens; ++row)
      if (slice.wants_row(row)) wanted.push_back(first + static_cast<std::int32_t>(row));
  }
  return nn::make_step(ids, std::move(segments), std::move(wanted));
}

/// The rows of `logits` [R, V], on all threads: drawing a token takes a good part of a millisecond.
void hand_over(const StepPlan& plan, const StepRunner::TakeRow& take,
               std::span<const float> logits) {
  std::vector<std::pair<std::size_t, std::uint32_t>> wanted;
  for (std::size_t i = 0; i < plan.slices.size(); ++i)
    for (std::uint32_t row = 0; row < plan.slices[i].tokens; ++row)
      if (plan.slices[i].wants_row(row)) wanted.emplace_back(i, row);
  if (wanted.empty()) return;
  const std::size_t vocabulary = logits.size() / wanted.size();
  std::vector<std::exception_ptr> faults(wanted.size());
  kernels::ThreadPool::of_process().run(static_cast<int>(wanted.size()), [&](int index) {
    const auto at = static_cast<std::size_t>(index);
    try {
      take(wanted[at].first, wanted[at].second, logits.subspan(at * vocabulary, vocabulary));
    } catch (...) {
      faults[at] = std::current_exception();
    }
  });
  for (const std::exception_ptr& fault : faults)
    if (fault) std::rethrow_exception(fault);
}

}  // namespace

ModelRunner::ModelRunner(std::unique_ptr<models::Model> model, models::CacheLimits limits)
    : model_(std::move(model)),
      limits_(limits),
      cache_(model_->make_cache(limits.pages, limits.states, limits.windows)) {}

ModelRunner::~ModelRunner() {
  cache_.reset();
  model_.reset();
  mx::clear_cache();
  mx::clear_streams();  // this thread's; it ends with the model
}

void ModelRunner::copy_states(std::span<const StateCopy> copies) {
  std::vector<models::StateCopy> all;
  for (const StateCopy& one : copies) all.push_back({.from = one.from, .to = one.to});
  if (!all.empty()) cache_->copy_states(all);
}

void ModelRunner::copy(const StepPlan& plan) {
  copy_states(plan.state_saves);
  copy_states(plan.state_restores);
  const auto pages = [](const std::vector<PageCopy>& copies) {
    std::vector<models::PageCopy> all;
    all.reserve(copies.size());
    for (const PageCopy& one : copies) all.push_back({.from = one.from, .to = one.to});
    return all;
  };
  cache_->copy_pages(pages(plan.page_copies));
  cache_->copy_windows(pages(plan.window_copies));
}

Result<void> ModelRunner::run(const StepPlan& plan, const TakeRow& take) {
  const nn::StepBatch batch = TRY(lay_out(plan));
  peak_bytes_ = memory().peak_bytes;
  mx::reset_peak_memory();
  try {
    copy(plan);
    mx::array logits = TRY(model_->forward(batch, *cache_));  // [R, V]
    std::vector<mx::array> results = cache_->arrays();
    logits = kernels::in_order(logits);
    results.push_back(logits);
    mx::eval(std::move(results));

    hand_over(plan, take, {logits.data<float>(), logits.size()});
    return {};
  } catch (const std::bad_alloc&) {
    return fail(
        ErrorCode::OutOfMemory,
        "the device ran out of memory in this step; send a shorter prompt, or fewer requests "
        "at once");
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "the model failed in this step: {}", error.what());
  }
}

void ModelRunner::forget() {
  cache_.reset();  // first: both together may be more than this process may reserve
  cache_ = model_->make_cache(limits_.pages, limits_.states, limits_.windows);
  mx::clear_cache();
}

void ModelRunner::rest() {
  mx::clear_cache();
#ifdef __GLIBC__
  ::malloc_trim(0);  // large buffers of the past lie in its arenas
#endif
}

Result<void> ModelRunner::save_states(std::span<const StateCopy> copies) {
  return guarded("keep a snapshot", [&]() -> Result<void> {
    copy_states(copies);
    return {};
  });
}

Result<std::vector<CacheTensor>> ModelRunner::read_cache(std::span<const PageId> pages,
                                                         StateId state) {
  std::vector<CacheTensor> tensors;
  TRY(guarded("copy a prompt out of its cache", [&]() -> Result<void> {
    tensors = TRY(to_bytes(cache_->content(pages, state)));
    return {};
  }));
  return tensors;
}

Result<void> ModelRunner::write_cache(std::span<const PageId> pages, StateId state,
                                      const std::vector<CacheTensor>& content) {
  return guarded("put a prompt into its cache", [&]() -> Result<void> {
    const auto arrays = TRY(to_arrays(content));
    const std::string fault = cache_->replace(pages, state, arrays);
    if (!fault.empty()) return fail(ErrorCode::CorruptData, "it is of another cache: {}", fault);
    mx::eval(cache_->arrays());
    return {};
  });
}

StepRunner::Memory ModelRunner::memory() const {
  const std::size_t beside = kernels::weight_memory_held() + cache_->bytes_beside_mlx();
  const std::uint64_t active = mx::get_active_memory();
  // A peak that was reset stays 0 until something is allocated.
  const std::uint64_t step_peak = std::max<std::uint64_t>(mx::get_peak_memory(), active) + beside;
  return {.active_bytes = active + beside,
          .peak_bytes = std::max(peak_bytes_, step_peak),
          .step_peak_bytes = step_peak,
          .cache_bytes = cache_->bytes(),
          .spare_bytes = mx::get_cache_memory()};
}

std::vector<KernelCalls> ModelRunner::kernel_calls() const {
  std::vector<KernelCalls> calls;
  for (const kernels::KernelCount& count : kernels::kernel_counts())
    calls.push_back({std::string(count.operation), std::string(count.path), count.calls});
  return calls;
}

}  // namespace hearth::engine
