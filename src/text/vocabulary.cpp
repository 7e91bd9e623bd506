// What does each token of a model stand for?
#include "text/vocabulary.h"

#include <array>
#include <cstring>

#include "base/utf8.h"
#include "text/json_members.h"

namespace hearth::text {
namespace {

constexpr std::uint32_t kHole = UINT32_MAX;
constexpr std::string_view kLowerBlock = "\xE2\x96\x81";  // U+2581, SentencePiece's space

bool is_printable_in_gpt2(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

/// GPT-2's map: printable bytes stand for themselves, the others for U+0100 on, in order.
/// Index: code point below 0x144. Value: byte, or -1.
std::array<int, 0x144> byte_of_character() {
  std::array<int, 0x144> bytes;
  bytes.fill(-1);
  unsigned next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    bytes[is_printable_in_gpt2(byte) ? byte : next++] = static_cast<int>(byte);
  }
  return bytes;
}

/// A token with a character outside the map is taken as it stands, as the reference does.
std::string byte_level_bytes(std::string_view token) {
  static const std::array<int, 0x144> kBytes = byte_of_character();
  std::string bytes;
  for (std::string_view rest = token; !rest.empty();) {
    const base::Utf8Character c = base::first_character(rest);
    const int byte = c.valid && c.code_point < kBytes.size() ? kBytes[c.code_point] : -1;
    if (byte < 0) return std::string(token);
    bytes.push_back(static_cast<char>(byte));
    rest.remove_prefix(c.bytes);
  }
  return bytes;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// The byte of a token `<0xNN>`.
std::optional<char> fallback_byte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return std::nullopt;
  const int high = hex_digit(token[3]);
  const int low = hex_digit(token[4]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

std::string with_spaces(std::string_view token) {
  std::string text;
  for (std::size_t at = 0; at < token.size();) {
    const std::size_t next = token.find(kLowerBlock, at);
    text += token.substr(at, next - at);
    if (next == std::string_view::npos) break;
    text += ' ';
    at = next + kLowerBlock.size();
  }
  return text;
}

bool flag_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

AddedToken read_added(const json::object& token) {
  AddedToken added;
  added.id = static_cast<TokenId>(token.at("id").to_number<std::uint64_t>());
  added.text = string_at(token, "content");
  added.special = flag_at(token, "special");
  added.lstrip = flag_at(token, "lstrip");
  added.rstrip = flag_at(token, "rstrip");
  added.single_word = flag_at(token, "single_word");
  added.normalized = flag_at(token, "normalized");
  return added;
}

/// `{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}`
bool is_space_replacement(const json::object& step) {
  const json::value* pattern = step.if_contains("pattern");
  return string_at(step, "type") == "Replace" && string_at(step, "content") == " " &&
         pattern != nullptr && pattern->is_object() &&
         string_at(pattern->get_object(), "String") == kLowerBlock;
}

/// How many spaces a `Strip` step drops at the start; none if the step is something else.
std::optional<int> stripped_spaces(const json::object& step) {
  if (string_at(step, "type") != "Strip" || string_at(step, "content") != " ") return std::nullopt;
  if (step.at("stop").to_number<int>() != 0) return std::nullopt;
  return step.at("start").to_number<int>();
}

/// Spaces dropped by a decoder of SentencePiece's kind: Replace, ByteFallback, Fuse and perhaps
/// Strip.
std::optional<int> sentence_piece_strip(const json::array& steps) {
  if (steps.size() < 3 || steps.size() > 4) return std::nullopt;
  for (const json::value& step : steps) {
    if (!step.is_object()) return std::nullopt;
  }
  const bool known = is_space_replacement(steps[0].get_object()) &&
                     string_at(steps[1].get_object(), "type") == "ByteFallback" &&
                     string_at(steps[2].get_object(), "type") == "Fuse";
  if (!known) return std::nullopt;
  return steps.size() == 4 ? stripped_spaces(steps[3].get_object()) : 0;
}

}  // namespace

Result<Vocabulary> Vocabulary::read(std::string_view listing, const json::object& about) {
  Vocabulary vocabulary;
  while (!listing.empty()) {
    std::uint32_t size = 0;
    std::memcpy(&size, listing.data(), sizeof(size));
    listing.remove_prefix(sizeof(size));
    Token& token = vocabulary.tokens_.emplace_back();
    if (size == kHole) continue;
    token.present = true;
    token.text = listing.substr(0, size);
    listing.remove_prefix(size);
  }
  try {
    for (const json::value& token : about.at("added_tokens").as_array()) {
      vocabulary.added_.push_back(read_added(token.as_object()));
    }
    vocabulary.read_decoder(about.at("decoder"));
  } catch (const std::exception& error) {
    return fail(ErrorCode::CorruptData, "the tokenizer's description: {}", error.what());
  }
  vocabulary.fill_bytes();
  vocabulary.fill_ids();
  return vocabulary;
}

void Vocabulary::read_decoder(const json::value& decoder) {
  if (!decoder.is_object()) return;
  const json::object& object = decoder.get_object();
  if (string_at(object, "type") == "ByteLevel") decoder_ = DecoderKind::ByteLevel;
  const json::value* steps = object.if_contains("decoders");
  if (string_at(object, "type") != "Sequence" || steps == nullptr || !steps->is_array()) return;
  if (const auto spaces = sentence_piece_strip(steps->get_array())) {
    decoder_ = DecoderKind::SentencePiece;
    dropped_spaces_ = *spaces;
  }
}

void Vocabulary::fill_bytes() {
  for (const AddedToken& added : added_) {
    if (contains(added.id)) tokens_[added.id].special = added.special;
  }
  if (decoder_ == DecoderKind::Other) return;
  for (Token& token : tokens_) {
    if (decoder_ == DecoderKind::ByteLevel) {
      token.bytes = byte_level_bytes(token.text);
    } else if (const auto byte = fallback_byte(token.text)) {
      token.bytes = *byte;
      token.byte = true;
    } else {
      token.bytes = with_spaces(token.text);
    }
  }
}

void Vocabulary::fill_ids() {
  ids_.reserve(tokens_.size());
  for (TokenId id = 0; id < tokens_.size(); ++id) {
    if (tokens_[id].present) ids_.emplace(tokens_[id].text, id);
  }
  // The reference looks among the added tokens first.
  for (const AddedToken& added : added_) {
    if (contains(added.id)) ids_[tokens_[added.id].text] = added.id;
  }
}

const Vocabulary::Token* Vocabulary::at(TokenId id) const {
  return id < tokens_.size() ? &tokens_[id] : nullptr;
}

std::optional<TokenId> Vocabulary::find(std::string_view token) const {
  const auto found = ids_.find(token);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::string_view Vocabulary::text(TokenId id) const {
  const Token* token = at(id);
  return token != nullptr ? std::string_view(token->text) : std::string_view();
}

std::string_view Vocabulary::bytes(TokenId id) const {
  const Token* token = at(id);
  return token != nullptr ? std::string_view(token->bytes) : std::string_view();
}

bool Vocabulary::is_byte(TokenId id) const {
  const Token* token = at(id);
  return token != nullptr && token->byte;
}

bool Vocabulary::is_special(TokenId id) const {
  const Token* token = at(id);
  return token != nullptr && token->special;
}

bool Vocabulary::contains(TokenId id) const {
  const Token* token = at(id);
  return token != nullptr && token->present;
}

}  // namespace hearth::text
