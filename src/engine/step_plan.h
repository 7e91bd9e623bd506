// What one forward pass computes, as bookkeeping: which sequence, how many tokens, and what is
// copied before it.
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
  /// Whether it is one more token of an answer, and not a piece of a prompt.
  bool decodes() const { return tokens == 1 && sequence->generated() > 0 && wants_logits(); }
};

struct PageCopy {
  PageId from = kNoPage;
  PageId to = kNoPage;
};
struct StateCopy {
  StateId from = kNoState;
  StateId to = kNoState;
};

struct StepPlan {
  std::vector<Slice> slices;
  std::uint32_t tokens = 0;    ///< of all slices
  std::uint32_t decoding = 0;  ///< of them those that continue answers

  // Done before the slices are computed, in this order; within each list everything is read before
  // anything is written.
  std::vector<StateCopy> state_saves;
  std::vector<StateCopy> state_restores;
  std::vector<PageCopy> page_copies;
  std::vector<PageCopy> window_copies;  ///< pages of layers with a window, where these are apart

  std::vector<Sequence*> admitted;    ///< run for the first time
  std::vector<SequenceId> preempted;  ///< lost their pages and wait again
  std::vector<SequenceId> expired;    ///< were given up: their time is over, and they are gone

  bool empty() const { return slices.empty(); }
  void add(Sequence& sequence, std::uint32_t slice_tokens) {
    slices.push_back({&sequence, slice_tokens});
    tokens += slice_tokens;
    if (slices.back().decodes()) ++decoding;
  }
  /// Keeps the memory of its lists.
  void clear() {
    slices.clear();
    tokens = decoding = 0;
    state_saves.clear();
    state_restores.clear();
    page_copies.clear();
    window_copies.clear();
    admitted.clear();
    preempted.clear();
    expired.clear();
  }
};

}  // namespace hearth::engine
