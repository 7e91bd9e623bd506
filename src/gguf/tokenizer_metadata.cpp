// Tokens, kinds, scores, merges and special tokens.
#include "gguf/tokenizer_metadata.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>
#include <vector>

#include "gguf/merges.h"
#include "gguf/pre_tokenizers.h"
#include "gguf/vocabulary.h"

namespace hearth::gguf {

namespace {

constexpr std::string_view kFile = "tokenizer.json: ";

template <class... Args>
std::unexpected<Error> corrupt(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::CorruptData, "{}{}", kFile,
              fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
std::unexpected<Error> unsupported(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::UnsupportedArgument, "{}{}", kFile,
              fmt::format(format, std::forward<Args>(args)...));
}

const json::object* object_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value ? value->if_object() : nullptr;
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool true_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}

/// An id below `size`; nothing for all else.
std::optional<std::size_t> id_of(const json::value& value, std::size_t size) {
  if (!value.is_int64() || value.get_int64() < 0) return {};
  const auto id = static_cast<std::size_t>(value.get_int64());
  return id < size ? std::optional(id) : std::nullopt;
}

bool is_byte_token(std::string_view text) {
  return text.size() == 6 && text.starts_with("<0x") && text.ends_with('>');
}

/// [a, b], or "a b" as older files have it.
std::optional<std::pair<std::string, std::string>> merge_of(const json::value& merge) {
  if (const auto* pair = merge.if_array();
      pair && pair->size() == 2 && (*pair)[0].is_string() && (*pair)[1].is_string())
    return std::pair(std::string((*pair)[0].get_string()), std::string((*pair)[1].get_string()));
  const auto* text = merge.if_string();
  if (!text) return {};
  const std::string whole(*text);
  const std::size_t space = whole.find(' ', 1);
  if (space == whole.npos) return {};
  return std::pair(whole.substr(0, space), whole.substr(space + 1));
}

/// A token's text, which files give as it is or in an object.
std::string token_text(const json::object& config, std::string_view name) {
  if (const json::object* token = object_at(config, name)) return text_at(*token, "content");
  return text_at(config, name);
}

/// What the steps before the model do to spaces: SentencePiece's three ways.
enum class Spaces { NotPieces, Signs, SignsWithPrefix };

Spaces spaces_of(const json::object& tokenizer) {
  const json::value to_sign = {
      {"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kSpaceSign}};
  const json::value prefix = {{"type", "Prepend"}, {"prepend", kSpaceSign}};
  const json::value whole_words = {{"type", "Split"},
                                   {"pattern", {{"String", " "}}},
                                   {"behavior", "MergedWithPrevious"},
                                   {"invert", false}};
  const json::value* steps = tokenizer.if_contains("pre_tokenizer");
  if (steps && !steps->is_null() && *steps != whole_words) return Spaces::NotPieces;
  const json::object* normalizer = object_at(tokenizer, "normalizer");
  if (!normalizer) return Spaces::NotPieces;
  if (json::value(*normalizer) == to_sign) return Spaces::Signs;
  const json::value* list = normalizer->if_contains("normalizers");
  if (!list) return Spaces::NotPieces;
  if (*list == json::value(json::array{to_sign})) return Spaces::Signs;
  return *list == json::value(json::array{prefix, to_sign}) ? Spaces::SignsWithPrefix
                                                            : Spaces::NotPieces;
}

class Writer {
 public:
  Writer(const TokenizerFiles& files, std::size_t size)
      : files_(files), tokens_(size), kinds_(size, TokenKind::Unused), scores_(size, 0.0F) {}

  Result<Metadata> run() {
    const json::object* model = object_at(files_.tokenizer, "model");
    if (!model || text_at(*model, "type") != "BPE")
      return unsupported("its model is \"{}\"; only BPE can be written to GGUF",
                         model ? text_at(*model, "type") : "");
    TRY(take_tokens(*model));
    TRY(take_added());
    TRY(take_merges(*model));
    const Spaces spaces = spaces_of(files_.tokenizer);
    if (true_at(*model, "byte_fallback") && spaces != Spaces::NotPieces)
      TRY(write_pieces(*model, spaces));
    else
      TRY(write_bytes(*model));
    write_tokens();
    write_special();
    if (!files_.chat_template.empty())
      metadata_["tokenizer.chat_template"] = Value::text(files_.chat_template);
    return std::move(metadata_);
  }

 private:
  Result<void> take_tokens(const json::object& model);
  Result<void> take_added();
  Result<void> take_merges(const json::object& model);
  Result<void> write_bytes(const json::object& model);
  Result<void> write_pieces(const json::object& model, Spaces spaces);
  void set_scores();
  Result<void> check_order() const;
  void write_tokens();
  void write_special();
  bool begins_with(std::string_view token) const;

  const TokenizerFiles& files_;
  std::vector<std::string> tokens_;
  std::vector<TokenKind> kinds_;
  std::vector<float> scores_;
  Merges merges_;
  std::unordered_map<std::string, std::size_t> ids_;
  Metadata metadata_;
};

Result<void> Writer::take_tokens(const json::object& model) {
  const json::object* vocabulary = object_at(model, "vocab");
  if (!vocabulary) return corrupt("model.vocab is missing");
  for (const auto& member : *vocabulary) {
    const auto id = id_of(member.value(), tokens_.size());
    if (!id)
      return corrupt("model.vocab[\"{}\"] is no id below {}, the embedding's rows",
                     std::string_view(member.key()), tokens_.size());
    if (kinds_[*id] != TokenKind::Unused) return corrupt("model.vocab has the id {} twice", *id);
    tokens_[*id] = std::string(member.key());
    kinds_[*id] = TokenKind::Normal;
    ids_[tokens_[*id]] = *id;
  }
  return {};
}

Result<void> Writer::take_added() {
  const json::value* list = files_.tokenizer.if_contains("added_tokens");
  if (!list || !list->is_array()) return {};
  for (const json::value& item : list->get_array()) {
    const json::object* token = item.if_object();
    const json::value* value = token ? token->if_contains("id") : nullptr;
    const auto id = value ? id_of(*value, tokens_.size()) : std::nullopt;
    if (!id || text_at(*token, "content").empty())
      return corrupt("added_tokens has an entry without a content or an id below {}",
                     tokens_.size());
    const std::string text = text_at(*token, "content");
    if (const auto other = ids_.find(text); other != ids_.end() && other->second != *id)
      return corrupt("added_tokens has \"{}\" as {}, but it is token {}", text, *id, other->second);
    tokens_[*id] = text;
    kinds_[*id] = true_at(*token, "special") ? TokenKind::Control : TokenKind::UserDefined;
    ids_[tokens_[*id]] = *id;
  }
  return {};
}

Result<void> Writer::take_merges(const json::object& model) {
  const json::value* list = model.if_contains("merges");
  if (!list || !list->is_array()) return corrupt("model.merges is missing");
  for (const json::value& item : list->get_array()) {
    auto merge = merge_of(item);
    if (!merge || !ids_.contains(merge->first + merge->second))
      return corrupt("model.merges[{}] does not make a token", merges_.size());
    merges_.push_back(*std::move(merge));
  }
  return {};
}

Result<void> Writer::write_bytes(const json::object& model) {
  const json::value* steps = files_.tokenizer.if_contains("pre_tokenizer");
  const auto name =
      pre_tokenizer_name(steps ? *steps : json::value(), true_at(model, "ignore_merges"));
  if (name.empty())
    return unsupported(
        "how it cuts words (pre_tokenizer) has no name in GGUF that is known here (known: {})",
        pre_tokenizer_names());
  metadata_["tokenizer.ggml.model"] = Value::text("gpt2");
  metadata_["tokenizer.ggml.pre"] = Value::text(std::string(name));
  std::vector<Value> merges;
  merges.reserve(merges_.size());
  for (const auto& [left, right] : merges_)
    merges.push_back(Value::text(fmt::format("{} {}", left, right)));
  metadata_["tokenizer.ggml.merges"] = Value::array(ValueType::String, std::move(merges));
  return {};
}

/// Scores count down with the rank of the first merge that makes a piece.
void Writer::set_scores() {
  constexpr float kOfAdded = -1000.0F;  // which are never put together
  std::vector<bool> ranked(tokens_.size(), false);
  for (std::size_t rank = 0; rank < merges_.size(); ++rank) {
    const std::size_t id = ids_.at(merges_[rank].first + merges_[rank].second);
    if (!ranked[id]) scores_[id] = -static_cast<float>(rank);
    ranked[id] = true;
  }
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    if (kinds_[id] == TokenKind::Normal && is_byte_token(tokens_[id])) kinds_[id] = TokenKind::Byte;
    if (kinds_[id] == TokenKind::Normal && !ranked[id])
      scores_[id] = -static_cast<float>(merges_.size() + id);
    if (kinds_[id] == TokenKind::Control || kinds_[id] == TokenKind::UserDefined)
      scores_[id] = kOfAdded;
  }
}

Result<void> Writer::write_pieces(const json::object& model, Spaces spaces) {
  set_scores();
  std::string unknown = token_text(files_.config, "unk_token");
  if (unknown.empty()) unknown = text_at(model, "unk_token");
  if (const auto found = ids_.find(unknown); found != ids_.end())
    kinds_[found->second] = TokenKind::Unknown;
  TRY(check_order());
  for (std::size_t id = 0; id < tokens_.size(); ++id)
    if (kinds_[id] == TokenKind::UserDefined) tokens_[id] = with_spaces(tokens_[id]);
  metadata_["tokenizer.ggml.model"] = Value::text("llama");
  metadata_["tokenizer.ggml.pre"] = Value::text("default");
  metadata_["tokenizer.ggml.add_space_prefix"] = Value::boolean(spaces == Spaces::SignsWithPrefix);
  std::vector<Value> scores;
  scores.reserve(scores_.size());
  for (const float score : scores_) scores.push_back(Value::f32(score));
  metadata_["tokenizer.ggml.scores"] = Value::array(ValueType::F32, std::move(scores));
  return {};
}

/// Whether the scores give the pieces back in the order of the merges. Merges that make a token of
/// the user's (Gemma's runs of spaces) count for nothing: readers of GGUF cut such tokens out of a
/// text before all else. That is the same where they are the first merges too.
Result<void> Writer::check_order() const {
  std::vector<std::string> made;
  for (const auto& [left, right] : merges_) {
    std::string piece = left + right;
    const bool added = kinds_[ids_.at(piece)] == TokenKind::UserDefined;
    if (added && !made.empty() && piece.contains(kSpaceSign))
      return unsupported(
          "model.merges makes the added token \"{}\" after other pieces, but a GGUF file's tokens "
          "of "
          "that kind come before all merges",
          piece);
    if (!added) made.push_back(std::move(piece));
  }
  const Vocabulary vocabulary{.texts = {tokens_.begin(), tokens_.end()},
                              .kinds = kinds_,
                              .scores = {scores_.begin(), scores_.end()}};
  const Merges found = TRY(merges_by_score(vocabulary));
  const auto piece_of = [](const auto& merge) { return merge.first + merge.second; };
  if (std::ranges::equal(found, made, {}, piece_of)) return {};
  return unsupported(
      "its merges do not follow from scores of the tokens, which is all that GGUF has for them");
}

void Writer::write_tokens() {
  std::vector<Value> tokens;
  std::vector<Value> kinds;
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    const bool unused = kinds_[id] == TokenKind::Unused;
    tokens.push_back(Value::text(unused ? fmt::format("[PAD{}]", id) : tokens_[id]));
    kinds.push_back(Value::i32(static_cast<std::int32_t>(kinds_[id])));
  }
  metadata_["tokenizer.ggml.tokens"] = Value::array(ValueType::String, std::move(tokens));
  metadata_["tokenizer.ggml.token_type"] = Value::array(ValueType::I32, std::move(kinds));
}

void Writer::write_special() {
  for (const auto& [name, key] :
       {std::pair("bos_token", "bos"), std::pair("eos_token", "eos"),
        std::pair("unk_token", "unknown"), std::pair("pad_token", "padding")})
    if (const auto found = ids_.find(token_text(files_.config, name)); found != ids_.end())
      metadata_[fmt::format("tokenizer.ggml.{}_token_id", key)] =
          Value::u32(static_cast<std::uint32_t>(found->second));
  const std::string begin = token_text(files_.config, "bos_token");
  const json::value* told = files_.config.if_contains("add_bos_token");
  const bool adds = told && told->is_bool() ? told->get_bool() : begins_with(begin);
  metadata_["tokenizer.ggml.add_bos_token"] = Value::boolean(adds && !begin.empty());
  if (const json::value* end = files_.config.if_contains("add_eos_token"); end && end->is_bool())
    metadata_["tokenizer.ggml.add_eos_token"] = Value::boolean(end->get_bool());
}

/// Whether the post-processor puts the token in front of every text.
bool Writer::begins_with(std::string_view token) const {
  const json::object* after = object_at(files_.tokenizer, "post_processor");
  if (!after || token.empty()) return false;
  std::vector<const json::object*> steps{after};
  if (const json::value* list = after->if_contains("processors"); list && list->is_array())
    for (const json::value& step : list->get_array())
      if (step.is_object()) steps.push_back(&step.get_object());
  return std::ranges::any_of(steps, [&](const json::object* step) {
    const json::value* single = step->if_contains("single");
    if (!single || !single->is_array() || single->get_array().empty()) return false;
    const json::object* first = single->get_array()[0].if_object();
    const json::object* special = first ? object_at(*first, "SpecialToken") : nullptr;
    return special && text_at(*special, "id") == token;
  });
}

}  // namespace

Result<Metadata> tokenizer_metadata(const TokenizerFiles& files, std::size_t size) {
  return Writer(files, size).run();
}

}  // namespace hearth::gguf
