// Downloads over HTTP: what is asked, refused and told.
#include "api/admin/downloads.h"

#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::admin {
namespace {

using engine::testing::eventually;
using testing::Answer;
using testing::ApiWorld;
using testing::post;

const std::vector<std::string> kDownloads{"admin", "api", "downloads"};

std::vector<std::string> download_path(const std::string& id, const std::string& verb = "") {
  std::vector<std::string> path = kDownloads;
  path.push_back(id);
  if (!verb.empty()) path.push_back(verb);
  return path;
}

Answer erase_download(ApiWorld& world, const std::string& id) {
  return std::move(world.send(http::Method::Delete, download_path(id), "").finish());
}

std::string start_download(ApiWorld& world, const std::string& model) {
  auto answer = post(world, kDownloads, fmt::format("{{\"model\":\"{}\"}}", model));
  EXPECT_EQ(answer.status(), 201) << answer.text();
  return answer.body().at("id").as_string().c_str();
}

std::string download_state(ApiWorld& world, const std::string& id) {
  return world.get(download_path(id)).finish().body().at("state").as_string().c_str();
}

TEST(DownloadsApi, ADownloadRunsAndIsJoined) {
  ApiWorld world;
  const auto id = start_download(world, "org/new");
  auto again = post(world, kDownloads, R"({"model":"org/new","revision":"main"})");
  EXPECT_EQ(again.status(), 200);
  EXPECT_EQ(again.body().at("id").as_string(), id);
  world.source.bring("org/new", 25);
  EXPECT_TRUE(eventually([&] {
    return world.get(download_path(id)).finish().body().at("done").to_number<int>() == 25;
  }));
  EXPECT_EQ(world.get(download_path(id)).finish().body().at("percent").to_number<double>(), 25);
  world.source.end("org/new");
  EXPECT_TRUE(eventually([&] { return download_state(world, id) == "completed"; }));
  const auto list = world.get(kDownloads).finish().body().at("downloads").as_array();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list.front().at("bytes").to_number<int>(), 100);
  EXPECT_EQ(list.front().at("commit").as_string(), "c0ffee");
}

TEST(DownloadsApi, WrongFieldsAreNamed) {
  ApiWorld world;
  const auto path = [&](std::string body) {
    auto answer = post(world, kDownloads, std::move(body));
    EXPECT_EQ(answer.status(), 400) << answer.text();
    return std::string(answer.body().at("errors").at(0).at("path").as_string());
  };
  EXPECT_EQ(path("{}"), "model");
  EXPECT_EQ(path(R"({"model":7})"), "model");
  EXPECT_EQ(path(R"({"model":"../etc"})"), "model");
  EXPECT_EQ(path(R"({"model":"org/a","revision":"../x"})"), "revision");
  EXPECT_EQ(path(R"({"model":"org/a","include":["a",1]})"), "include[1]");
  EXPECT_EQ(path(R"({"model":"org/a","exclude":"a"})"), "exclude");
  EXPECT_EQ(post(world, kDownloads, "no json").status(), 400);
}

TEST(DownloadsApi, PauseResumeMoveCancel) {
  ApiWorld world;
  const auto first = start_download(world, "org/first");
  const auto second = start_download(world, "org/second");
  const auto third = start_download(world, "org/third");
  EXPECT_EQ(post(world, download_path(second, "pause")).body().at("state").as_string(), "paused");
  EXPECT_EQ(post(world, download_path(third, "move"), R"({"place":0})").status(), 200);
  const auto list = world.get(kDownloads).finish().body().at("downloads").as_array();
  EXPECT_EQ(list.at(1).at("id").as_string(), third);
  EXPECT_EQ(post(world, download_path(second, "resume")).body().at("state").as_string(), "pending");
  EXPECT_EQ(erase_download(world, first).body().at("state").as_string(), "cancelled");
  EXPECT_TRUE(eventually([&] { return erase_download(world, first).status() == 200; }));
  EXPECT_EQ(world.get(download_path(first)).finish().status(), 404);
}

TEST(DownloadsApi, UnknownOnesAndWrongMovesAreRefused) {
  ApiWorld world;
  EXPECT_EQ(world.get(download_path("x")).finish().status(), 404);
  EXPECT_EQ(post(world, download_path("x", "pause")).status(), 404);
  EXPECT_EQ(erase_download(world, "x").status(), 404);
  start_download(world, "org/first");
  const auto id = start_download(world, "org/second");
  auto wrong = post(world, download_path(id, "move"), R"({"place":-1})");
  EXPECT_EQ(wrong.status(), 400);
  EXPECT_EQ(wrong.body().at("errors").at(0).at("path").as_string(), "place");
}

TEST(DownloadsApi, EventsBeginWithAllAndGoOnWithWhatChanges) {
  ApiWorld world;
  const auto id = start_download(world, "org/new");
  ASSERT_TRUE(eventually([&] { return download_state(world, id) == "downloading"; }));
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
  ASSERT_TRUE(eventually([&] { return download_state(world, id) == "completed"; }));
  ASSERT_TRUE(eventually([&] { return erase_download(world, id).status() == 200; }));
  stream.advance();
  EXPECT_EQ(stream.events().back().at("removed").at(0).as_string(), id);
}

}  // namespace
}  // namespace hearth::api::admin
