// How does text become token ids, and what is each id?
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/bridge_handle.h"
#include "text/token_id.h"
#include "text/vocabulary.h"

namespace hearth::text {

class PieceCache;
class ControlTwin;

/// Whether the tokens that frame a text (bos, eos) are added.
enum class AddSpecialTokens : bool { No, Yes };

/// A model's tokenizer. Immutable after load; any thread may use it.
class Tokenizer {
 public:
  /// Reads tokenizer.json, tokenizer_config.json and special_tokens_map.json of a model folder.
  /// Takes 0.01 to 1 s. Fails, naming folder and files, where there is no tokenizer.json.
  static Result<std::shared_ptr<const Tokenizer>> load(const std::filesystem::path& model_folder);

  /// The same from texts; `config` is the content of tokenizer_config.json or empty.
  static Result<std::shared_ptr<const Tokenizer>> from_json(std::string_view tokenizer_json,
                                                            const json::object& config);
  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// Ids of a raw text (completions, embeddings). Control tokens written in it are read as such.
  /// With AddSpecialTokens::Yes a bos is not doubled where the text already starts with it.
  /// Fails where the text is not valid UTF-8.
  Result<std::vector<TokenId>> encode(std::string_view text, AddSpecialTokens add) const;

  /// Ids of a text in which nothing is a control token, whatever it spells.
  Result<std::vector<TokenId>> encode_plain(std::string_view text) const;

  /// The text of ids, as a whole. Ids outside the vocabulary are skipped. The configuration's
  /// clean_up_tokenization_spaces is not obeyed: it would take spaces out of code and prose.
  Result<std::string> decode(std::span<const TokenId> ids, SkipSpecial skip) const;

  /// One more than the highest id; some ids below may have no token.
  std::uint32_t vocab_size() const { return vocabulary_.size(); }
  std::optional<TokenId> token_id(std::string_view token) const { return vocabulary_.find(token); }
  /// The token as tokenizer.json spells it; empty for an id without a token.
  std::string_view token_text(TokenId id) const { return vocabulary_.text(id); }
  /// Control tokens: not part of the text that a user reads.
  bool is_special(TokenId id) const { return vocabulary_.is_special(id); }
  /// Bytes and kind of every token.
  const Vocabulary& vocabulary() const { return vocabulary_; }

  /// bos_token, eos_token, pad_token ... -> text, as the model's files name them.
  const std::map<std::string, std::string>& special_tokens() const { return special_tokens_; }
  /// The id of such a name: `special_id("eos_token")`.
  std::optional<TokenId> special_id(const std::string& name) const;

  /// A number that no other tokenizer of this process has.
  std::uint64_t serial() const { return serial_; }

  /// The handle behind the bridge, for stream decoders.
  const hearth_tokenizer* bridge() const { return handle_.get(); }

  /// The tokenizer in which control tokens have private spellings; see control_twin.h.
  /// Built on first need, once for each list of tokens. Takes as long as load.
  Result<std::shared_ptr<const ControlTwin>> twin(std::span<const TokenId> control_tokens) const;

 private:
  struct Parts;
  explicit Tokenizer(Parts parts);
  Result<void> learn_frame(const json::object& config);
  Result<std::vector<TokenId>> encode_whole(std::string_view text) const;
  Result<std::vector<TokenId>> encode_piece(std::string_view piece) const;
  void frame(std::vector<TokenId>& ids) const;

  std::uint64_t serial_;
  BridgeHandle<hearth_tokenizer> handle_;
  Vocabulary vocabulary_;
  std::map<std::string, std::string> special_tokens_;
  std::vector<TokenId> prefix_;         ///< what AddSpecialTokens puts in front
  std::vector<TokenId> suffix_;         ///< and behind
  std::unique_ptr<PieceCache> pieces_;  ///< null where pieces cannot be encoded one by one
  mutable std::mutex twin_mutex_;
  mutable std::map<std::vector<TokenId>, std::shared_ptr<const ControlTwin>> twins_;
};

}  // namespace hearth::text
