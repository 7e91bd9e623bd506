// Reads the index. Pure: text in, table out.
#include "base/weight_index.h"

#include "base/json.h"

namespace hearth::base {

namespace {

bool is_plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

}  // namespace

Result<WeightMap> parse_weight_index(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) return fail(ErrorCode::CorruptData, "{}", parsed.error().message);
  const json::object* root = parsed->if_object();
  const json::value* map = root ? root->if_contains("weight_map") : nullptr;
  if (!map || !map->is_object())
    return fail(ErrorCode::CorruptData, "has no object \"weight_map\"");
  WeightMap weight_map;
  for (const auto& member : map->get_object()) {
    const json::string* name = member.value().if_string();
    if (!name || !is_plain_name({name->data(), name->size()}))
      return fail(ErrorCode::CorruptData, "weight_map[\"{}\"] must be a file name without a path",
                  std::string_view(member.key()));
    weight_map.emplace(std::string(member.key()), std::string(*name));
  }
  return weight_map;
}

}  // namespace hearth::base
