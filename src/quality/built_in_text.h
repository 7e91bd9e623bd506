// The text that models are measured with where nobody names another.
#pragma once

#include <string_view>

namespace hearth::quality {

/// Prose, talk, code, lists, numbers and some other languages, written for this: no model has
/// learned it by heart. Some 2,000 tokens for a large vocabulary.
std::string_view built_in_text();

}  // namespace hearth::quality
