// What the Hub calls things: repositories, revisions, files. Checked before they become a path or
// an address.
#pragma once

#include <string_view>

#include "base/result.h"

namespace hearth::hub {

/// `org/name`, or the `name` of a few old ones: letters, digits, `-`, `_` and `.`; at most 96.
/// @returns InvalidArgument with the form.
Result<void> check_repository(std::string_view id);

/// A branch, a tag, `refs/pr/1` or a commit: anything that stays within the folder of references.
Result<void> check_revision(std::string_view revision);

/// A file's path in its repository, as a server tells it: relative, without `..` or odd characters.
/// @returns CorruptData: such a path is never written to.
Result<void> check_file_path(std::string_view path);

/// 40 hexadecimal digits.
bool is_commit(std::string_view revision);

/// So many lower-case hexadecimal digits.
bool is_hex(std::string_view text, std::size_t digits);

}  // namespace hearth::hub
