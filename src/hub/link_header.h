// The next page of a listing, as a Link header names it (RFC 8288).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth::hub {

/// The address behind `rel="next"`, or nothing.
std::optional<std::string> next_page(std::string_view link_header);

}  // namespace hearth::hub
