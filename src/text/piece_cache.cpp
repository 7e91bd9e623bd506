// Which parts of a prompt were encoded before?
#include "text/piece_cache.h"

#include <algorithm>

namespace hearth::text {
namespace {

/// Whether a component, or one inside it, is a Metaspace that treats the first piece otherwise.
bool has_first_only_space(const json::value& component) {
  if (component.is_array()) {
    return std::any_of(component.get_array().begin(), component.get_array().end(),
                       has_first_only_space);
  }
  if (!component.is_object()) return false;
  for (const auto& member : component.get_object()) {
    if (member.key() == "prepend_scheme" && member.value() == json::value("first")) return true;
    if (has_first_only_space(member.value())) return true;
  }
  return false;
}

std::vector<std::string> texts_of_raw_tokens(const Vocabulary& vocabulary) {
  std::vector<std::string> texts;
  for (const AddedToken& token : vocabulary.added()) {
    if (!token.normalized) texts.push_back(token.text);
  }
  return texts;
}

}  // namespace

PieceCache::PieceCache(const Vocabulary& vocabulary, std::size_t max_bytes)
    : patterns_(texts_of_raw_tokens(vocabulary)), max_bytes_(max_bytes) {
  for (const AddedToken& token : vocabulary.added()) {
    if (!token.normalized) tokens_.push_back(token.id);
  }
}

bool PieceCache::is_exact(const Vocabulary& vocabulary, const json::object& about) {
  const bool plain =
      std::none_of(vocabulary.added().begin(), vocabulary.added().end(),
                   [](const AddedToken& t) { return t.lstrip || t.rstrip || t.single_word; });
  return plain && !has_first_only_space(about.at("pre_tokenizer"));
}

std::vector<PieceCache::Part> PieceCache::split(std::string_view text) const {
  std::vector<Part> parts;
  std::size_t at = 0;
  for (const PatternSet::Match& match : patterns_.find_all(text)) {
    if (match.begin > at) parts.push_back({text.substr(at, match.begin - at), {}});
    parts.push_back({text.substr(match.begin, match.length), tokens_[match.pattern]});
    at = match.begin + match.length;
  }
  if (at < text.size()) parts.push_back({text.substr(at), {}});
  return parts;
}

std::optional<std::vector<TokenId>> PieceCache::find(std::string_view piece) {
  const std::scoped_lock lock(mutex_);
  const auto found = index_.find(piece);
  if (found == index_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->ids;
}

void PieceCache::keep(std::string_view piece, const std::vector<TokenId>& ids) {
  const std::scoped_lock lock(mutex_);
  if (index_.contains(piece)) return;
  entries_.push_front({std::string(piece), ids});
  bytes_ += entries_.front().bytes();
  index_.emplace(entries_.front().piece, entries_.begin());
  while (bytes_ > max_bytes_ && !entries_.empty()) {
    const Entry& oldest = entries_.back();
    bytes_ -= oldest.bytes();
    index_.erase(oldest.piece);
    entries_.pop_back();
  }
}

std::size_t PieceCache::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

std::size_t PieceCache::Entry::bytes() const {
  return sizeof(Entry) + piece.size() + ids.size() * sizeof(TokenId);
}

}  // namespace hearth::text
