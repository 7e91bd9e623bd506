// Where does a prompt end whose last message goes on?
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace hearth::text {

/// Puts a tag behind the text of the last message, to be found again in the rendered prompt.
/// Fails where the last message has no text.
Result<void> tag_last_message(json::array& messages);

/// Cuts a prompt rendered from tagged messages where the tag is, so that the model continues the
/// message: what the template writes behind (end-of-turn tokens) goes. White space at the message's
/// end stays if the template keeps it. Fails where the template did not show the message's end.
Result<std::string> cut_at_tag(std::string rendered);

/// What the template wrote behind the last message's text; all of it where that text is not shown.
std::string_view after_last_message(std::string_view rendered, const json::array& messages);

}  // namespace hearth::text
