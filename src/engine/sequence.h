// One request as the scheduler sees it: its tokens, and the pages that hold what is computed of
// them.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/page_pool.h"

namespace hearth::engine {

/// Names a sequence for as long as the engine lives; later requests have higher numbers.
enum class SequenceId : std::uint64_t {};

/// Prompt and generated tokens in one row. The scheduler only asks how many of them still have to
/// be computed: reading a prompt, decoding and computing anew after a preemption are the same
/// thing.
class Sequence {
 public:
  /// @param prompt          at least one token
  /// @param max_new_tokens  how many may be generated, at least 1
  Sequence(SequenceId id, std::vector<TokenId> prompt, std::uint32_t max_new_tokens)
      : id_(id),
        prompt_tokens_(static_cast<std::uint32_t>(prompt.size())),
        max_new_tokens_(max_new_tokens),
        tokens_(std::move(prompt)) {
    assert(!tokens_.empty() && max_new_tokens_ > 0);
  }

  SequenceId id() const { return id_; }
  std::span<const TokenId> tokens() const { return tokens_; }
  std::uint32_t length() const { return static_cast<std::uint32_t>(tokens_.size()); }
  std::uint32_t prompt_tokens() const { return prompt_tokens_; }
  std::uint32_t generated() const { return length() - prompt_tokens_; }
  bool full() const { return generated() >= max_new_tokens_; }

  /// Tokens that it may ever have to compute: all but the last one it generates.
  std::uint64_t most_computed() const {
    return std::uint64_t{prompt_tokens_} + max_new_tokens_ - 1;
  }

  /// Tokens whose keys and values lie in the pages.
  std::uint32_t computed() const { return computed_; }
  std::uint32_t uncomputed() const { return length() - computed_; }

  void append_token(TokenId token) { tokens_.push_back(token); }
  void mark_computed(std::uint32_t tokens) {
    assert(tokens <= uncomputed());
    computed_ += tokens;
    most_told_ = std::max(most_told_, computed_);
  }

  /// From now on the logits of all prompt tokens are wanted, so all must really be computed.
  void want_prompt_logits() { prompt_logits_ = true; }
  bool wants_all_logits() const { return prompt_logits_; }
  /// Whether the logits behind the token at `position` tell of a prompt token and were not given
  /// before a preemption.
  bool wants_prompt_logits(std::uint32_t position) const {
    return prompt_logits_ && position + 1 < prompt_tokens_ && position >= most_told_;
  }

  /// The page table: pages in the order of its tokens.
  std::span<const PageId> pages() const { return pages_; }
  void add_page(PageId page) { pages_.push_back(page); }
  /// Gives up what is computed; the caller releases the pages that come back.
  std::vector<PageId> take_pages() {
    computed_ = 0;
    return std::exchange(pages_, {});
  }

 private:
  SequenceId id_;
  std::uint32_t prompt_tokens_;
  std::uint32_t max_new_tokens_;
  std::uint32_t computed_ = 0;
  std::uint32_t most_told_ = 0;  ///< tokens that have ever been computed
  bool prompt_logits_ = false;
  std::vector<TokenId> tokens_;
  std::vector<PageId> pages_;
};

}  // namespace hearth::engine
