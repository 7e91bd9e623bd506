// Names of error codes and the folding of field errors.
#include "base/error.h"

#include <array>
#include <fmt/format.h>
#include <utility>

namespace hearth::base {
namespace {

constexpr auto kNames = std::to_array<std::pair<ErrorCode, std::string_view>>({
    {ErrorCode::InvalidArgument, "invalid_argument"},
    {ErrorCode::MissingArgument, "missing_argument"},
    {ErrorCode::UnsupportedArgument, "unsupported_argument"},
    {ErrorCode::UnsupportedCapability, "unsupported_capability"},
    {ErrorCode::ContextExceeded, "context_exceeded"},
    {ErrorCode::Unauthorized, "unauthorized"},
    {ErrorCode::Forbidden, "forbidden"},
    {ErrorCode::NotFound, "not_found"},
    {ErrorCode::ModelNotFound, "model_not_found"},
    {ErrorCode::UnknownRoute, "unknown_route"},
    {ErrorCode::MethodNotAllowed, "method_not_allowed"},
    {ErrorCode::Timeout, "timeout"},
    {ErrorCode::TooLarge, "too_large"},
    {ErrorCode::Cancelled, "cancelled"},
    {ErrorCode::RateLimited, "rate_limited"},
    {ErrorCode::Internal, "internal"},
    {ErrorCode::Upstream, "upstream"},
    {ErrorCode::Overloaded, "overloaded"},
    {ErrorCode::OutOfMemory, "out_of_memory"},
    {ErrorCode::EngineLost, "engine_lost"},
    {ErrorCode::Io, "io"},
    {ErrorCode::CorruptData, "corrupt_data"},
});

}  // namespace

std::string_view name(ErrorCode code) {
  for (const auto& [value, text] : kNames)
    if (value == code) return text;
  return "internal";
}

ErrorCode error_code(std::string_view wanted) {
  for (const auto& [value, text] : kNames)
    if (text == wanted) return value;
  return ErrorCode::Internal;
}

Error Error::context(std::string_view doing) && {
  message.insert(0, fmt::format("{}: ", doing));
  return std::move(*this);
}

Error fold(std::vector<FieldError> fields) {
  Error error{.code = ErrorCode::InvalidArgument, .message = "the request is invalid"};
  if (fields.empty()) return error;
  error.code = fields.front().code;
  error.param = fields.front().path;
  error.message.clear();
  for (const FieldError& field : fields)
    error.message += fmt::format("{}{}: {}", error.message.empty() ? "" : "; ",
                                 field.path.empty() ? "body" : field.path, field.message);
  error.fields = std::move(fields);
  return error;
}

}  // namespace hearth::base
