// Builds a step's index tables on the host.
#include "nn/attention_plan.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace hearth::nn {

namespace {

// Rows of one prompt tile: bounds the scores' memory and skips keys that causality hides anyway.
constexpr int kTileRows = 128;

/// Rows of one sequence and the pages they see.
struct Piece {
  const Segment* segment = nullptr;
  int first_row = 0;   // in the batch
  int rows = 0;        // L that are computed
  int skipped = 0;     // computed rows before the first that is wanted
  int wanted = 0;      // rows of the batch
  int position = 0;    // of the first computed row
  int first_page = 0;  // index into the page table
  int pages = 0;       // n
};

struct Builder {
  int kv_heads;
  int window;
  PageTable table;

  int page_of(const Segment& segment, int index) const {
    if (table == PageTable::All) return segment.pages[static_cast<std::size_t>(index)];
    const auto place = static_cast<std::size_t>(index - segment.window_first);
    if (index >= segment.window_first && place < segment.window_pages.size())
      return segment.window_pages[place];
    throw std::out_of_range(fmt::format("page {} is read, but window pages begin at page {}", index,
                                        segment.window_first));
  }

  Piece piece(const Segment& segment, int begin, int rows) const {
    return with_pages({.segment = &segment,
                       .first_row = segment.first_row + begin,
                       .rows = rows,
                       .wanted = rows,
                       .position = segment.cached + begin});
  }

  /// The tile of positions in which row `begin` of the segment lies, with all rows of it that the
  /// segment has.
  Piece aligned_piece(const Segment& segment, int begin) const {
    const int position = segment.cached + begin;
    const int skipped = position % kFixedAttentionRows;
    return with_pages({.segment = &segment,
                       .first_row = segment.first_row + begin,
                       .rows = kFixedAttentionRows,
                       .skipped = skipped,
                       .wanted = std::min(kFixedAttentionRows - skipped, segment.rows - begin),
                       .position = position - skipped});
  }

  Piece with_pages(Piece piece) const {
    const int oldest = window > 0 ? std::max(0, piece.position - window + 1) : 0;
    piece.first_page = oldest / kPageTokens;
    piece.pages = pages_for(piece.position + piece.rows) - piece.first_page;
    return piece;
  }

  /// Slot of head 0 of every new key, then of head 1 ...: token-major, as keys arrive.
  mx::array slots(const StepBatch& batch) const {
    std::vector<std::int32_t> slots;
    for (const Segment& segment : batch.segments)
      for (int i = 0; i < segment.rows; ++i) {
        const int position = segment.cached + i;
        const int page = page_of(segment, position / kPageTokens);
        for (int head = 0; head < kv_heads; ++head)
          slots.push_back((page * kv_heads + head) * kPageTokens + position % kPageTokens);
      }
    return mx::array(slots.data(), {static_cast<int>(slots.size())}, mx::int32);
  }

  /// 0 where the piece's rows see a key of its pages, else -infinity; `pages` includes padding.
  void append_mask(std::vector<float>& mask, const Piece& piece, int pages) const {
    const int first_key = piece.first_page * kPageTokens;
    for (int row = 0; row < piece.rows; ++row) {
      const int newest = piece.position + row;
      const int oldest = window > 0 ? std::max(0, newest - window + 1) : 0;
      const std::size_t begin = mask.size();
      mask.resize(begin + static_cast<std::size_t>(pages) * kPageTokens,
                  -std::numeric_limits<float>::infinity());
      const auto at = [&](int key) {
        return mask.begin() + static_cast<std::ptrdiff_t>(begin) + (key - first_key);
      };
      std::fill(at(oldest), at(newest + 1), 0.0F);
    }
  }

