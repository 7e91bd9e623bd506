// Downloads over HTTP: what is asked, refused and told.
#include "api/admin/downloads.h"

#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::admin {
namespace {

using engine::testing::eventually;
using testing::Answer;
using testing::ApiWorld;

const std::vector<std::string> kAll{"admin", "api", "downloads"};

std::vector<std::string> one(const std::string& id, const std::string& verb = "") {
  std::vector<std::string> path = kAll;
  path.push_back(id);
  if (!verb.empty()) path.push_back(verb);
  return path;
}

Answer post(ApiWorld& world, const std::vector<std::string>& path, std::string body = "{}") {
  return std::move(world.send(http::Method::Post, path, std::move(body)).finish());
}

Answer erase(ApiWorld& world, const std::string& id) {
  return std::move(world.send(http::Method::Delete, one(id), "").finish());
}

std::string start(ApiWorld& world, const std::string& model) {
  auto answer = post(world, kAll, fmt::format("{{\"model\":\"{}\"}}", model));
  EXPECT_EQ(answer.status(), 201) << answer.text();
  return answer.body().at("id").as_string().c_str();
}

std::string state(ApiWorld& world, const std::string& id) {
  return world.get(one(id)).finish().body().at("state").as_string().c_str();
}

TEST(DownloadsApi, ADownloadRunsAndIsJoined) {
  ApiWorld world;
  const auto id = start(world, "org/new");
  auto again = post(world, kAll, R"({"model":"org/new","revision":"main"})");
  EXPECT_EQ(again.status(), 200);
  EXPECT_EQ(again.body().at("id").as_string(), id);
  world.source.bring("org/new", 25);
  EXPECT_TRUE(eventually(
      [&] { return world.get(one(id)).finish().body().at("done").to_number<int>() == 25; }));
  EXPECT_EQ(world.get(one(id)).finish().body().at("percent").to_number<double>(), 25);
  world.source.end("org/new");
  EXPECT_TRUE(eventually([&] { return state(world, id) == "completed"; }));
  const auto list = world.get(kAll).finish().body().at("downloads").as_array();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list.front().at("bytes").to_number<int>(), 100);
  EXPECT_EQ(list.front().at("commit").as_string(), "c0ffee");
}

TEST(DownloadsApi, WrongFieldsAreNamed) {
  ApiWorld world;
  const auto path = [&](std::string body) {
    auto answer = post(world, kAll, std::move(body));
    EXPECT_EQ(answer.status(), 400) << answer.text();
    return std::string(answer.body().at("errors").at(0).at("path").as_string());
  };
  EXPECT_EQ(path("{}"), "model");
  EXPECT_EQ(path(R"({"model":7})"), "model");
  EXPECT_EQ(path(R"({"model":"../etc"})"), "model");
  EXPECT_EQ(path(R"({"model":"org/a","revision":"../x"})"), "revision");
  EXPECT_EQ(path(R"({"model":"org/a","include":["a",1]})"), "include[1]");
  EXPECT_EQ(path(R"({"model":"org/a","exclude":"a"})"), "exclude");
  EXPECT_EQ(post(world, kAll, "no json").status(), 400);
}

TEST(DownloadsApi, PauseResumeMoveCancel) {
  ApiWorld world;
  const auto first = start(world, "org/first");
  const auto second = start(world, "org/second");
  const auto third = start(world, "org/third");
  EXPECT_EQ(post(world, one(second, "pause")).body().at("state").as_string(), "paused");
  EXPECT_EQ(post(world, one(third, "move"), R"({"place":0})").status(), 200);
  const auto list = world.get(kAll).finish().body().at("downloads").as_array();
  EXPECT_EQ(list.at(1).at("id").as_string(), third);
  EXPECT_EQ(post(world, one(second, "resume")).body().at("state").as_string(), "pending");
  EXPECT_EQ(erase(world, first).body().at("state").as_string(), "cancelled");
  EXPECT_TRUE(eventually([&] { return erase(world, first).status() == 200; }));
  EXPECT_EQ(world.get(one(first)).finish().status(), 404);
}

TEST(DownloadsApi, UnknownOnesAndWrongMovesAreRefused) {
  ApiWorld world;
  EXPECT_EQ(world.get(one("x")).finish().status(), 404);
  EXPECT_EQ(post(world, one("x", "pause")).status(), 404);
  EXPECT_EQ(erase(world, "x").status(), 404);
  start(world, "org/first");
  const auto id = start(world, "org/second");
  auto wrong = post(world, one(id, "move"), R"({"place":-1})");
  EXPECT_EQ(wrong.status(), 400);
  EXPECT_EQ(wrong.body().at("errors").at(0).at("path").as_string(), "place");
}

TEST(DownloadsApi, EventsBeginWithAllAndGoOnWithWhatChanges) {
  ApiWorld world;
  const auto id = start(world, "org/new");
  ASSERT_TRUE(eventually([&] { return state(world, id) == "downloading"; }));
  auto stream = world.get({"admin", "api", "downloads", "events"});
  stream.advance();
  ASSERT_EQ(stream.events().size(), 1U);
  EXPECT_EQ(stream.events().front().at("downloads").at(0).at("id").as_string(), id);
  stream.advance();
  EXPECT_EQ(stream.events().size(), 1U) << "nothing has changed";
  world.source.bring("org/new", 60);
  EXPECT_TRUE(eventually([&] {
    stream.advance();
    return stream.events().back().at("downloads").at(0).at("done").to_number<int>() == 60;
  }));
  world.source.end("org/new");
  ASSERT_TRUE(eventually([&] { return state(world, id) == "completed"; }));
  ASSERT_TRUE(eventually([&] { return erase(world, id).status() == 200; }));
  stream.advance();
  EXPECT_EQ(stream.events().back().at("removed").at(0).as_string(), id);
}

}  // namespace
}  // namespace hearth::api::admin
