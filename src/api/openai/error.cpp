// One row per error kind: status, type and code of the OpenAI wire.
#include "api/openai/error.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/json.h"

namespace hearth::api::openai {
namespace {

enum class Retry { AsClientLikes, Never, Soon };

struct Row {
  ErrorCode kind;
  int status;
  std::string_view type;
  std::string_view code;
  Retry retry = Retry::AsClientLikes;
};

constexpr std::string_view kRequest = "invalid_request_error";
constexpr std::string_view kServer = "server_error";

constexpr auto kRows = std::to_array<Row>({
    {ErrorCode::InvalidArgument, 400, kRequest, "invalid_value"},
    {ErrorCode::MissingArgument, 400, kRequest, "missing_required_parameter"},
    {ErrorCode::UnsupportedArgument, 400, kRequest, "unsupported_parameter"},
    {ErrorCode::UnsupportedCapability, 400, kRequest, "unsupported_capability"},
    {ErrorCode::ContextExceeded, 400, kRequest, "context_length_exceeded"},
    {ErrorCode::Unauthorized, 401, kRequest, "invalid_api_key"},
    {ErrorCode::Forbidden, 403, "permission_error", "insufficient_permissions"},
    {ErrorCode::NotFound, 404, kRequest, "not_found"},
    {ErrorCode::ModelNotFound, 404, kRequest, "model_not_found"},
    {ErrorCode::UnknownRoute, 404, kRequest, "unknown_url"},
    {ErrorCode::MethodNotAllowed, 405, kRequest, "method_not_allowed"},
    {ErrorCode::Timeout, 408, kServer, "timeout", Retry::Never},
    {ErrorCode::TooLarge, 413, kRequest, "request_too_large"},
    {ErrorCode::RateLimited, 429, "rate_limit_error", "rate_limit_exceeded", Retry::Soon},
    {ErrorCode::Cancelled, 499, kRequest, "request_cancelled"},
    {ErrorCode::Internal, 500, kServer, "internal_error"},
    {ErrorCode::Io, 500, kServer, "internal_error", Retry::Never},
    {ErrorCode::CorruptData, 500, kServer, "model_damaged", Retry::Never},
    {ErrorCode::Upstream, 502, kServer, "upstream_error"},
    {ErrorCode::Overloaded, 503, kServer, "overloaded", Retry::Soon},
    {ErrorCode::OutOfMemory, 503, kServer, "insufficient_memory", Retry::Never},
    {ErrorCode::EngineLost, 503, kServer, "engine_lost", Retry::Soon},
});

const Row& row_of(ErrorCode kind) {
  for (const Row& row : kRows)
    if (row.kind == kind) return row;
  return row_of(ErrorCode::Internal);
}

}  // namespace

std::string error_json(const Error& error) {
  const Row& row = row_of(error.code);
  std::string out = R"({"error":{"message":)";
  base::append_json_string(out, error.message);
  out += R"(,"type":)";
  base::append_json_string(out, row.type);
  out += R"(,"param":)";
  if (error.param.empty())
    out += "null";
  else
    base::append_json_string(out, error.param);
  out += R"(,"code":)";
  base::append_json_string(out, row.code);
  return out + "}}";
}

http::Response error_response(const Error& error) {
  const Row& row = row_of(error.code);
  http::Response response = http::json(error_json(error), row.status);
  if (row.retry == Retry::Never) response.headers.set("x-should-retry", "false");
  if (row.retry == Retry::Soon) {
    // Beyond a minute clients give up, or sleep for as long as they are told.
    const auto wait = std::clamp(error.retry_after.value_or(std::chrono::seconds(1)),
                                 std::chrono::seconds(1), std::chrono::seconds(60));
    response.headers.set("retry-after", std::to_string(wait.count()));
  }
  return response;
}

}  // namespace hearth::api::openai
