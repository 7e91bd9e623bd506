// Splitting before decoding, so that an encoded slash stays within its segment.
#include "http/target.h"

#include <optional>

#include "http/ascii.h"

namespace hearth::http {
namespace {

std::optional<int> hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char letter = to_lower(digit);
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  return std::nullopt;
}

// `a/../b` within one decoded segment counts too: ids with slashes end up as paths somewhere.
bool steps_outside(std::string_view segment) {
  while (true) {
    const auto slash = segment.find('/');
    const auto step = segment.substr(0, slash);
    if (step == "." || step == "..") return true;
    if (slash == std::string_view::npos) return false;
    segment.remove_prefix(slash + 1);
  }
}

Result<std::vector<std::string>> parse_path(std::string_view text) {
  std::vector<std::string> path;
  text.remove_prefix(1);
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.empty()) return path;
  while (true) {
    const auto slash = text.find('/');
    auto segment = TRY(decode_percent(text.substr(0, slash), false));
    if (segment.contains('\0') || steps_outside(segment))
      return fail(ErrorCode::InvalidArgument,
                  "the path must not contain NUL bytes or the steps \".\" and \"..\"");
    path.push_back(std::move(segment));
    if (slash == std::string_view::npos) return path;
    text.remove_prefix(slash + 1);
  }
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> query;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto field = text.substr(0, end);
    const auto equals = field.find('=');
    if (!field.empty()) {
      auto key = TRY(decode_percent(field.substr(0, equals), true));
      auto value = equals == std::string_view::npos
                       ? std::string()
                       : TRY(decode_percent(field.substr(equals + 1), true));
      query.emplace_back(std::move(key), std::move(value));
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return query;
}

// Takes `http://host:port` off the front, if it is there.
std::string_view take_authority(std::string_view& text) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return {};
  const auto scheme = text.substr(0, colon);
  if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) return {};
  text.remove_prefix(colon + 3);
  const auto authority = text.substr(0, text.find_first_of("/?#"));
  text.remove_prefix(authority.size());
  return authority;
}

}  // namespace

Result<std::string> decode_percent(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const auto high = i + 1 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
    if (!high || !low)
      return fail(ErrorCode::InvalidArgument,
                  "the URL holds \"{}\": after % two hexadecimal digits must follow (write %25 for "
                  "a percent sign)",
                  text.substr(i, 3));
    decoded.push_back(static_cast<char>(*high * 16 + *low));
    i += 2;
  }
  return decoded;
}

Result<Target> parse_target(std::string_view text) {
  Target target;
  if (text == "*") {
    target.whole_server = true;
    return target;
  }
  if (!text.starts_with('/')) {
    target.authority = take_authority(text);
    if (target.authority.empty() || (!text.empty() && text.front() == '#'))
      return fail(ErrorCode::InvalidArgument,
                  "the request target must be a path that starts with \"/\"");
  }
  if (text.contains('#'))
    return fail(ErrorCode::InvalidArgument, "the request target must not contain \"#\"");
  const auto question = text.find('?');
  const auto path = text.substr(0, question);
  if (!path.empty()) target.path = TRY(parse_path(path));
  if (question != std::string_view::npos)
    target.query = TRY(parse_query(text.substr(question + 1)));
  return target;
}

}  // namespace hearth::http
