// Header fields, and looking things up in a request.
#include "http/request.h"

#include <algorithm>
#include <array>

#include "http/ascii.h"

namespace hearth::http {
namespace {

constexpr std::array<std::string_view, 8> kMethodNames = {"GET",   "HEAD",   "POST",    "PUT",
                                                          "PATCH", "DELETE", "OPTIONS", "OTHER"};

using Pairs = std::vector<std::pair<std::string, std::string>>;

const std::string* find(const Pairs& pairs, std::string_view key) {
  const auto found =
      std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == key; });
  return found == pairs.end() ? nullptr : &found->second;
}

}  // namespace

std::string_view name(Method method) {
  return kMethodNames.at(static_cast<std::size_t>(method));
}

Method method_named(std::string_view text) {
  const auto last = kMethodNames.end() - 1;  // OTHER is ours, no client's
  const auto found = std::find(kMethodNames.begin(), last, text);
  return static_cast<Method>(found - kMethodNames.begin());
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string_view name, std::string value) {
  remove(name);
  fields_.emplace_back(std::string(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_,
                [&](const auto& field) { return equals_ignoring_case(field.first, name); });
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const auto& [key, value] : fields_)
    if (equals_ignoring_case(key, name)) return value;
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(),
                    [&](const auto& field) { return equals_ignoring_case(field.first, name); }));
}

std::optional<std::string_view> Request::query_value(std::string_view key) const {
  if (const auto* value = find(query, key)) return *value;
  return std::nullopt;
}

std::string_view Request::route_value(std::string_view key) const {
  const auto* value = find(route_values, key);
  return value ? std::string_view(*value) : std::string_view();
}

}  // namespace hearth::http
