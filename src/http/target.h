// Taking a request target apart: path segments and query, decoded. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace hearth::http {

struct Target {
  std::vector<std::string> path;  ///< decoded segments; one trailing slash is dropped
  std::vector<std::pair<std::string, std::string>> query;
  std::string authority;  ///< `host:port` of an absolute target (as a proxy sends it), else empty
  bool whole_server = false;  ///< `*`, for OPTIONS
};

/// Reads `/path?query`, `http://host/path?query` or `*`.
/// @returns InvalidArgument for a bad percent encoding, a NUL, a `.` or `..` step (encoded or not),
/// or another form.
Result<Target> parse_target(std::string_view text);

/// Decodes %XX, and '+' as a space where `plus_is_space` (queries).
Result<std::string> decode_percent(std::string_view text, bool plus_is_space);

}  // namespace hearth::http
