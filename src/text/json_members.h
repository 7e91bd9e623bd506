// What does a JSON value hold under a name, where anything may be missing or of another kind?
#pragma once

#include <string_view>

#include "base/json.h"

namespace hearth::text {

/// A member that is a text; empty if there is none.
inline std::string_view string_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

/// Who says a message; empty where that is not said.
inline std::string_view role_of(const json::value& message) {
  return message.is_object() ? string_at(message.get_object(), "role") : std::string_view();
}

}  // namespace hearth::text
