// One row per error kind: status and title of a problem.
#include "api/admin/problem.h"

#include <array>
#include <utility>

#include "api/openai/error.h"
#include "base/json.h"

namespace hearth::api::admin {
namespace {

struct Row {
  ErrorCode kind;
  int status;
  std::string_view title;
};

constexpr auto kRows = std::to_array<Row>({
    {ErrorCode::InvalidArgument, 400, "Something in the request is wrong"},
    {ErrorCode::MissingArgument, 400, "Something in the request is missing"},
    {ErrorCode::UnsupportedArgument, 400, "This is not offered here"},
    {ErrorCode::UnsupportedCapability, 400, "The model cannot do this"},
    {ErrorCode::ContextExceeded, 400, "The prompt is too long"},
    {ErrorCode::Unauthorized, 401, "Sign in first"},
    {ErrorCode::Forbidden, 403, "This is not allowed"},
    {ErrorCode::NotFound, 404, "This does not exist"},
    {ErrorCode::ModelNotFound, 404, "There is no such model"},
    {ErrorCode::UnknownRoute, 404, "There is nothing at this address"},
    {ErrorCode::MethodNotAllowed, 405, "This address takes other methods"},
    {ErrorCode::Timeout, 408, "It took too long"},
    {ErrorCode::TooLarge, 413, "The request is too large"},
    {ErrorCode::RateLimited, 429, "Too many requests"},
    {ErrorCode::Cancelled, 499, "The request was cancelled"},
    {ErrorCode::Internal, 500, "Something went wrong inside"},
    {ErrorCode::Io, 500, "A file or device refused"},
    {ErrorCode::CorruptData, 500, "A file is damaged"},
    {ErrorCode::Upstream, 502, "Another server failed"},
    {ErrorCode::Overloaded, 503, "The queue is full"},
    {ErrorCode::OutOfMemory, 503, "It does not fit into memory"},
    {ErrorCode::EngineLost, 503, "The model's process ended"},
});

const Row& row_of(ErrorCode kind) {
  for (const Row& row : kRows)
    if (row.kind == kind) return row;
  return row_of(ErrorCode::Internal);
}

}  // namespace

bool is_ours(const http::Request& request) {
  return request.path.size() >= 2 && request.path[0] == "admin" && request.path[1] == "api";
}

std::unexpected<Error> wrong_field(std::string path, std::string message) {
  return fail(base::fold({{.path = std::move(path), .message = std::move(message)}}));
}

Error at_field(const std::string& path, Error error) {
  if (!error.fields.empty()) return error;
  return base::fold({{.path = path, .message = std::move(error.message), .code = error.code}});
}

http::Response problem(const http::Request& request, const Error& error) {
  if (!request.path.empty() && request.path.front() == "v1") return openai::error_response(error);
  const Row& row = row_of(error.code);
  json::object body{{"type", "about:blank"},      {"title", row.title},
                    {"status", row.status},       {"detail", error.message},
                    {"instance", request.target}, {"request_id", request.id}};
  if (!error.fields.empty()) {
    json::array& errors = body["errors"].emplace_array();
    for (const auto& field : error.fields)
      errors.push_back(json::object{{"path", field.path}, {"detail", field.message}});
  }
  http::Response response = http::json(base::write_json(body), row.status);
  response.headers.set("content-type", "application/problem+json");
  if (error.retry_after)
    response.headers.set("retry-after", std::to_string(error.retry_after->count()));
  return response;
}

}  // namespace hearth::api::admin
