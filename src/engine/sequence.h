// One request as the scheduler sees it: its tokens, and the pages that hold what is computed of
// them.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/fair_share.h"
#include "engine/page_pool.h"
#include "engine/prefix_miss.h"
#include "engine/window_table.h"

namespace hearth::engine {

/// Names a sequence for as long as the engine lives; later requests have higher numbers.
enum class SequenceId : std::uint64_t {};

/// Number of a recurrent state's slot on the device.
using StateId = std::int32_t;
inline constexpr StateId kNoState = -1;

/// An adapter of a sequence, by the model's number for it.
struct SequenceAdapter {
  std::int32_t number = 0;
  float scale = 1;
};

/// What a request brings beside its tokens.
struct SequenceTraits {
  Priority priority = Priority::Normal;
  std::string client = {};  ///< shares are fair between clients
  std::string salt = {};    ///< whatever else changes what is computed: adapters, images
  std::vector<SequenceAdapter> adapters = {};  ///< named in the salt as well
  bool reuse = true;                           ///< its prompt may come from the cache
  std::optional<double> expiry_s = {};         ///< given up at this time, on the scheduler's clock
  std::vector<std::uint32_t> marks = {};  ///< token counts after which a later prompt may differ
};

/// The scheduler's own notes about a sequence.
struct Standing {
  double arrived_s = 0;
  double queued_s = 0;  ///< since when it waits
  double waited_s = 0;  ///< in earlier stays in the queue
  Client* client = nullptr;
  std::uint32_t reserved_pages = 0;   ///< its table may grow to this without asking
  std::uint32_t window_reserved = 0;  ///< window pages that it may take without asking
  std::uint32_t shared_pages = 0;     ///< of its table, when it was admitted
  std::uint32_t published = 0;        ///< pages of its table that others may share
  std::uint32_t planned = 0;          ///< tokens of the step that is being planned
  std::uint32_t overtaken = 0;        ///< times that a later one was admitted while it waited
  std::uint32_t awaited_tokens = 0;   ///< what `provider` is computing for it too
  std::uint32_t missed = 0;           ///< steps in which its answer got no token
  std::uint64_t admitted_step = 0;
  double boost = std::numeric_limits<double>::infinity();  ///< best rank of those who wait for it
  SequenceId provider{};
  bool running = false;
  bool admitted_before = false;
  bool suspect = false;  ///< was in a step that failed
  /// Token counts where others may go on, rising: computing pauses there for a snapshot, and the
  /// window pages before them are kept for long.
  std::vector<std::uint32_t> stops;
  PageId rolling = kNoPage;  ///< where the latest snapshot of its answer hangs
};

/// Prompt and generated tokens in one row. The scheduler only asks how many of them still have to
/// be computed: reading a prompt, decoding and computing anew after a preemption are the same
/// thing.
class Sequence {
 public:
  /// @param prompt          at least one token
  /// @param max_new_tokens  how many may be generated, at least 1
  Sequence(SequenceId id, std::vector<TokenId> prompt, std::uint32_t max_new_tokens,
           SequenceTraits traits = {})
      : id_(id),
        prompt_tokens_(static_cast<std::uint32_t>(prompt.size())),
        max_new_tokens_(max_new_tokens),
        traits_(std::move(traits)),
        tokens_(std::move(prompt)) {
    assert(!tokens_.empty() && max_new_tokens_ > 0);
  }

  SequenceId id() const { return id_; }
  const SequenceTraits& traits() const { return traits_; }
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

  /// How many of its tokens may come from the cache: at least one is always computed.
  std::uint32_t reusable() const {
    const bool own_only = prompt_logits_ || !traits_.reuse;
    return own_only ? std::min(length() - 1, most_told_) : length() - 1;
  }

  /// The page table: pages in the order of its tokens.
  std::span<const PageId> pages() const { return pages_; }
  void add_page(PageId page) { pages_.push_back(page); }
  void replace_page(std::size_t index, PageId page) { pages_[index] = page; }
  /// Gives up what is computed; the caller releases the pages that come back.
  std::vector<PageId> take_pages() {
    computed_ = 0;
    return std::exchange(pages_, {});
  }

  /// Its pages in layers with a window; empty where the model has no such pages.
  WindowTable& windows() { return windows_; }
  const WindowTable& windows() const { return windows_; }

  /// Slot of its recurrent state; kNoState where the model keeps none, or while it waits.
  StateId state() const { return state_; }
  void set_state(StateId state) { state_ = state; }

  /// Prompt tokens that needed no computing when it first ran, and why not more.
  std::uint32_t cached_tokens() const { return cached_tokens_; }
  const PrefixMiss& prefix_miss() const { return miss_; }
  void set_cached(std::uint32_t tokens, PrefixMiss miss) {
    cached_tokens_ = tokens;
    miss_ = std::move(miss);
  }

  /// Chained hashes of its whole pages, as far as somebody asked; for the prefix tree.
  std::vector<std::uint64_t>& page_hashes() { return page_hashes_; }
  /// Others may go on after this many tokens (Standing::stops).
  void add_stop(std::uint32_t tokens);

  Standing& standing() { return standing_; }
  const Standing& standing() const { return standing_; }

 private:
  SequenceId id_;
  std::uint32_t prompt_tokens_;
  std::uint32_t max_new_tokens_;
  std::uint32_t computed_ = 0;
  std::uint32_t most_told_ = 0;  ///< tokens that have ever been computed
  bool prompt_logits_ = false;
  std::uint32_t cached_tokens_ = 0;
  StateId state_ = kNoState;
  SequenceTraits traits_;
  std::vector<TokenId> tokens_;
  std::vector<PageId> pages_;
  WindowTable windows_;
  std::vector<std::uint64_t> page_hashes_;
  PrefixMiss miss_;
  Standing standing_;
};

inline void Sequence::add_stop(std::uint32_t tokens) {
  std::vector<std::uint32_t>& stops = standing_.stops;
  const auto place = std::ranges::lower_bound(stops, tokens);
  if (tokens > computed_ && (place == stops.end() || *place != tokens)) stops.insert(place, tokens);
}

}  // namespace hearth::engine
