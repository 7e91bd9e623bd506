// The mixed recipes, by MLX's rule for them.
#include "convert/recipes.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace hearth::convert {

namespace {

struct Bits {
  std::string_view name;
  int low, high;
};

constexpr auto kRecipes = std::to_array<Bits>(
    {{"mixed_2_6", 2, 6}, {"mixed_3_4", 3, 4}, {"mixed_3_6", 3, 6}, {"mixed_4_6", 4, 6}});

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = path.find('.');
    parts.push_back(path.substr(0, end));
    if (end == path.npos) return parts;
    path.remove_prefix(end + 1);
  }
}

bool is_number(std::string_view part) {
  return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

const std::vector<std::string_view>& recipe_names() {
  static const std::vector<std::string_view> kNames = [] {
    std::vector<std::string_view> names;
    names.reserve(std::size(kRecipes));
    for (const Bits& recipe : kRecipes) names.push_back(recipe.name);
    return names;
  }();
  return kNames;
}

Result<Recipe> Recipe::find(std::string_view name, const std::vector<Weight>& weights, int layers) {
  const auto* bits = std::ranges::find(kRecipes, name, &Bits::name);
  if (bits == kRecipes.end())
    return fail(
        ErrorCode::UnsupportedArgument,
        "there is no recipe \"{}\" (there are mixed_2_6, mixed_3_4, mixed_3_6, mixed_4_6, auto)",
        name);
  const auto down =
      std::ranges::find_if(weights, [](const Weight& it) { return it.name.contains("down_proj"); });
  if (down == weights.end())
    return fail(ErrorCode::UnsupportedArgument,
                "the recipe {} is made for models with a \"down_proj\", which this one has not",
                name);
  Recipe recipe;
  recipe.low_ = bits->low;
  recipe.high_ = bits->high;
  recipe.layers_ = layers;
  const auto parts = parts_of(down->name);
  recipe.place_ = static_cast<std::size_t>(std::ranges::find_if(parts, is_number) - parts.begin());
  return recipe;
}

bool Recipe::gets_more(std::string_view path) const {
  const auto parts = parts_of(path);
  int index = 0;
  if (place_ < parts.size() && is_number(parts[place_]))
    std::from_chars(parts[place_].data(), parts[place_].data() + parts[place_].size(), index);
  const int eighth = layers_ / 8;
  if (index < eighth || index >= 7 * layers_ / 8) return true;
  return (index - eighth) % 3 == 2;
}

int Recipe::bits(std::string_view path) const {
  const auto has = [&](std::string_view part) { return path.contains(part); };
  if (has("lm_head")) return high_;
  const bool chosen = has("v_proj") || has("v_a_proj") || has("v_b_proj") || has("down_proj");
  return chosen && gets_more(path) ? high_ : low_;
}

}  // namespace hearth::convert
