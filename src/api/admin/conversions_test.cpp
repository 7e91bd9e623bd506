// Conversions and their presets over HTTP: what is asked, refused and told.
#include "api/admin/conversions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::admin {
namespace {

using engine::testing::eventually;
using testing::Answer;
using testing::ApiWorld;
using ::testing::HasSubstr;
using testing::post;

using Path = std::vector<std::string>;
const Path kConversions{"admin", "api", "conversions"};
const Path kPresets{"admin", "api", "conversion-presets"};

Path below(Path path, const std::string& id, const std::string& verb = "") {
  path.push_back(id);
  if (!verb.empty()) path.push_back(verb);
  return path;
}

Answer send(ApiWorld& world, http::Method method, const Path& path, std::string body = "{}") {
  return std::move(world.send(method, path, std::move(body)).finish());
}

std::string start_conversion(ApiWorld& world, const std::string& body) {
  auto answer = post(world, kConversions, body);
  EXPECT_EQ(answer.status(), 201) << answer.text();
  return answer.body().at("conversions").at(0).at("id").as_string().c_str();
}

json::object shown_conversion(ApiWorld& world, const std::string& id) {
  return world.get(below(kConversions, id)).finish().body();
}

std::string conversion_state(ApiWorld& world, const std::string& id) {
  return shown_conversion(world, id).at("state").as_string().c_str();
}

TEST(ConversionsApi, OneRunsIsJoinedAndTellsItsResult) {
  ApiWorld world;
  const auto id = start_conversion(world, R"({"model":"model","preset":"8bit"})");
  auto again = post(world, kConversions, R"({"models":["org/model"],"options":{"bits":8}})");
  EXPECT_EQ(again.status(), 200) << again.text();
  EXPECT_EQ(again.body().at("conversions").at(0).at("id").as_string(), id);
  world.converter.bring("org/model", 25);
  EXPECT_TRUE(
      eventually([&] { return shown_conversion(world, id).at("done").to_number<int>() == 25; }));
  const json::object running = shown_conversion(world, id);
  EXPECT_EQ(running.at("percent").to_number<double>(), 25);
  EXPECT_EQ(running.at("phase").as_string(), "converting");
  EXPECT_EQ(running.at("name").as_string(), "model-8bit");
  EXPECT_EQ(running.at("options").at("bits").to_number<int>(), 8);
  world.converter.end("org/model");
  ASSERT_TRUE(eventually([&] { return conversion_state(world, id) == "completed"; }));
  EXPECT_EQ(shown_conversion(world, id).at("result").at("bits_per_weight").to_number<double>(),
            4.5);
}

TEST(ConversionsApi, SeveralWithOnePreset) {
  ApiWorld world;
  auto answer =
      post(world, kConversions, R"({"models":["org/model","demo"],"preset":"mixed-4-6"})");
  ASSERT_EQ(answer.status(), 201) << answer.text();
  const auto all = answer.body().at("conversions").as_array();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all.at(1).at("name").as_string(), "demo-mixed_4_6");
  EXPECT_EQ(all.at(1).at("state").as_string(), "pending");
  EXPECT_EQ(all.at(1).at("preset").as_string(), "mixed-4-6");
  const auto second = std::string(all.at(1).at("id").as_string());
  EXPECT_EQ(post(world, below(kConversions, second, "cancel")).body().at("state").as_string(),
            "cancelled");
  EXPECT_EQ(post(world, below(kConversions, second, "retry")).body().at("state").as_string(),
            "pending");
}

TEST(ConversionsApi, WrongFieldsAreNamed) {
  ApiWorld world;
  const auto path = [&](std::string body) {
    auto answer = post(world, kConversions, std::move(body));
    EXPECT_EQ(answer.status(), 400) << answer.text();
    return std::string(answer.body().at("errors").at(0).at("path").as_string());
  };
  EXPECT_EQ(path("{}"), "model");
  EXPECT_EQ(path(R"({"model":"demo","models":["demo"]})"), "model");
  EXPECT_EQ(path(R"({"models":[]})"), "models");
  EXPECT_EQ(path(R"({"model":"demo","name":"../x"})"), "name");
  EXPECT_EQ(path(R"({"models":["demo","model"],"name":"x"})"), "name");
  EXPECT_EQ(path(R"({"model":"demo","options":{"bits":9}})"), "options.bits");
  EXPECT_EQ(post(world, kConversions, R"({"model":"nothing"})").status(), 404);
  auto lost = post(world, kConversions, R"({"models":["demo","nothing"]})");
  EXPECT_EQ(lost.body().at("errors").at(0).at("path").as_string(), "models[1]");
  auto preset = post(world, kConversions, R"({"model":"demo","preset":"tiny"})");
  EXPECT_EQ(preset.body().at("errors").at(0).at("path").as_string(), "preset");
  EXPECT_EQ(world.get(kConversions).finish().body().at("conversions").as_array().size(), 0U);
}

