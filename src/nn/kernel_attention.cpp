// What the kernel needs to know of a step, and its call.
#include "nn/kernel_attention.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "kernels/attention.h"
#include "kernels/kv_rows.h"
#include "kernels/paged_attention.h"
#include "nn/kv_pages.h"

namespace hearth::nn {

static_assert(kernels::kPageRows == kPageTokens);

namespace {

kernels::PagedSegment paged(const Segment& segment, int window, PageTable table) {
  kernels::PagedSegment made{
      .first_row = segment.first_row, .rows = segment.rows, .cached = segment.cached};
  if (table == PageTable::All) {
    made.pages = segment.pages;
    return made;
  }
  made.first_page = segment.window_first;
  made.pages = segment.window_pages;
  const int oldest = window > 0 ? std::max(0, segment.cached - window + 1) : 0;
  if (oldest / kPageTokens < made.first_page || made.pages.empty())
    throw std::out_of_range(fmt::format("page {} is read, but window pages begin at page {}",
                                        oldest / kPageTokens, made.first_page));
  return made;
}

kernels::KvType type_of(const KvShape& shape) {
  switch (shape.bits) {
    case 16:
      return kernels::KvType::F16;
    case 8:
      return kernels::KvType::Bits8;
    case 4:
      return kernels::KvType::Bits4;
    default:
      break;
  }
  if (shape.dtype == mx::bfloat16) return kernels::KvType::BF16;
  return shape.dtype == mx::float16 ? kernels::KvType::F16 : kernels::KvType::F32;
}

std::optional<kernels::HeadNormArray> norm_of(const std::optional<HeadNormUse>& norm) {
  if (!norm) return {};
  return kernels::HeadNormArray{norm->weights, norm->epsilon};
}

kernels::HeadRules rules_of(const HeadPlacement& placement) {
  kernels::HeadRules rules{.query_norm = norm_of(placement.query_norm),
                           .key_norm = norm_of(placement.key_norm),
                           .norm_after_turn = placement.norm_after_rope};
  if (placement.rotation) {
    rules.cosines = placement.rotation->cosines();
    rules.sines = placement.rotation->sines();
    rules.interleaved = placement.rotation->interleaved();
  }
  return rules;
}

}  // namespace

std::shared_ptr<const kernels::PagedStep> plan_kernel_attention(const StepBatch& batch, int window,
                                                                PageTable table) {
  kernels::PagedStep step;
  for (const Segment& segment : batch.segments)
    step.segments.push_back(paged(segment, window, table));
  return std::make_shared<const kernels::PagedStep>(std::move(step));
}

bool kernel_turns_keys(const KvShape& shape) {
  return kernels::key_row(type_of(shape), shape.head_dim, shape.values_in_keys).turned;
}

mx::array KvPages::attend_by_kernel(const mx::array& q, const AttendOptions& options) {
  const std::optional<mx::array> no_pool;
  kernels::PagedAnswer answer = kernels::paged_attention(
      {.queries = q,
       .keys = std::exchange(new_keys_, {}),
       .values = std::exchange(new_values_, {}),
       .sinks = options.sinks,
       .key_pool = keys_,
       .value_pool = shape_.values_in_keys ? no_pool : std::optional(values_)},
      rules_of(options.placement),
      {.kv_heads = shape_.kv_heads,
       .value_dim = shape_.value_width(),
       .type = type_of(shape_),
       .values_in_keys = shape_.values_in_keys,
       .window = shape_.window,
       .scale = options.scale,
       .softcap = options.softcap},
      step_);
  keys_ = std::move(answer.key_pool);
  if (answer.value_pool) values_ = *std::move(answer.value_pool);
  return answer.mixed;
}

}  // namespace hearth::nn
