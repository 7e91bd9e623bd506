// Host names and numeric addresses, told apart and looked up.
#include "http/host_guard.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <optional>

#include "http/ascii.h"

namespace hearth::http {
namespace {

struct Address {
  bool v6 = false;
  std::array<unsigned char, 16> bytes{};
};

std::optional<Address> read_address(std::string_view text) {
  Address address;
  const std::string terminated(text);
  if (terminated.contains('\0')) return std::nullopt;
  if (::inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

bool is_loopback(const Address& address) {
  if (!address.v6) return address.bytes[0] == 127;
  constexpr std::array<unsigned char, 16> kOne = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return address.bytes == kOne;
}

bool is_port(std::string_view text) {
  return text.size() <= 5 && std::all_of(text.begin(), text.end(),
                                         [](char digit) { return digit >= '0' && digit <= '9'; });
}

bool is_name_character(char letter) {
  const char lowered = to_lower(letter);
  return (lowered >= 'a' && lowered <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' ||
         letter == '.' || letter == '_';
}

// The name within `name:port` or `[v6]:port`, lower case and without a closing dot; nothing if
// malformed.
std::optional<std::string> read_name(std::string_view field) {
  std::string_view name = field;
  std::string_view rest;
  if (field.starts_with('[')) {
    const auto bracket = field.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    name = field.substr(1, bracket - 1);
    rest = field.substr(bracket + 1);
    const auto address = read_address(name);
    if (!address || !address->v6) return std::nullopt;
  } else {
    name = field.substr(0, field.find(':'));
    rest = field.substr(name.size());
    if (!std::all_of(name.begin(), name.end(), is_name_character)) return std::nullopt;
  }
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty()) return std::nullopt;
  return lower_case(name);
}

}  // namespace

bool is_loopback(std::string_view name) {
  if (const auto address = read_address(name)) return is_loopback(*address);
  return equals_ignoring_case(name, "localhost") || lower_case(name).ends_with(".localhost");
}

HostGuard::HostGuard(std::string_view bound_host, const std::vector<std::string>& allowed) {
  for (const auto& name : allowed) names_.push_back(lower_case(name));
  if (is_loopback(bound_host)) return;
  any_address_ = true;
  if (!read_address(bound_host)) names_.push_back(lower_case(bound_host));
}

bool HostGuard::listed(std::string_view name) const {
  return std::any_of(names_.begin(), names_.end(), [&](std::string_view entry) {
    if (entry == "*" || entry == name) return true;
    return entry.starts_with("*.") && name.size() > entry.size() - 1 &&
           name.ends_with(entry.substr(1));
  });
}

Result<void> HostGuard::check(std::string_view host_field) const {
  const auto name = read_name(trimmed(host_field));
  if (!name)
    return fail(ErrorCode::InvalidArgument,
                "the Host header must name this server, like localhost:8000");
  if (is_loopback(*name) || listed(*name)) return {};
  if (any_address_ && read_address(*name)) return {};
  return fail(ErrorCode::Forbidden,
              "the host name \"{}\" is not allowed (this protects against web pages that disguise "
              "themselves as this server); add it to the server's allowed hosts if it is yours",
              *name);
}

}  // namespace hearth::http
