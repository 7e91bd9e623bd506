// How is a text encoded in which only the template's control tokens count?
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "text/bridge_handle.h"
#include "text/token_id.h"
#include "text/vocabulary.h"

namespace hearth::text {

/// A copy of a tokenizer in which the control tokens have private spellings (control_spelling):
/// whatever a user writes is text for it. All other ids are the original's, and so are the places
/// where pieces merge. Immutable; any thread may use it.
class ControlTwin {
 public:
  /// Takes as long as loading the tokenizer.
  static Result<std::shared_ptr<const ControlTwin>> build(const hearth_tokenizer* original,
                                                          const Vocabulary& vocabulary,
                                                          std::span<const TokenId> control_tokens);

  /// Ids in the original's numbering. Nothing is added in front or behind.
  Result<std::vector<TokenId>> encode(std::string_view text) const;

 private:
  ControlTwin() = default;
  Result<void> map_added_tokens(const Vocabulary& vocabulary,
                                std::span<const TokenId> control_tokens);

  BridgeHandle<hearth_tokenizer> handle_;
  std::unordered_map<TokenId, TokenId> original_;  ///< only ids that differ
};

}  // namespace hearth::text