  AttentionGroup group(const std::vector<Piece>& pieces) const {
    const int count = static_cast<int>(pieces.size());
    const int rows = pieces.front().rows;
    const int pages = std::ranges::max(pieces, {}, &Piece::pages).pages;
    std::vector<std::int32_t> row_ids;
    std::vector<std::int32_t> page_ids;
    std::vector<float> mask;
    for (const Piece& piece : pieces) {
      for (int i = 0; i < rows; ++i)
        row_ids.push_back(piece.first_row + std::clamp(i - piece.skipped, 0, piece.wanted - 1));
      append_mask(mask, piece, pages);
    }
    for (int head = 0; head < kv_heads; ++head)
      for (const Piece& piece : pieces)
        for (int i = 0; i < pages; ++i) {
          const int used = piece.first_page + std::min(i, piece.pages - 1);  // padding repeats
          page_ids.push_back(page_of(*piece.segment, used) * kv_heads + head);
        }
    const auto ints = [](const std::vector<std::int32_t>& values) {
      return mx::array(values.data(), {static_cast<int>(values.size())}, mx::int32);
    };
    return {.sequences = count,
            .rows = rows,
            .pages = pages,
            .row_ids = ints(row_ids),
            .page_ids = ints(page_ids),
            .mask = mx::array(mask.data(), {count, 1, rows, pages * kPageTokens}, mx::float32)};
  }
};

/// Row t of the batch is row order[t] of the groups' answers, laid one after another.
std::vector<std::int32_t> answer_order(const std::vector<std::vector<Piece>>& groups, int tokens) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(tokens));
  std::int32_t next = 0;
  for (const auto& group : groups)
    for (const Piece& piece : group) {
      const auto begin = order.begin() + piece.first_row;
      std::iota(begin, begin + piece.wanted, next + piece.skipped);
      next += piece.rows;
    }
  return order;
}

/// Whether the groups' answers are the batch's rows as they lie.
bool needs_no_order(const std::vector<std::vector<Piece>>& groups) {
  int next = 0;
  for (const auto& group : groups)
    for (const Piece& piece : group) {
      if (piece.first_row != next || piece.wanted != piece.rows) return false;
      next += piece.rows;
    }
  return true;
}

/// Aligned tiles over equally many pages together.
std::vector<std::vector<Piece>> split_aligned(const StepBatch& batch, const Builder& builder) {
  std::map<int, std::vector<Piece>> by_pages;
  for (const Segment& segment : batch.segments)
    for (int begin = 0; begin < segment.rows;) {
      const Piece piece = builder.aligned_piece(segment, begin);
      by_pages[piece.pages].push_back(piece);
      begin += piece.wanted;
    }
  std::vector<std::vector<Piece>> groups;
  for (auto& [pages, pieces] : by_pages) groups.push_back(std::move(pieces));
  return groups;
}

/// Tiles of prompt pieces one by one; single rows together, by the power of two of their pages.
std::vector<std::vector<Piece>> split(const StepBatch& batch, const Builder& builder) {
  std::vector<std::vector<Piece>> groups;
  std::map<unsigned, std::vector<Piece>> single_rows;
  for (const Segment& segment : batch.segments)
    for (int begin = 0; begin < segment.rows; begin += kTileRows) {
      const Piece piece = builder.piece(segment, begin, std::min(kTileRows, segment.rows - begin));
      if (piece.rows == 1)
        single_rows[std::bit_ceil(static_cast<unsigned>(piece.pages))].push_back(piece);
      else
        groups.push_back({piece});
    }
  for (auto& [pages, pieces] : single_rows) groups.push_back(std::move(pieces));
  return groups;
}

}  // namespace

AttentionPlan plan_attention(const StepBatch& batch, int kv_heads, int window, RowPolicy rows,
                             PageTable table) {
  const Builder builder{kv_heads, window, table};
  const auto groups =
      rows == RowPolicy::Fixed ? split_aligned(batch, builder) : split(batch, builder);
  const auto order = answer_order(groups, batch.tokens());
  AttentionPlan plan{.slots = builder.slots(batch),
                     .groups = {},
                     .order = mx::array(order.data(), {batch.tokens()}, mx::int32),
                     .in_order = needs_no_order(groups)};
  for (const auto& pieces : groups) plan.groups.push_back(builder.group(pieces));
  return plan;
}

}  // namespace hearth::nn
