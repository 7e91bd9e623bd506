// Suggestions for a name that nobody knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearth::services {

/// The names of `known` that look most like `wanted`, best first, at most `most`; none if all are
/// far off.
std::vector<std::string> near_names(std::string_view wanted, const std::vector<std::string>& known,
                                    std::size_t most = 3);

/// ` (did you mean "a" or "b"?)`, or nothing for an empty list.
std::string did_you_mean(const std::vector<std::string>& names);

}  // namespace hearth::services
