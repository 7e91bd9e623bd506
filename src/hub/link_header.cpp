// Reading `<address>; rel="next", <address>; rel=first`.
#include "hub/link_header.h"

#include "http/ascii.h"

namespace hearth::hub {
namespace {

/// The end of the parameters that begin at `text`: the comma before the next link, quotes skipped.
std::size_t parameters_end(std::string_view text) {
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (text[at] == ',' && !quoted) return at;
  }
  return text.size();
}

/// Whether `; rel="a next"; title=...` has the relation `next`.
bool is_next(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto semicolon = parameters.find(';');
    const auto one = http::trimmed(parameters.substr(0, semicolon));
    parameters.remove_prefix(semicolon == std::string_view::npos ? parameters.size()
                                                                 : semicolon + 1);
    const auto equals = one.find('=');
    if (equals == std::string_view::npos ||
        !http::equals_ignoring_case(http::trimmed(one.substr(0, equals)), "rel"))
      continue;
    std::string_view value = http::trimmed(one.substr(equals + 1));
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
      value = value.substr(1, value.size() - 2);
    const std::string padded = " " + http::lower_case(value) + " ";
    return padded.contains(" next ");
  }
  return false;
}

}  // namespace

std::optional<std::string> next_page(std::string_view link_header) {
  while (true) {
    const auto open = link_header.find('<');
    const auto close = link_header.find('>', open);
    if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
    const std::string_view address = link_header.substr(open + 1, close - open - 1);
    link_header.remove_prefix(close + 1);
    const auto end = parameters_end(link_header);
    if (is_next(link_header.substr(0, end))) return std::string(address);
    link_header.remove_prefix(end);
  }
}

}  // namespace hearth::hub
