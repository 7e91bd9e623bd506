// How are places marked in a text so that no user could have written the mark?
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "text/token_id.h"

namespace hearth::text {

/// What is put into a control literal that a user wrote, so that it is none any more. Made of
/// noncharacters and random digits of this process: unguessable, and nothing trims or splits there.
const std::string& control_mark();

/// How a control token is spelt where the template wrote it, for the twin tokenizer.
std::string control_spelling(TokenId id);

/// Takes all marks out of a text, also where JSON escapes stand for their noncharacters.
std::string without_marks(std::string_view text);

}  // namespace hearth::text
