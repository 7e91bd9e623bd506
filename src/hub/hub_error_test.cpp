// Refusals, as people read them.
#include "hub/hub_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::hub {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

const Subject kModel{.repository = "org/m", .revision = "main", .file = ""};
const Subject kFile{.repository = "org/m", .revision = "main", .file = "config.json"};

Error error(int status, const Subject& subject, std::string_view code = {}, std::string body = {},
            std::string token = {}) {
  http::ClientResponse response{.status = status, .headers = {}, .body = std::move(body)};
  if (!code.empty()) response.headers.add("X-Error-Code", std::string(code));
  if (status == 429) response.retry_after = 9s;
  return hub_error(response, subject,
                   {.endpoint = "http://hub", .token = std::move(token), .cache = {}});
}

TEST(HubError, GatedSaysWhereToAcceptAndWithWhat) {
  const auto refused = error(401, kFile, "GatedRepo");
  EXPECT_EQ(refused.code, ErrorCode::Forbidden);
  EXPECT_THAT(refused.message,
              AllOf(HasSubstr("gated"), HasSubstr("http://hub/org/m"), HasSubstr("set HF_TOKEN")));
  EXPECT_THAT(error(403, kFile, "GatedRepo", "", "hf_x").message, HasSubstr("your token"));
}

TEST(HubError, MissingThings) {
  EXPECT_THAT(error(401, kModel, "RepoNotFound").message,
              AllOf(HasSubstr("no model org/m"), HasSubstr("private")));
  EXPECT_EQ(error(404, kModel).code, ErrorCode::NotFound);
  EXPECT_THAT(error(404, kModel, "RevisionNotFound").message, HasSubstr("no revision \"main\""));
  EXPECT_THAT(error(404, kFile, "EntryNotFound").message, HasSubstr("no file config.json"));
}

TEST(HubError, TheServersOwnReasonIsTold) {
  const auto refused = error(401, kModel, "", R"({"error":"Invalid\ncredentials"})", "hf_x");
  EXPECT_EQ(refused.code, ErrorCode::Unauthorized);
  EXPECT_THAT(refused.message, HasSubstr("Invalid credentials"));
  EXPECT_EQ(error(403, kModel).code, ErrorCode::Forbidden);
}

TEST(HubError, BusyAndBrokenServers) {
  const auto busy = error(429, kModel);
  EXPECT_EQ(busy.code, ErrorCode::RateLimited);
  EXPECT_EQ(busy.retry_after, 9s);
  EXPECT_THAT(busy.message, HasSubstr("after 9 s"));
  EXPECT_EQ(error(503, kModel).code, ErrorCode::Upstream);
  EXPECT_EQ(error(416, kFile).code, ErrorCode::CorruptData);
}

}  // namespace
}  // namespace hearth::hub
