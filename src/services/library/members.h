// Members of a model's JSON files, which may hold anything.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/json.h"

namespace hearth::services {

/// @returns empty where the member is absent or no text; valid as long as the object
inline std::string_view text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

/// @param otherwise  where the member is absent or no whole number
inline std::int64_t integer_of(const json::object& object, std::string_view key,
                               std::int64_t otherwise = 0) {
  const auto* value = object.if_contains(key);
  return value && value->is_int64() ? value->get_int64() : otherwise;
}

}  // namespace hearth::services
