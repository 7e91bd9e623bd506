// What can go wrong by the world's fault, and how it is told.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::base {

/// What went wrong, named by what the caller can do about it, not by the module that noticed.
/// Each protocol maps every enumerator to a status and its own type and code (one row each).
enum class ErrorCode {
  InvalidArgument,        ///< a field has a wrong type, value or range
  MissingArgument,        ///< a required field is absent
  UnsupportedArgument,    ///< a field or value that this server does not offer
  UnsupportedCapability,  ///< the model cannot do this (images, tools, embeddings ...)
  ContextExceeded,        ///< the prompt does not fit into the model's context
  Unauthorized,
  Forbidden,
  NotFound,
  ModelNotFound,
  UnknownRoute,
  MethodNotAllowed,
  Timeout,
  TooLarge,
  Cancelled,
  RateLimited,
  Internal,     ///< our bug
  Upstream,     ///< another server failed
  Overloaded,   ///< the queue is full: come back later
  OutOfMemory,  ///< does not fit, waiting will not help
  EngineLost,   ///< the worker died; the next request starts a new one
  Io,           ///< a file, socket or device refused
  CorruptData,  ///< a file's content contradicts itself or its format
};

/// The enumerator's name in snake_case, for logs and for the worker's wire.
std::string_view name(ErrorCode code);

/// The enumerator with that name; Internal for a name nobody knows.
ErrorCode error_code(std::string_view name);

/// One wrong field of a request. `path` reads as in JavaScript: `messages[2].role`.
struct FieldError {
  std::string path;
  std::string message;
  ErrorCode code = ErrorCode::InvalidArgument;
};

/// What went wrong, why, and what to do, in one sentence that a user can act on.
struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;                  ///< values are quoted: model "x" has no tokenizer
  std::string param = {};               ///< path of the first wrong field, empty if none
  std::vector<FieldError> fields = {};  ///< every wrong field, where a body was read
  std::optional<std::chrono::seconds> retry_after = {};

  /// Puts the caller's view in front: "load qwen3: open weights: permission denied".
  Error context(std::string_view doing) &&;
};

/// Folds several wrong fields into one error: the message names the first and counts the rest.
Error fold(std::vector<FieldError> fields);

}  // namespace hearth::base
