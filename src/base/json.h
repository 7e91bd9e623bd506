// JSON text in and out, as every wire of ours needs it.
#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::base {

namespace json = boost::json;

/// Reads one JSON document. Depth up to 128 (real JSON Schemas nest deeply); member order is kept.
/// @returns InvalidArgument with the byte position of the fault.
Result<json::value> parse_json(std::string_view text);

/// Appends `text` as a JSON string with quotes. Beyond what JSON demands, U+0085, U+2028 and U+2029
/// are escaped, since line-splitting readers of event streams cut there; bytes that are no UTF-8
/// become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Appends a number the way people write it: `0.7`, `2`, never `7E-1`. Infinity and NaN become
/// null.
void append_json_number(std::string& out, double number);

/// Writes a value on one line, with the two rules above.
void append_json(std::string& out, const json::value& value);
std::string write_json(const json::value& value);

}  // namespace hearth::base

namespace hearth {
namespace json = boost::json;
}  // namespace hearth
