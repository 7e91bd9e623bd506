// The most similar earlier prompt, and the rule that tells it apart.
#include "engine/prompt_history.h"

#include <algorithm>

namespace hearth::engine {
namespace {

constexpr std::uint32_t kWindow = 8;  // tokens shown on each side

std::vector<TokenId> window(std::span<const TokenId> tokens, std::uint32_t position,
                            std::uint32_t before) {
  const auto begin = std::min<std::size_t>(position - before, tokens.size());
  const auto end = std::min<std::size_t>(std::size_t{position} + kWindow, tokens.size());
  return {tokens.begin() + static_cast<std::ptrdiff_t>(begin),
          tokens.begin() + static_cast<std::ptrdiff_t>(end)};
}

}  // namespace

PrefixMiss PromptHistory::miss(PrefixRule rule, std::uint32_t position, const Sequence& sequence,
                               const Entry& earlier) {
  const std::uint32_t before = std::min(position, kWindow);
  PrefixMiss miss{.rule = rule,
                  .position = position,
                  .here = window(sequence.tokens(), position, before),
                  .before = before};
  if (earlier.client == sequence.traits().client)
    miss.earlier = window(earlier.tokens, position, before);
  return miss;
}

std::uint32_t PromptHistory::common(const Entry& entry, Sequence& sequence) {
  const std::vector<std::uint64_t>& ours = sequence.page_hashes();
  const std::size_t pages = std::min(entry.page_hashes.size(), ours.size());
  // Hashes are chained: once two differ, all later ones do.
  std::size_t equal = 0;
  std::size_t end = pages;
  while (equal < end) {
    const std::size_t middle = (equal + end + 1) / 2;
    if (entry.page_hashes[middle - 1] == ours[middle - 1])
      equal = middle;
    else
      end = middle - 1;
  }
  const std::size_t from = equal * kPageTokens;
  return static_cast<std::uint32_t>(from) +
         common_tokens(std::span(entry.tokens).subspan(from), sequence.tokens().subspan(from));
}

PromptHistory::Similar PromptHistory::most_similar(Sequence& sequence) const {
  Similar best;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->id == sequence.id() || entry->salt != sequence.traits().salt) continue;
    const std::uint32_t tokens = common(*entry, sequence);
    if (best.entry == nullptr || tokens > best.tokens) best = {&*entry, tokens};
  }
  return best;
}

PromptHistory::Similar PromptHistory::other_salt(const Sequence& sequence) const {
  Similar best;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->salt == sequence.traits().salt) continue;
    const std::uint32_t tokens = common_tokens(entry->tokens, sequence.tokens());
    if (tokens > best.tokens) best = {&*entry, tokens};
  }
  return best;
}

PrefixMiss PromptHistory::explain(Sequence& sequence, std::uint32_t cached,
                                  std::uint32_t known) const {
  const std::size_t whole = sequence.length() / kPageTokens;
  if (whole > 0) tree_.page_hash(sequence, whole - 1);
  const Similar similar = most_similar(sequence);
  const Similar salted = other_salt(sequence);
  const std::uint32_t most = sequence.length() - 1;  // one token is always computed
  if (salted.tokens > std::max(similar.tokens, cached) + kPageTokens)
    return miss(PrefixRule::Salt, salted.tokens, sequence, *salted.entry);
  if (cached >= most) return {.rule = PrefixRule::Hit, .position = cached};
  if (similar.entry == nullptr || (similar.tokens == 0 && cached == 0))
    return {.rule = PrefixRule::NoEarlierPrompt};
  if (known >= cached + kPageTokens)
    return miss(PrefixRule::NoSnapshot, cached, sequence, *similar.entry);
  if (similar.tokens >= cached + kPageTokens && cached + kPageTokens < most)
    return miss(PrefixRule::Evicted, similar.tokens, sequence, *similar.entry);
  if (similar.tokens >= similar.entry->tokens.size())  // it goes on where the earlier one ended
    return {.rule = PrefixRule::Hit, .position = similar.tokens};
  return miss(PrefixRule::Differs, similar.tokens, sequence, *similar.entry);
}

void PromptHistory::remember(Sequence& sequence) {
  const auto known = std::ranges::find(entries_, sequence.id(), &Entry::id);
  if (known != entries_.end()) {
    tokens_ -= known->tokens.size();
    entries_.erase(known);
  }
  const std::size_t whole = sequence.length() / kPageTokens;
  if (whole > 0) tree_.page_hash(sequence, whole - 1);
  entries_.push_back({.id = sequence.id(),
                      .salt = sequence.traits().salt,
                      .client = sequence.traits().client,
                      .tokens = {sequence.tokens().begin(), sequence.tokens().end()},
                      .page_hashes = sequence.page_hashes()});
  tokens_ += sequence.length();
  make_room();
}

void PromptHistory::make_room() {
  while (entries_.size() > 1 && (entries_.size() > kPrompts || tokens_ > kTokens)) {
    tokens_ -= entries_.front().tokens.size();
    entries_.pop_front();
  }
}

}  // namespace hearth::engine
