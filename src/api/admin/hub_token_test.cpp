// The Hub's token over HTTP: what is told of it, and that it never comes back.
#include "api/admin/hub_token.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::admin {
namespace {

using testing::ApiWorld;
using ::testing::HasSubstr;
using ::testing::Not;

class TokenApi : public ::testing::Test {
 protected:
  TokenApi() {
    for (const char* name : {"HF_TOKEN", "HF_TOKEN_PATH"}) ::unsetenv(name);
    ::setenv("HF_HOME", world_.folder.path().c_str(), 1);
    ::setenv("HF_HUB_OFFLINE", "1", 1);
  }
  ~TokenApi() override {
    ::unsetenv("HF_HOME");
    ::unsetenv("HF_HUB_OFFLINE");
  }
  testing::Answer ask(http::Method method, std::string body = {}) {
    return std::move(
        world_.send(method, {"admin", "api", "hub", "token"}, std::move(body)).finish());
  }
  ApiWorld world_;
};

TEST_F(TokenApi, KeepsAndForgetsWithoutEverShowingIt) {
  EXPECT_EQ(ask(http::Method::Get).text(), R"({"set":false,"origin":null,"kept":false})");
  const auto kept = ask(http::Method::Put, R"({"token":"hf_very_secret","check":false})");
  EXPECT_EQ(kept.status(), 200) << kept.text();
  EXPECT_EQ(kept.body().at("origin").as_string(), "kept");
  EXPECT_THAT(kept.text(), Not(HasSubstr("very_secret")));
  EXPECT_EQ(ask(http::Method::Get).text(), R"({"set":true,"origin":"kept","kept":true})");
  EXPECT_EQ(ask(http::Method::Delete).status(), 200);
  EXPECT_FALSE(ask(http::Method::Get).body().at("set").as_bool());
}

TEST_F(TokenApi, RefusesWhatIsNoTokenOrCannotBeTested) {
  for (const auto* body : {R"({"token":"two words","check":false})", R"({"token":""})", "{}", "[]"})
    EXPECT_EQ(ask(http::Method::Put, body).status(), 400) << body;
  EXPECT_EQ(ask(http::Method::Put, R"({"token":"hf_x"})").status(), 502) << "the Hub is not asked";
  EXPECT_FALSE(ask(http::Method::Get).body().at("kept").as_bool());
}

}  // namespace
}  // namespace hearth::api::admin
