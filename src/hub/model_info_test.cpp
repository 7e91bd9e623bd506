// The Hub's JSON in the shapes that its pages of reference show, and what is no such thing.
#include "hub/model_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ReadModel, TakesWhatIsThere) {
  const auto model = read_model(*base::parse_json(R"({
    "_id": "x", "id": "org/m", "sha": "abc", "gated": "manual", "private": false, "downloads": 12,
    "likes": 3, "tags": ["mlx", "region:us"], "pipeline_tag": "text-generation",
    "library_name": "mlx", "createdAt": "2025-04-27T03:40:08.000Z",
    "safetensors": {"parameters": {"BF16": 7}, "total": 7}, "config": {"model_type": "qwen3"},
    "siblings": [{"rfilename": "config.json"}, {"rfilename": "a/b.txt"}]})"));
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->id, "org/m");
  EXPECT_EQ(model->commit, "abc");
  EXPECT_TRUE(model->gated);
  EXPECT_FALSE(model->is_private);
  EXPECT_EQ(model->parameters, 7U);
  EXPECT_THAT(model->files, ElementsAre("config.json", "a/b.txt"));
  EXPECT_EQ(model->config.at("model_type"), "qwen3");
}

TEST(ReadModel, SaysWhichFieldIsWrong) {
  const auto model = read_model(*base::parse_json(R"({"id": 7, "likes": "many"})"));
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::Upstream);
  EXPECT_THAT(model.error().message, HasSubstr("id: must be a string; likes: must be"));
}

TEST(ReadModel, CountsTheBytesOfWeightsWhereItKnowsTheirTypes) {
  const auto bytes = [](std::string_view parameters) {
    return read_model(
               *base::parse_json(fmt::format(
                   R"({{"id":"a","safetensors":{{"parameters":{},"total":1}}}})", parameters)))
        ->weight_bytes;
  };
  EXPECT_EQ(bytes(R"({"BF16": 10, "U32": 100})"), 2U * 10 + 4 * 100);
  EXPECT_EQ(bytes(R"({"F32": 1, "F8_E4M3": 5})"), 4U + 5);
  EXPECT_EQ(bytes(R"({"Q9": 1})"), std::nullopt);
  EXPECT_EQ(bytes("null"), std::nullopt);
}

TEST(ReadAccount, NamesTheOwnerOfAToken) {
  const auto account = read_account(*base::parse_json(R"({
    "type": "user", "id": "x", "name": "jane", "fullname": "Jane Doe", "isPro": false,
    "orgs": [{"type": "org", "name": "doe-labs", "roleInOrg": "admin"}],
    "auth": {"type": "access_token", "accessToken": {"displayName": "laptop", "role": "read"}}})"));
  ASSERT_TRUE(account) << account.error().message;
  EXPECT_EQ(account->name, "jane");
  EXPECT_EQ(account->full_name, "Jane Doe");
  EXPECT_THAT(account->organisations, ElementsAre("doe-labs"));
  EXPECT_EQ(account->token_name, "laptop");
  EXPECT_EQ(account->token_role, "read");
  EXPECT_EQ(read_account(*base::parse_json("{}")).error().code, ErrorCode::Upstream);
}

TEST(ReadTree, FilesWithBothKindsOfHash) {
  const std::string git(40, 'a');
  const std::string sha(64, 'b');
  const auto files = read_tree(*base::parse_json(fmt::format(
      R"([{{"type":"directory","oid":"{0}","size":0,"path":"sub"}},
          {{"type":"file","oid":"{0}","size":5,"path":"sub/config.json"}},
          {{"type":"file","oid":"{0}","size":134,"path":"m.safetensors",
            "lfs":{{"oid":"{1}","size":9000000000,"pointerSize":134}},"xetHash":"c"}}])",
      git, sha)));
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ((*files)[0].path, "sub/config.json");
  EXPECT_EQ((*files)[0].bytes, 5U);
  EXPECT_FALSE((*files)[0].sha256);
  EXPECT_EQ((*files)[1].bytes, 9'000'000'000U);
  EXPECT_EQ((*files)[1].sha256, sha);
}

TEST(ReadTree, PathsAndHashesThatWouldLeaveTheCacheAreRefused) {
  const std::string git(40, 'a');
  const auto entry = [&](std::string_view path, std::string_view oid) {
    return read_tree(*base::parse_json(
        fmt::format(R"([{{"type":"file","oid":"{}","size":5,"path":"{}"}}])", oid, path)));
  };
  EXPECT_TRUE(entry("x", git));
  EXPECT_FALSE(entry("../x", git));
  EXPECT_FALSE(entry("x", "../../etc/passwd"));
}

TEST(QueryText, RepeatsFiltersAndEncodes) {
  EXPECT_EQ(query_text({.text = "qwen 3",
                        .filters = {"mlx", "license:mit"},
                        .sort = "likes",
                        .limit = 5,
                        .expand = {"safetensors"}})
                .value(),
            "search=qwen%203&filter=mlx&filter=license%3Amit&sort=likes&direction=-1&limit=5"
            "&expand=safetensors");
  EXPECT_EQ(query_text({}).value(), "limit=20");
  EXPECT_FALSE(query_text({.sort = "size"}));
  EXPECT_FALSE(query_text({.limit = 501}));
}

}  // namespace
}  // namespace hearth::hub
