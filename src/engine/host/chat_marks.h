// Where a prompt and a later one that begins like it may part.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace hearth::engine {

/// Token counts, rising, at which messages of a conversation begin: the first one after the system
/// prompt, the last two, and the one to come. Found by rendering the beginning of the conversation
/// with something else in that place, so it is right for every template; a template that refuses to
/// be asked has no such boundary there. Costs up to four renderings of what comes before, however
/// long the conversation is.
///
/// @param ids  the whole conversation's tokens
std::vector<std::uint32_t> message_boundaries(const text::ChatTemplate& chat_template,
                                              const text::ChatPrompt& chat,
                                              const text::Tokenizer& tokenizer,
                                              std::span<const TokenId> ids);

/// The tokens that all conversations share that begin with these messages. @returns the template's
/// refusal.
Result<std::vector<TokenId>> shared_beginning(const text::ChatTemplate& chat_template,
                                              const text::ChatPrompt& chat,
                                              const text::Tokenizer& tokenizer);

/// The tokens that all texts share that begin with this one.
Result<std::vector<TokenId>> shared_beginning(std::string_view text,
                                              const text::Tokenizer& tokenizer);

}  // namespace hearth::engine
