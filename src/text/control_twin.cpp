// How is a text encoded in which only the template's control tokens count?
#include "text/control_twin.h"

#include <hearth_bridge.h>
#include <map>
#include <string>

#include "base/json.h"
#include "text/bridge_call.h"
#include "text/control_marks.h"

namespace hearth::text {
namespace {

using Spellings = std::map<TokenId, std::string>;

/// BPE, WordPiece and WordLevel hold their vocabulary as {text: id}, Unigram as [[text, score]].
void respell_vocabulary(json::object& model, const Vocabulary& vocabulary,
                        const Spellings& spellings) {
  json::value& pieces = model.at("vocab");
  for (const auto& [id, spelling] : spellings) {
    const std::string_view text = vocabulary.text(id);
    if (json::object* map = pieces.if_object()) {
      const auto found = map->find(text);
      if (found == map->end()) continue;
      const json::value number = found->value();
      map->erase(found);
      map->emplace(spelling, number);
    } else if (json::array* list = pieces.if_array(); list != nullptr && id < list->size()) {
      json::value& piece = (*list)[id].as_array().at(0);
      if (piece == json::value(text)) piece = spelling;
    }
  }
}

void respell_unknown(json::object& model, const Vocabulary& vocabulary,
                     const Spellings& spellings) {
  json::value* unknown = model.if_contains("unk_token");
  if (unknown == nullptr || !unknown->is_string()) return;
  const auto id = vocabulary.find(unknown->get_string());
  if (!id) return;
  const auto found = spellings.find(*id);
  if (found != spellings.end()) *unknown = found->second;
}

void respell_added(json::array& added, const Spellings& spellings) {
  for (json::value& entry : added) {
    json::object& token = entry.as_object();
    const auto id = static_cast<TokenId>(token.at("id").to_number<std::uint64_t>());
    const auto found = spellings.find(id);
    if (found == spellings.end()) continue;
    token["content"] = found->second;
    token["normalized"] = false;
  }
}

Result<std::string> respelled(std::string_view original, const Vocabulary& vocabulary,
                              const Spellings& spellings) {
  try {
    json::value root = json::parse(original);
    json::object& tokenizer = root.as_object();
    json::object& model = tokenizer.at("model").as_object();
    respell_vocabulary(model, vocabulary, spellings);
    respell_unknown(model, vocabulary, spellings);
    respell_added(tokenizer.at("added_tokens").as_array(), spellings);
    tokenizer["post_processor"] = nullptr;
    return json::serialize(root);
  } catch (const std::exception& error) {
    return fail(ErrorCode::CorruptData, "the tokenizer's own form: {}", error.what());
  }
}

}  // namespace

Result<std::shared_ptr<const ControlTwin>> ControlTwin::build(
    const hearth_tokenizer* original, const Vocabulary& vocabulary,
    std::span<const TokenId> control_tokens) {
  Spellings spellings;
  for (const TokenId id : control_tokens) spellings.emplace(id, control_spelling(id));
  BridgeOutput source;
  TRY(check_bridge(hearth_tokenizer_json(original, source.slot()), source, ErrorCode::Internal));
  const std::string text = TRY(respelled(source.view(), vocabulary, spellings));

  hearth_tokenizer* handle = nullptr;
  BridgeOutput output;
  const int status =
      hearth_tokenizer_create({text.data(), text.size()}, {nullptr, 0}, &handle, output.slot());
  TRY(check_bridge(status, output, ErrorCode::Internal));
  std::shared_ptr<ControlTwin> twin(new ControlTwin);
  twin->handle_.reset(handle);
  TRY(twin->map_added_tokens(vocabulary, control_tokens));
  return twin;
}

/// Added tokens that are no part of the model's vocabulary may be numbered anew.
Result<void> ControlTwin::map_added_tokens(const Vocabulary& vocabulary,
                                           std::span<const TokenId> control_tokens) {
  BridgeOutput output;
  const int status = hearth_tokenizer_describe(handle_.get(), output.slot());
  TRY(check_bridge(status, output, ErrorCode::Internal));
  std::map<std::string, TokenId, std::less<>> originals;
  for (const TokenId id : control_tokens) originals.emplace(control_spelling(id), id);
  const json::value about = TRY(base::parse_json(output.view()));
  for (const json::value& entry : about.at("added_tokens").as_array()) {
    const std::string_view text = entry.at("content").as_string();
    const auto id = static_cast<TokenId>(entry.at("id").to_number<std::uint64_t>());
    const auto control = originals.find(text);
    const std::optional<TokenId> original =
        control != originals.end() ? std::optional(control->second) : vocabulary.find(text);
    if (!original) return fail(ErrorCode::Internal, "the twin tokenizer has a token too many");
    if (*original != id) original_.emplace(id, *original);
  }
  return {};
}

Result<std::vector<TokenId>> ControlTwin::encode(std::string_view text) const {
  BridgeOutput output;
  const int status =
      hearth_tokenizer_encode(handle_.get(), {text.data(), text.size()}, false, output.slot());
  TRY(check_bridge(status, output, ErrorCode::InvalidArgument));
  std::vector<TokenId> ids = output.ids();
  if (original_.empty()) return ids;
  for (TokenId& id : ids) {
    const auto found = original_.find(id);
    if (found != original_.end()) id = found->second;
  }
  return ids;
}

}  // namespace hearth::text
