// Which words of a text would be control tokens, and how are a user's kept from being some?
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "text/pattern_set.h"
#include "text/template_traits.h"
#include "text/tokenizer.h"

namespace hearth::text {

/// The control literals of a model with its template: added tokens that are special, and those
/// whose text the template or the known families use as markers. Immutable.
class ControlLiterals {
 public:
  ControlLiterals(const Tokenizer& tokenizer, std::string_view template_source);

  std::span<const TokenId> ids() const { return ids_; }

  /// Whether some untrusted text holds a literal, or ends like the beginning of one. Nearly never.
  /// What an assistant wrote may hold reasoning and tool markers.
  bool found_in(const Conversation& conversation, const json::object& variables) const;

  /// Puts marks into all untrusted text, so that no literal is left whole in it.
  /// @param at_start  also where each text starts: the template ends with half a literal before it
  void mark(Conversation& conversation, json::object& variables, bool at_start) const;

  /// What a template rendered with marked texts: each whole literal in it is the template's own and
  /// gets its private spelling; then the marks go.
  std::string spell(std::string_view rendered) const;

  /// Whether `text` ends like the beginning of a literal.
  bool ends_open(std::string_view text) const { return every_.open_end(text) > 0; }

 private:
  const PatternSet& patterns_for(std::string_view role) const;

  std::vector<TokenId> ids_;  ///< by pattern number of every_
  PatternSet every_;
  PatternSet foreign_;  ///< without the markers that an assistant may write
};

/// Refuses roles and names that could not be told from control text:
/// letters, digits and `_ . : / -` only.
Result<void> check_roles(const json::array& messages);

}  // namespace hearth::text
