// Byte ranges of tokens, from one stage of a reply to the next.
#include "engine/host/token_trace.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/utf8.h"

namespace hearth::engine {
namespace {

bool goes_on(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Characters that lie wholly before `position`.
std::uint32_t characters_before(std::string_view text, std::size_t position) {
  std::uint32_t count = 0;
  for (const char byte : text.substr(0, position)) count += goes_on(byte) ? 0 : 1;
  const bool within = position > 0 && position < text.size() && goes_on(text[position]);
  return within ? count - 1 : count;
}

}  // namespace

/// Tokens of unusual decoders have no bytes of their own; their spelling must do.
std::string TokenTrace::bytes_of(TokenId token) const {
  const std::string_view bytes = tokenizer_->vocabulary().bytes(token);
  return std::string(bytes.empty() ? tokenizer_->token_text(token) : bytes);
}

void TokenTrace::add(TokenId token, const std::optional<RowChances>& chances, Width width) {
  Entry& entry = entries_.emplace_back();
  entry.width = width;
  entry.report.id = token;
  if (width == Width::Text) {
    entry.report.bytes = bytes_of(token);
  } else {
    entry.decoded = true;
    entry.begin = entry.end = decoded_;
    entry.report.bytes = tokenizer_->token_text(token);
    entry.report.offset = content_.characters;
  }
  if (!chances || width == Width::None) return;
  entry.report.logprob = chances->logprob;
  entry.report.top.reserve(chances->top.size());
  for (const Candidate& candidate : chances->top)
    entry.report.top.push_back(
        {.id = candidate.id, .bytes = bytes_of(candidate.id), .logprob = candidate.logit});
}

// Tokens that make up characters together divide what was given by their own lengths. It is less
// where the decoder dropped spaces at the start, and more where U+FFFD stands for a stray byte.
void TokenTrace::decoded(std::size_t bytes) {
  if (bytes == 0) return;
  std::vector<Entry*> group;
  std::size_t own = 0;
  for (Entry& entry : entries_) {
    if (entry.decoded) continue;
    group.push_back(&entry);
    own += entry.report.bytes.size();
  }
  std::size_t dropped = own > bytes ? own - bytes : 0;
  std::size_t replaced = bytes > own ? bytes - own : 0;
  const std::size_t end = decoded_ + bytes;
  for (Entry* entry : group) {
    std::string& text = entry->report.bytes;
    const std::size_t spaces = std::min(text.find_first_not_of(' '), text.size());
    const std::size_t cut = std::min(spaces, dropped);
    text.erase(0, cut);
    dropped -= cut;
    entry->decoded = true;
    entry->begin = decoded_;
    const std::size_t width = text.size() + (base::is_utf8(text) ? 0 : std::exchange(replaced, 0));
    decoded_ = entry->end = std::min(decoded_ + width, end);
  }
  if (!group.empty()) group.back()->end = end;
  decoded_ = end;
}

void TokenTrace::place(TextDelta::Kind kind, std::size_t begin, std::string_view text) {
  std::erase_if(entries_, [&](const Entry& entry) {  // what lies before was swallowed
    return entry.decoded && !entry.kind && entry.width != Width::Marked && entry.end <= begin;
  });
  for (Entry& entry : entries_)
    if (entry.decoded && entry.begin < begin + text.size()) place(entry, kind, begin, text);
  Extent& extent = kind == TextDelta::Kind::Content ? content_ : reasoning_;
  extent.bytes += text.size();
  extent.characters += characters_before(text, text.size());
}

void TokenTrace::place(Entry& entry, TextDelta::Kind kind, std::size_t begin,
                       std::string_view text) {
  if (entry.width != Width::Text || entry.end <= begin) return;
  const bool moved = entry.kind == TextDelta::Kind::Reasoning && kind == TextDelta::Kind::Content;
  const Extent& extent = kind == TextDelta::Kind::Content ? content_ : reasoning_;
  const std::size_t first = std::max(entry.begin, begin) - begin;
  if (!entry.kind || moved) {
    entry.kind = kind;
    entry.content_begin = extent.bytes + first;
    entry.report.offset = extent.characters + characters_before(text, first);
  }
  if (entry.kind == kind)
    entry.content_end = extent.bytes + std::min(entry.end - begin, text.size());
}

std::vector<TokenReport> TokenTrace::take(std::size_t given, bool last) {
  std::vector<TokenReport> reports;
  while (!entries_.empty()) {
    Entry& entry = entries_.front();
    if (entry.kind == TextDelta::Kind::Content) {
      const bool out = last ? entry.content_begin < given : entry.content_end <= given;
      if (!out) break;
    } else if (!entry.kind && entry.width == Width::Text) {
      break;
    }
    if (entry.width != Width::None) reports.push_back(std::move(entry.report));
    entries_.pop_front();
  }
  return reports;
}

}  // namespace hearth::engine
