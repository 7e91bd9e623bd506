// A list of texts in one column, as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth::store {

std::string write_text_list(const std::vector<std::string>& list);

/// @returns CorruptData for anything else than write_text_list() writes.
Result<std::vector<std::string>> read_text_list(std::string_view text);

}  // namespace hearth::store