TEST(ConversionsApi, CancelMoveAndForget) {
  ApiWorld world;
  const auto first = start_conversion(world, R"({"model":"demo"})");
  const auto second = start_conversion(world, R"({"model":"demo","options":{"bits":8}})");
  const auto third = start_conversion(world, R"({"model":"demo","options":{"bits":6}})");
  // What runs stays in front; before that it waits like the others.
  ASSERT_TRUE(eventually([&] { return conversion_state(world, first) == "running"; }));
  EXPECT_EQ(post(world, below(kConversions, third, "move"), R"({"place":0})").status(), 200);
  const auto list = world.get(kConversions).finish().body().at("conversions").as_array();
  EXPECT_EQ(list.at(1).at("id").as_string(), third);
  EXPECT_EQ(send(world, http::Method::Delete, below(kConversions, first)).status(), 400);
  EXPECT_EQ(post(world, below(kConversions, first, "cancel")).status(), 200);
  EXPECT_TRUE(eventually([&] {
    return send(world, http::Method::Delete, below(kConversions, first)).status() == 200;
  }));
  EXPECT_EQ(world.get(below(kConversions, first)).finish().status(), 404);
  EXPECT_EQ(post(world, below(kConversions, "x", "cancel")).status(), 404);
  EXPECT_EQ(post(world, below(kConversions, second, "move"), R"({"place":-1})").status(), 400);
}

TEST(ConversionsApi, AModelThatIsConvertedIsNotRemoved) {
  ApiWorld world;
  start_conversion(world, R"({"model":"demo"})");
  auto refused = send(world, http::Method::Delete, {"admin", "api", "models", "demo"});
  EXPECT_EQ(refused.status(), 400);
  EXPECT_THAT(refused.text(), HasSubstr("is being converted"));
}

TEST(ConversionsApi, EventsBeginWithAllAndGoOnWithWhatChanges) {
  ApiWorld world;
  const auto id = start_conversion(world, R"({"model":"demo"})");
  ASSERT_TRUE(eventually([&] { return conversion_state(world, id) == "running"; }));
  auto stream = world.get(below(kConversions, "events"));
  stream.advance();
  ASSERT_EQ(stream.events().size(), 1U);
  EXPECT_EQ(stream.events().front().at("conversions").at(0).at("id").as_string(), id);
  world.converter.bring("demo", 60);
  EXPECT_TRUE(eventually([&] {
    stream.advance();
    return stream.events().back().at("conversions").at(0).at("done").to_number<int>() == 60;
  }));
  world.converter.end("demo", fail(ErrorCode::CorruptData, "config.json is damaged"));
  ASSERT_TRUE(eventually([&] { return conversion_state(world, id) == "failed"; }));
  stream.advance();
  const json::value last = stream.events().back().at("conversions").at(0);
  EXPECT_EQ(last.at("error").at("code").as_string(), "corrupt_data");
  ASSERT_EQ(send(world, http::Method::Delete, below(kConversions, id)).status(), 200);
  stream.advance();
  EXPECT_EQ(stream.events().back().at("removed").at(0).as_string(), id);
}

TEST(ConversionPresetsApi, AreKeptUsedAndRemoved) {
  ApiWorld world;
  const Path own = below(kPresets, "phone");
  auto kept = send(world, http::Method::Put, own, R"({"description":"d","options":{"bits":3}})");
  ASSERT_EQ(kept.status(), 200) << kept.text();
  EXPECT_FALSE(kept.body().at("built_in").as_bool());
  const auto list = world.get(kPresets).finish().body().at("presets").as_array();
  EXPECT_EQ(list.front().at("name").as_string(), "4bit");
  EXPECT_EQ(list.back().at("name").as_string(), "phone");
  const auto id = start_conversion(world, R"({"model":"demo","preset":"phone"})");
  EXPECT_EQ(shown_conversion(world, id).at("name").as_string(), "demo-3bit");
  EXPECT_EQ(send(world, http::Method::Delete, own).status(), 200);
  EXPECT_EQ(send(world, http::Method::Delete, own).status(), 404);
  EXPECT_EQ(send(world, http::Method::Delete, below(kPresets, "4bit")).status(), 400);
  EXPECT_EQ(
      send(world, http::Method::Put, below(kPresets, "a"), R"({"options":{"bit":3}})").status(),
      400);
  EXPECT_EQ(send(world, http::Method::Put, below(kPresets, "a"), "{}").status(), 400);
}

}  // namespace
}  // namespace hearth::api::admin
