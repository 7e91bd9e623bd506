// Checks a step's segments and derives its positions.
#include "nn/step_batch.h"

#include <algorithm>
#include <utility>

namespace hearth::nn {

namespace {

Result<void> check_table(const std::vector<std::int32_t>& pages, int first, int tokens) {
  const int needed = pages_for(tokens) - first;
  if (first < 0 || std::cmp_less(pages.size(), needed))
    return fail(ErrorCode::InvalidArgument,
                "a page table has {} pages from page {} on, but {} tokens need {}", pages.size(),
                first, tokens, needed);
  if (std::ranges::any_of(pages, [](std::int32_t page) { return page < 0; }))
    return fail(ErrorCode::InvalidArgument, "a page table holds a negative page number");
  return {};
}

Result<void> check_segment(const Segment& segment, int row) {
  if (segment.first_row != row || segment.rows < 1 || segment.cached < 0)
    return fail(ErrorCode::InvalidArgument,
                "segment of {} rows at row {} with {} cached tokens, where row {} was due",
                segment.rows, segment.first_row, segment.cached, row);
  const int tokens = segment.cached + segment.rows;
  TRY(check_table(segment.pages, 0, tokens));
  if (segment.window_pages.empty()) return {};
  return check_table(segment.window_pages, segment.window_first, tokens);
}

}  // namespace

Result<StepBatch> make_step(std::span<const std::int32_t> ids, std::vector<Segment> segments,
                            std::vector<std::int32_t> wanted) {
  std::vector<std::int32_t> positions;
  for (const Segment& segment : segments) {
    TRY(check_segment(segment, static_cast<int>(positions.size())));
    for (int i = 0; i < segment.rows; ++i) positions.push_back(segment.cached + i);
  }
  if (positions.size() != ids.size() || ids.empty())
    return fail(ErrorCode::InvalidArgument, "segments cover {} rows, but there are {} tokens",
                positions.size(), ids.size());
  const auto outside = [&](std::int32_t row) {
    return row < 0 || std::cmp_greater_equal(row, ids.size());
  };
  if (std::ranges::any_of(wanted, outside))
    return fail(ErrorCode::InvalidArgument, "a wanted row is outside the step's {} rows",
                ids.size());

  const int tokens = static_cast<int>(ids.size());
  return StepBatch{.ids = mx::array(ids.data(), {tokens}, mx::int32),
                   .positions = mx::array(positions.data(), {tokens}, mx::int32),
                   .segments = std::move(segments),
                   .wanted = std::move(wanted)};
}

}  // namespace hearth::nn
