// Which rows, pages and slots attention touches in one step: index tables, built once per step.
#pragma once

#include <vector>

#include "nn/mlx.h"
#include "nn/row_policy.h"
#include "nn/step_batch.h"

namespace hearth::nn {

/// Which of a segment's page tables.
enum class PageTable {
  All,    ///< Segment::pages
  Window  ///< Segment::window_pages
};

/// Sequences of B equal pieces of L rows, attended in one go over n pages each.
struct AttentionGroup {
  int sequences = 0;   ///< B
  int rows = 0;        ///< L
  int pages = 0;       ///< n; shorter page tables are padded with pages that the mask hides
  mx::array row_ids;   ///< [B * L] int32 rows of the batch
  mx::array page_ids;  ///< [K * B * n] int32 rows of a pool seen as [pages * K, kPageTokens * Dh]
  mx::array mask;  ///< [B, 1, L, n * kPageTokens] float32: 0 where a key is seen, else -infinity
};

/// The same for every layer with as many kv heads and the same window.
struct AttentionPlan {
  mx::array slots;  ///< [T * K] int32 rows of a pool [pages * K * kPageTokens, Dh], one per new key
  std::vector<AttentionGroup> groups;
  mx::array
      order;  ///< [T] int32: row t of the answer is row order[t] of the groups' joined answers
  bool in_order = true;  ///< `order` is 0, 1, 2, ... and the groups answer no other rows
};

/// Decoding rows of many sequences go into common groups (of similar length, so that padding stays
/// below half); prompt pieces are attended in tiles of rows, each over no more pages than it sees.
///
/// With RowPolicy::Fixed every row lies in a tile of positions aligned to kFixedAttentionRows, over
/// the same pages whichever of the tile's rows the step computes; what is computed for the others
/// is dropped.
///
/// @param window  a query sees itself and the `window - 1` tokens before it; 0: all of them
/// @param table   of the segments' page tables the one that holds the layers' keys
/// @throws std::out_of_range where a row sees a page that the table of window pages lacks.
AttentionPlan plan_attention(const StepBatch& batch, int kv_heads, int window,
                             RowPolicy rows = RowPolicy::Any, PageTable table = PageTable::All);

/// A layer with this window reads the keys of the oldest token that a step computes, and of so many
/// minus 1 before it, whatever the row policy.
constexpr int tokens_read(int window) {
  return window + kFixedAttentionRows - 1;
}

}  // namespace hearth::nn
