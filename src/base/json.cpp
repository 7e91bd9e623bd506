// JSON text in and out.
#include "base/json.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/utf8.h"

namespace hearth::base {
namespace {

constexpr std::size_t kMaxDepth = 128;

void append_escaped(std::string& out, unsigned code_point) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kHex[(code_point >> shift) & 15]);
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
    append_escaped(out, static_cast<unsigned char>(c));
  else
    out.push_back(c);
}

/// How many bytes at the beginning stand for themselves in a JSON string.
std::size_t plain_bytes(std::string_view text) {
  std::size_t count = 0;
  for (; count < text.size(); ++count) {
    const auto byte = static_cast<unsigned char>(text[count]);
    if (byte < 0x20 || byte >= 0x7F || byte == '"' || byte == '\\') break;
  }
  return count;
}

template <class Integer>
void append_integer(std::string& out, Integer number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::parser parser({}, options);
  boost::system::error_code error;
  const std::size_t read = parser.write(json::string_view(text.data(), text.size()), error);
  if (error)
    return fail(ErrorCode::InvalidArgument, "not valid JSON at byte {}: {}", read, error.message());
  return parser.release();
}

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (true) {
    const std::size_t plain = plain_bytes(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Utf8Character next = first_character(text);
    const auto bytes = text.substr(0, next.bytes);
    text.remove_prefix(next.bytes);
    if (!next.valid)
      out += "\xEF\xBF\xBD";
    else if (next.bytes == 1)
      append_ascii(out, bytes.front());
    else if (next.code_point == 0x85 || next.code_point == 0x2028 || next.code_point == 0x2029)
      append_escaped(out, next.code_point);
    else
      out += bytes;
  }
  out.push_back('"');
}

void append_json_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  if (number == std::trunc(number) && std::abs(number) < 1e15) {
    append_integer(out, static_cast<std::int64_t>(number));
    return;
  }
  char digits[40];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_json(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      return;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return;
    case json::kind::int64:
      append_integer(out, value.get_int64());
      return;
    case json::kind::uint64:
      append_integer(out, value.get_uint64());
      return;
    case json::kind::double_:
      append_json_number(out, value.get_double());
      return;
    case json::kind::string: {
      const auto& text = value.get_string();
      append_json_string(out, {text.data(), text.size()});
      return;
    }
    case json::kind::array: {
      out.push_back('[');
      bool first = true;
      for (const auto& item : value.get_array()) {
        if (!std::exchange(first, false)) out.push_back(',');
        append_json(out, item);
      }
      out.push_back(']');
      return;
    }
    case json::kind::object: {
      out.push_back('{');
      bool first = true;
      for (const auto& member : value.get_object()) {
        if (!std::exchange(first, false)) out.push_back(',');
        append_json_string(out, {member.key().data(), member.key().size()});
        out.push_back(':');
        append_json(out, member.value());
      }
      out.push_back('}');
      return;
    }
  }
}

std::string write_json(const json::value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace hearth::base
