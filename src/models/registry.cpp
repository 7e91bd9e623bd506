// Finds families by model_type.
#include "models/registry.h"

#include <algorithm>

namespace hearth::models {

const Family* find_family(std::string_view model_type) {
  for (const Family& family : families())
    if (std::ranges::count(family.model_types, model_type) > 0) return &family;
  return nullptr;
}

std::vector<std::string> supported_model_types() {
  std::vector<std::string> names;
  for (const Family& family : families())
    names.insert(names.end(), family.model_types.begin(), family.model_types.end());
  std::ranges::sort(names);
  return names;
}

}  // namespace hearth::models
