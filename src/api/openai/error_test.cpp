// The table of error kinds of the wire page (section 1.2), row by row.
#include "api/openai/error.h"

#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::openai {
namespace {

struct Row {
  ErrorCode kind;
  int status;
  std::string type;
  std::string code;
  std::string retry_after = {};
  std::string should_retry = {};
};

const std::vector<Row>& rows() {
  static const std::string request = "invalid_request_error";
  static const std::vector<Row> all = {
      {ErrorCode::InvalidArgument, 400, request, "invalid_value"},
      {ErrorCode::MissingArgument, 400, request, "missing_required_parameter"},
      {ErrorCode::UnsupportedArgument, 400, request, "unsupported_parameter"},
      {ErrorCode::ContextExceeded, 400, request, "context_length_exceeded"},
      {ErrorCode::UnsupportedCapability, 400, request, "unsupported_capability"},
      {ErrorCode::Unauthorized, 401, request, "invalid_api_key"},
      {ErrorCode::Forbidden, 403, "permission_error", "insufficient_permissions"},
      {ErrorCode::ModelNotFound, 404, request, "model_not_found"},
      {ErrorCode::NotFound, 404, request, "not_found"},
      {ErrorCode::UnknownRoute, 404, request, "unknown_url"},
      {ErrorCode::MethodNotAllowed, 405, request, "method_not_allowed"},
      {ErrorCode::Timeout, 408, "server_error", "timeout", "", "false"},
      {ErrorCode::TooLarge, 413, request, "request_too_large"},
      {ErrorCode::Cancelled, 499, request, "request_cancelled"},
      {ErrorCode::RateLimited, 429, "rate_limit_error", "rate_limit_exceeded", "1"},
      {ErrorCode::Internal, 500, "server_error", "internal_error"},
      {ErrorCode::Upstream, 502, "server_error", "upstream_error"},
      {ErrorCode::Overloaded, 503, "server_error", "overloaded", "1"},
      {ErrorCode::OutOfMemory, 503, "server_error", "insufficient_memory", "", "false"},
      {ErrorCode::EngineLost, 503, "server_error", "engine_lost", "1"},
      // Ours: asking again reads the same broken file.
      {ErrorCode::Io, 500, "server_error", "internal_error", "", "false"},
      {ErrorCode::CorruptData, 500, "server_error", "model_damaged", "", "false"},
  };
  return all;
}

TEST(OpenAiError, EveryKindHasItsRow) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(base::name(row.kind));
    testing::Answer answer(error_response({.code = row.kind, .message = "why \"so\""}));
    answer.finish();
    EXPECT_EQ(answer.status(), row.status);
    EXPECT_EQ(answer.header("content-type"), "application/json");
    EXPECT_EQ(answer.header("retry-after"), row.retry_after);
    EXPECT_EQ(answer.header("x-should-retry"), row.should_retry);
    const json::object expected{
        {"message", "why \"so\""}, {"type", row.type}, {"param", nullptr}, {"code", row.code}};
    EXPECT_EQ(answer.error(), expected);
    EXPECT_EQ(answer.body().size(), 1u);
  }
}

TEST(OpenAiError, ParamIsThePathOfTheFirstWrongField) {
  testing::Answer answer(
      error_response(base::fold({{"messages[2].role", "is required", ErrorCode::MissingArgument},
                                 {"top_p", "must be a number"}})));
  answer.finish();
  EXPECT_EQ(answer.error().at("param"), "messages[2].role");
  EXPECT_EQ(answer.error().at("code"), "missing_required_parameter");
  EXPECT_EQ(answer.error().at("message"), "messages[2].role: is required; top_p: must be a number");
}

TEST(OpenAiError, RetryAfterStaysWithinWhatClientsHonour) {
  const auto header = [](int seconds) {
    return testing::Answer(error_response({.code = ErrorCode::Overloaded,
                                           .message = "full",
                                           .retry_after = std::chrono::seconds(seconds)}))
        .header("retry-after");
  };
  EXPECT_EQ(header(5), "5");
  EXPECT_EQ(header(0), "1");
  EXPECT_EQ(header(600), "60");
}

TEST(OpenAiError, UnknownPathsHaveTheSameEnvelope) {
  testing::ApiWorld world;
  auto answer = world.get({"v1", "nothing"});
  EXPECT_EQ(answer.finish().status(), 404);
  EXPECT_EQ(answer.error().at("code"), "unknown_url");
}

}  // namespace
}  // namespace hearth::api::openai
