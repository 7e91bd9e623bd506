// The description against the code: every route is described, and nothing else is.
#include "api/openapi/openapi.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "api/openai/fields.h"
#include "api/openapi/document.h"
#include "api/testing/api_world.h"

namespace hearth::api::openapi {
namespace {

using testing::ApiWorld;
using ::testing::ContainerEq;
using ::testing::IsEmpty;

/// "GET /v1/models/{id}": a path of the description knows no `{id...}`.
std::string line(std::string_view method, std::string pattern) {
  if (const auto dots = pattern.find("...}"); dots != std::string::npos) pattern.erase(dots, 3);
  return fmt::format("{} {}", method, pattern);
}

std::set<std::string> described(const json::object& document) {
  std::set<std::string> lines;
  for (const auto& path : document.at("paths").as_object())
    for (const auto& operation : path.value().as_object()) {
      std::string method(operation.key());
      std::ranges::transform(method, method.begin(),
                             [](unsigned char c) { return std::toupper(c); });
      lines.insert(line(method, std::string(path.key())));
    }
  return lines;
}

std::set<std::string> registered(const http::Router& router) {
  std::set<std::string> lines;
  for (const auto& [method, pattern] : router.routes())
    lines.insert(line(http::name(method), pattern));
  return lines;
}

/// Calls `look` for every member of every object in the document.
void walk(const json::value& value,
          const std::function<void(std::string_view, const json::value&)>& look) {
  if (value.is_array())
    for (const json::value& item : value.get_array()) walk(item, look);
  if (!value.is_object()) return;
  for (const auto& member : value.get_object()) {
    look(std::string_view(member.key()), member.value());
    walk(member.value(), look);
  }
}

/// The member that a reference `#/a/b` leads to.
bool leads_somewhere(const json::value& document, std::string_view reference) {
  boost::system::error_code error;
  return reference.starts_with("#/") &&
         document.find_pointer(reference.substr(1), error) != nullptr;
}

// Whoever adds a route describes it in a file under src/api/openapi/parts.
TEST(OpenApi, DescribesEveryRouteAndNothingElse) {
  const ApiWorld world;
  EXPECT_THAT(described(document("1")), ContainerEq(registered(world.router)));
}

TEST(OpenApi, EveryReferenceLeadsSomewhereAndEveryOperationHasItsOwnName) {
  const json::value whole = document("1");
  std::vector<std::string> lost;
  std::vector<std::string> names;
  walk(whole, [&](std::string_view key, const json::value& value) {
    if (key == "$ref" && value.is_string() &&
        !leads_somewhere(whole, std::string_view(value.get_string())))
      lost.emplace_back(value.get_string());
    if (key == "operationId" && value.is_string()) names.emplace_back(value.get_string());
  });
  EXPECT_THAT(lost, IsEmpty());
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
}

TEST(OpenApi, GenerationsHaveTheFieldsThatAreRead) {
  std::set<std::string> read;
  boost::mp11::mp_for_each<boost::describe::describe_members<
      openai::CommonFields, boost::describe::mod_public | boost::describe::mod_inherited>>(
      [&](auto member) { read.insert(member.name); });
  const json::value whole = document("1");
  std::set<std::string> told;
  for (const auto& member :
       whole.at_pointer("/components/schemas/GenerationFields/properties").as_object())
    told.emplace(member.key());
  EXPECT_THAT(told, ContainerEq(read));
}

TEST(OpenApi, IsServed) {
  ApiWorld world;
  auto answer = world.get({"openapi.json"});
  EXPECT_EQ(answer.finish().status(), 200);
  EXPECT_EQ(answer.body().at("openapi").as_string(), "3.1.0");
}

}  // namespace
}  // namespace hearth::api::openapi
