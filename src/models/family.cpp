// Small words for a family's view of its config.
#include "models/family.h"

namespace hearth::models {

void set_default(json::object& config, std::string_view key, const json::value& value) {
  if (!config.contains(key)) config.emplace(key, value);
}

void rename_key(json::object& config, std::string_view from, std::string_view to) {
  const json::value* value = config.if_contains(from);
  if (!value || config.contains(to)) return;
  json::value moved = *value;
  config.emplace(to, std::move(moved));
}

}  // namespace hearth::models
