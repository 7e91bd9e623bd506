// The typed decoder: what is accepted, and that every fault is reported with its path.
#include "base/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::base {
namespace {

struct Message {
  std::string role;
  std::optional<std::string> content;
};
BOOST_DESCRIBE_STRUCT(Message, (), (role, content))

struct Body {
  std::string model;
  std::vector<Message> messages;
  std::optional<double> temperature;
  std::optional<int> max_tokens;
  std::optional<bool> stream;
};
BOOST_DESCRIBE_STRUCT(Body, (), (model, messages, temperature, max_tokens, stream))

Result<Body> read(std::string_view text) {
  return decode<Body>(parse_json(text).value());
}

TEST(Decode, ReadsAStructWithListsAndOptionals) {
  const auto body =
      read(R"({"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":3.0})");
  ASSERT_TRUE(body);
  EXPECT_EQ(body->model, "m");
  EXPECT_EQ(body->messages.at(0).content, "hi");
  EXPECT_EQ(body->max_tokens, 3);
  EXPECT_FALSE(body->temperature);
}

TEST(Decode, NullIsAbsentAndUnknownMembersAreIgnored) {
  const auto body = read(R"({"model":"m","messages":[],"temperature":null,"brand_new":{"a":1}})");
  ASSERT_TRUE(body);
  EXPECT_FALSE(body->temperature);
}

TEST(Decode, CollectsEveryFaultWithItsPath) {
  const auto body =
      read(R"({"messages":[{"role":"user"},{"role":7}],"temperature":"warm","max_tokens":2.5,)"
           R"("stream":1})");
  ASSERT_FALSE(body);
  std::vector<std::string> paths;
  for (const auto& field : body.error().fields) paths.push_back(field.path);
  EXPECT_THAT(paths, testing::ElementsAre("model", "messages[1].role", "temperature", "max_tokens",
                                          "stream"));
  EXPECT_EQ(body.error().param, "model");
  EXPECT_EQ(body.error().code, ErrorCode::MissingArgument);
}

TEST(Decode, IntegersOutOfRangeAreRefused) {
  EXPECT_FALSE(read(R"({"model":"m","messages":[],"max_tokens":3000000000})"));
  EXPECT_FALSE(read(R"({"model":"m","messages":[],"max_tokens":18446744073709551615})"));
}

}  // namespace
}  // namespace hearth::base
