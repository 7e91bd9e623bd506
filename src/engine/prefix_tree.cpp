// Finding, adding and forgetting pages of the prefix tree.
#include "engine/prefix_tree.h"

#include <algorithm>
#include <cassert>

namespace hearth::engine {
namespace {

std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 32;
  value *= 0xD6E8FEB86659FD93ULL;
  value ^= value >> 29;
  return value;
}

std::uint64_t hash_salt(std::string_view salt) {
  std::uint64_t hash = 0x9E3779B97F4A7C15ULL;
  for (const char letter : salt) hash = mix(hash ^ static_cast<unsigned char>(letter));
  return hash;
}

std::span<const TokenId> page_tokens(const Sequence& sequence, std::size_t index) {
  return sequence.tokens().subspan(index * kPageTokens, kPageTokens);
}

}  // namespace

std::uint64_t hash_tokens(std::uint64_t before, std::span<const TokenId> tokens) {
  std::uint64_t hash = before + 0x9E3779B97F4A7C15ULL;
  for (const TokenId token : tokens) hash = mix(hash ^ token);
  return hash;
}

std::uint32_t common_tokens(std::span<const TokenId> a, std::span<const TokenId> b) {
  const auto end = std::ranges::mismatch(a, b).in1;
  return static_cast<std::uint32_t>(end - a.begin());
}

std::uint64_t PrefixTree::page_hash(Sequence& sequence, std::size_t index) const {
  std::vector<std::uint64_t>& hashes = sequence.page_hashes();
  while (hashes.size() <= index) {
    const std::uint64_t before = hashes.empty() ? hash_salt(sequence.traits().salt) : hashes.back();
    hashes.push_back(hash_(before, page_tokens(sequence, hashes.size())));
  }
  return hashes[index];
}

bool PrefixTree::contains(PageId page) const {
  return static_cast<std::size_t>(page) < nodes_.size() && node(page).in;
}

PageId PrefixTree::first_child(Parent parent) const {
  if (parent == kNobody) return kNoPage;
  return parent >= 0 ? node(parent).first_child : roots_[root_index(parent)].first_child;
}

PrefixTree::Parent PrefixTree::find_root(const std::string& salt) const {
  const auto found = root_numbers_.find(salt);
  return found == root_numbers_.end() ? kNobody : -2 - static_cast<Parent>(found->second);
}

PrefixTree::Parent PrefixTree::make_root(const std::string& salt) {
  if (const Parent root = find_root(salt); root != kNobody) return root;
  std::size_t index = roots_.size();
  if (free_roots_.empty()) {
    roots_.emplace_back();
  } else {
    index = free_roots_.back();
    free_roots_.pop_back();
  }
  roots_[index] = {.salt = salt};
  root_numbers_.emplace(salt, index);
  return -2 - static_cast<Parent>(index);
}

void PrefixTree::drop_root(Parent root) {
  const std::size_t index = root_index(root);
  root_numbers_.erase(roots_[index].salt);
  free_roots_.push_back(index);
}

PageId PrefixTree::find(std::uint64_t hash, Parent parent, std::span<const TokenId> tokens) const {
  const auto found = index_.find(hash);
  if (found == index_.end()) return kNoPage;
  const Node& candidate = node(found->second);
  const bool same = candidate.parent == parent && std::ranges::equal(candidate.tokens, tokens);
  return same ? found->second : kNoPage;
}

PrefixMatch PrefixTree::match(Sequence& sequence, std::uint32_t limit, bool with_states) const {
  PrefixMatch match;
  Parent at = find_root(sequence.traits().salt);
  std::size_t usable = 0;
  while (at != kNobody && (match.whole.size() + 1) * kPageTokens <= limit) {
    const std::size_t index = match.whole.size();
    const PageId page = find(page_hash(sequence, index), at, page_tokens(sequence, index));
    if (page == kNoPage) break;
    match.whole.push_back(page);
    at = page;
    if (node(page).state == kNoState) continue;
    match.state = node(page).state;
    usable = match.whole.size();
  }
  match.pages_known = static_cast<std::uint32_t>(match.whole.size());
  if (with_states)
    match.whole.resize(usable);
  else
    match_part(sequence, at, limit, match);
  return match;
}

