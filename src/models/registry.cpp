// Finds families by model_type.
#include "models/registry.h"

#include <algorithm>
#include <array>

namespace hearth::models {

std::span<const Alias> aliases() {
  static constexpr auto kAliases = std::to_array<Alias>({{"mistral", "llama"}});
  return kAliases;
}

const Family* find_family(std::string_view model_type) {
  for (const Alias& alias : aliases())
    if (alias.model_type == model_type) model_type = alias.family;
  for (const Family& family : families())
    if (family.name == model_type) return &family;
  return nullptr;
}

std::vector<std::string> supported_model_types() {
  std::vector<std::string> names;
  for (const Family& family : families()) names.emplace_back(family.name);
  for (const Alias& alias : aliases()) names.emplace_back(alias.model_type);
  std::ranges::sort(names);
  return names;
}

}  // namespace hearth::models
