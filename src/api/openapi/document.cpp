// Putting the parts together.
#include "api/openapi/document.h"

#include <cassert>

namespace hearth::api::openapi {
namespace {

/// Objects are united member by member, lists are appended.
void unite(json::value& into, const json::value& from) {
  if (into.is_object() && from.is_object()) {
    for (const auto& member : from.get_object()) {
      json::value* known = into.get_object().if_contains(member.key());
      if (known == nullptr)
        into.get_object().emplace(member.key(), member.value());
      else
        unite(*known, member.value());
    }
    return;
  }
  assert(into.is_array() && from.is_array());
  for (const json::value& item : from.get_array()) into.get_array().push_back(item);
}

}  // namespace

json::object document(std::string_view version) {
  json::value whole(json::object_kind);  // braces would make it a list
  for (const std::string_view text : parts()) unite(whole, json::parse(text));
  json::object& document = whole.get_object();
  document["info"].as_object()["version"] = version;
  return std::move(document);
}

}  // namespace hearth::api::openapi
