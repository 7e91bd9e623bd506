// Adapters over the wire: the endpoints, the field, and the name with a colon.
#include "api/openai/lora_adapters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::openai {
namespace {

using testing::ApiWorld;
using ::testing::HasSubstr;

struct World : ApiWorld {
  World() {
    for (const auto* name : {"poet", "clerk"}) {
      folder.write(std::string("adapters/") + name + "/adapter_config.json", "{}");
      const auto added = adapters.add(
          {.model = "org/model", .name = name, .folder = folder.path() / "adapters" / name});
      EXPECT_TRUE(added) << added.error().message;
    }
    load();
  }

  testing::Answer set(const std::string& body) {
    return send(http::Method::Post, {"lora-adapters"}, body);
  }

  /// The adapters of the engine request that a completion with these members becomes.
  std::vector<engine::AdapterChoice> chosen(const std::string& members, std::size_t index) {
    auto answer = complete(R"({"prompt":"x")" + members + "}");
    const auto adapters = asked(index).request.adapters;
    play(index, "y");
    answer.finish();
    return adapters;
  }
};

TEST(LoraAdapters, AreListedByPlaceWithoutFoldersOfThisMachine) {
  World world;
  auto answer = world.get({"lora-adapters"});
  const json::value listed = json::parse(answer.finish().text());
  ASSERT_EQ(listed.as_array().size(), 2U);
  EXPECT_EQ(listed.at(1).at("id").to_number<int>(), 1);
  EXPECT_EQ(listed.at(1).at("name"), "clerk");
  EXPECT_EQ(listed.at(1).at("path"), "clerk");
  EXPECT_EQ(listed.at(1).at("scale").to_number<double>(), 0);
}

TEST(LoraAdapters, ARequestsOwnChoiceGoesBeforeItsModelsNameAndThatBeforeTheUsual) {
  World world;
  EXPECT_EQ(world.set(R"([{"id":"clerk","scale":0.5}])").finish().status(), 200);
  const auto usual = world.chosen("", 0);
  ASSERT_EQ(usual.size(), 1U);
  EXPECT_EQ(std::get<std::string>(usual[0].adapter), "clerk");
  EXPECT_EQ(usual[0].scale, 0.5);
  const auto named = world.chosen(R"(,"model":"org/model:poet")", 1);
  ASSERT_EQ(named.size(), 1U);
  EXPECT_EQ(std::get<std::string>(named[0].adapter), "poet");
  EXPECT_EQ(named[0].scale, 1);
  const auto own =
      world.chosen(R"(,"model":"org/model:poet","lora":[{"id":1,"scale":-2},{"id":"poet"}])", 2);
  ASSERT_EQ(own.size(), 2U);
  EXPECT_EQ(std::get<std::uint32_t>(own[0].adapter), 1U);
  EXPECT_EQ(own[0].scale, -2);
  EXPECT_TRUE(world.chosen(R"(,"lora":[])", 3).empty());
}

TEST(LoraAdapters, WrongBodiesAreNamedByTheirPaths) {
  World world;
  for (const auto& [body, said] :
       {std::pair(R"({"id":1})", "list of adapters"), std::pair(R"([1])", "[0]"),
        std::pair(R"([{"scale":1}])", "[0].id"), std::pair(R"([{"id":-1}])", "[0].id"),
        std::pair(R"([{"id":"pirate"}])", "pirate"), std::pair(R"([{"id":2}])", "2 adapters")}) {
    auto answer = world.set(body);
    EXPECT_EQ(answer.finish().status(), 400) << body;
    EXPECT_THAT(json::serialize(answer.body()), HasSubstr(said)) << body;
  }
}

}  // namespace
}  // namespace hearth::api::openai