void PrefixTree::match_part(Sequence& sequence, Parent parent, std::uint32_t limit,
                            PrefixMatch& match) const {
  const auto rest = sequence.tokens().first(limit).subspan(match.whole_tokens());
  const auto consider = [&](PageId page) {
    const Node& child = node(page);
    const auto common = common_tokens(std::span(child.tokens).first(child.filled), rest);
    if (common <= match.part_tokens) return;
    match.part = page;
    match.part_tokens = common;
  };
  const std::size_t index = match.whole.size();
  if ((index + 1) * kPageTokens <=
      sequence.length()) {  // a whole page, of which the limit cuts off
    const PageId page = find(page_hash(sequence, index), parent, page_tokens(sequence, index));
    if (page != kNoPage) return consider(page);
  }
  PageId child = first_child(parent);
  for (int n = 0; n < kCompared && child != kNoPage; ++n, child = node(child).after)
    consider(child);
}

PrefixTree::Parent PrefixTree::parent_of(const Sequence& sequence, std::size_t index) {
  return index == 0 ? make_root(sequence.traits().salt) : sequence.pages()[index - 1];
}

PageId PrefixTree::add(Sequence& sequence, std::size_t index) {
  const PageId page = sequence.pages()[index];
  const std::uint64_t hash = page_hash(sequence, index);
  const auto tokens = page_tokens(sequence, index);
  const auto taken = index_.find(hash);
  if (taken != index_.end()) {
    const Parent parent =
        index == 0 ? find_root(sequence.traits().salt) : sequence.pages()[index - 1];
    return find(hash, parent, tokens);
  }
  insert(page, parent_of(sequence, index), hash, tokens);
  index_.emplace(hash, page);
  return page;
}

bool PrefixTree::add_part(const Sequence& sequence, std::size_t index, std::uint32_t filled) {
  const auto tokens = sequence.tokens().subspan(index * kPageTokens, filled);
  const Parent known = index == 0 ? find_root(sequence.traits().salt) : sequence.pages()[index - 1];
  PageId child = first_child(known);
  for (int n = 0; n < kCompared && child != kNoPage; ++n, child = node(child).after) {
    const Node& other = node(child);
    if (common_tokens(std::span(other.tokens).first(other.filled), tokens) == filled) return false;
  }
  insert(sequence.pages()[index], parent_of(sequence, index), 0, tokens);
  return true;
}

void PrefixTree::insert(PageId page, Parent parent, std::uint64_t hash,
                        std::span<const TokenId> tokens) {
  if (static_cast<std::size_t>(page) >= nodes_.size())
    nodes_.resize(static_cast<std::size_t>(page) + 1);
  Node& added = node(page);
  assert(!added.in);
  added = {.in = true, .filled = static_cast<std::uint32_t>(tokens.size()), .hash = hash};
  std::ranges::copy(tokens, added.tokens.begin());
  link(page, parent);
  ++pages_;
}

void PrefixTree::link(PageId page, Parent parent) {
  Node& child = node(page);
  PageId& first = parent >= 0 ? node(parent).first_child : roots_[root_index(parent)].first_child;
  child.parent = parent;
  child.after = first;
  if (first != kNoPage) node(first).before = page;
  first = page;
  ++(parent >= 0 ? node(parent).children : roots_[root_index(parent)].children);
}

void PrefixTree::unlink(PageId page) {
  const Node& child = node(page);
  const Parent parent = child.parent;
  PageId& first = parent >= 0 ? node(parent).first_child : roots_[root_index(parent)].first_child;
  (child.before == kNoPage ? first : node(child.before).after) = child.after;
  if (child.after != kNoPage) node(child.after).before = child.before;
  auto& children = parent >= 0 ? node(parent).children : roots_[root_index(parent)].children;
  if (--children == 0 && parent < 0) drop_root(parent);
}

void PrefixTree::remove(PageId page) {
  Node& gone = node(page);
  assert(gone.in && gone.children == 0 && gone.state == kNoState);
  unlink(page);
  if (gone.filled == kPageTokens) index_.erase(gone.hash);
  gone.in = false;
  --pages_;
}

void PrefixTree::check_integrity() const {
  std::uint32_t pages = 0;
  std::uint32_t whole = 0;
  std::vector<std::uint32_t> children(nodes_.size(), 0);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& one = nodes_[i];
    if (!one.in) continue;
    ++pages;
    whole += one.filled == kPageTokens ? 1 : 0;
    assert(one.parent < 0 || (node(one.parent).in && node(one.parent).filled == kPageTokens));
    if (one.parent >= 0) ++children[static_cast<std::size_t>(one.parent)];
    assert(one.filled < kPageTokens || index_.at(one.hash) == static_cast<PageId>(i));
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    assert(!nodes_[i].in || nodes_[i].children == children[i]);
  assert(pages == pages_ && whole == index_.size());
  assert(root_numbers_.size() + free_roots_.size() == roots_.size());
  static_cast<void>(pages);
  static_cast<void>(whole);
}

}  // namespace hearth::engine
