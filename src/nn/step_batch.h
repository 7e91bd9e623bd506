// What one forward pass computes: the tokens of all sequences of the step, lying flat.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "nn/mlx.h"

namespace hearth::nn {

/// Tokens of one page of the KV cache.
inline constexpr int kPageTokens = 32;

/// The pages that `tokens` tokens occupy.
constexpr int pages_for(int tokens) {
  return (tokens + kPageTokens - 1) / kPageTokens;
}

/// An adapter that adds to a sequence's layers.
struct AdapterUse {
  int adapter = 0;  ///< the model's number for it
  float scale = 1;  ///< of what it adds
};

/// One sequence's share of the step.
struct Segment {
  int first_row = 0;  ///< row of its first token in the batch
  int rows = 0;    ///< its tokens of this step: many while a prompt is read, one while it decodes
  int cached = 0;  ///< S: its tokens whose keys and values already lie in its pages
  /// Its page table: page numbers in the order of its tokens, pages_for(cached + rows) or more.
  /// A page may stand in several tables only where nobody writes it any more.
  std::vector<std::int32_t> pages = {};
  /// Its pages in layers with a window, where the cache keeps these apart: page `window_first` of
  /// its tokens and all behind it; what lies before is read by no row of the step.
  std::vector<std::int32_t> window_pages = {};
  int window_first = 0;
  /// The sequence's whole length as far as it is known (a prompt's while it is read in pieces):
  /// rotary variants that depend on the length choose by it. 0: cached + rows.
  int length = 0;
  /// Slot of its running recurrent state, its own in this step; -1 where the model keeps none. With
  /// cached == 0 it starts from zeros, whatever the slot holds.
  int state = -1;
  /// What adds to its layers; each adapter at most once.
  std::vector<AdapterUse> adapters = {};

  int known_length() const { return length > cached + rows ? length : cached + rows; }
};

/// T tokens of any number of sequences, prompt pieces and single decoding tokens mixed.
struct StepBatch {
  mx::array ids;                  ///< [T] int32 token ids, each in [0, V); may be lazy
  mx::array positions;            ///< [T] int32, each within its own sequence
  std::vector<Segment> segments;  ///< in the order of their rows; together they cover all T rows
  std::vector<std::int32_t>
      wanted;  ///< [R] rows whose logits are wanted, in any order; may be empty

  int tokens() const { return ids.shape(0); }
};

/// Lays out a step: positions follow from the segments (cached, cached + 1, ...).
///
/// @param ids  [T] token ids, whose range the caller vouches for: MLX does not check it.
/// @returns    InvalidArgument where segments do not cover the rows in order without gaps, a page
///             table is too short or holds a negative page, or a wanted row is outside [0, T).
///             An empty table of window pages is not looked at.
/// Thread: engine only.
Result<StepBatch> make_step(std::span<const std::int32_t> ids, std::vector<Segment> segments,
                            std::vector<std::int32_t> wanted);

}  // namespace hearth::nn
