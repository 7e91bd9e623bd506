// Which characters does a template take off where it trims a text?
#pragma once

#include <string_view>

namespace hearth::text {

inline constexpr std::string_view kTemplateSpaces = " \t\r\n\f\v";

}  // namespace hearth::text
