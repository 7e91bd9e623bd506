// What one forward pass computes, as bookkeeping: which sequence, how many tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/sequence.h"

namespace hearth::engine {

/// One sequence's share of a step: its next `tokens` uncomputed tokens. Its pages suffice for them.
struct Slice {
  Sequence* sequence = nullptr;  ///< owned by the scheduler, valid until it is removed there
  std::uint32_t tokens = 0;

  /// Whether the slice reaches the sequence's end, so that its last row tells the next token.
  bool wants_logits() const { return tokens == sequence->uncomputed(); }
  /// Whether somebody reads the logits of a row, counted within the slice.
  bool wants_row(std::uint32_t row) const {
    return (row + 1 == tokens && wants_logits()) ||
           sequence->wants_prompt_logits(sequence->computed() + row);
  }
};

struct StepPlan {
  std::vector<Slice> slices;          ///< oldest sequence first
  std::uint32_t tokens = 0;           ///< of all slices
  std::vector<SequenceId> preempted;  ///< lost their pages to older ones, newest first

  bool empty() const { return slices.empty(); }
  void add(Sequence& sequence, std::uint32_t slice_tokens) {
    slices.push_back({&sequence, slice_tokens});
    tokens += slice_tokens;
  }
};

}  // namespace hearth::engine
