// Result<T> and TRY: how functions report what the world got wrong.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

#include "base/error.h"

namespace hearth::base {

/// A value or the Error that prevented it.
template <class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::NotFound, "model \"{}\" is not on this machine", name);`
template <class... Args>
std::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(
      Error{.code = code, .message = fmt::format(format, std::forward<Args>(args)...)});
}

/// Hands an Error up unchanged.
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

/// Hands an Error up with the caller's view in front: `return fail_in("load x", result.error());`
inline std::unexpected<Error> fail_in(std::string_view doing, Error error) {
  return std::unexpected(std::move(error).context(doing));
}

}  // namespace hearth::base

namespace hearth {
using base::Error;
using base::ErrorCode;
using base::fail;
using base::fail_in;
using base::Result;
}  // namespace hearth

/// The value of a Result, or return its Error from this function: `const auto x = TRY(f());`
/// `TRY_IN("load x", f())` puts a context in front; `CO_TRY` is for coroutines.
#define TRY(expression)                                                            \
  ({                                                                               \
    auto try_result = (expression);                                                \
    if (!try_result) return ::std::unexpected(::std::move(try_result).error());    \
    ::std::move(try_result).value();                                               \
  })

#define TRY_IN(doing, expression)                                                          \
  ({                                                                                       \
    auto try_result = (expression);                                                        \
    if (!try_result) return ::hearth::base::fail_in((doing), ::std::move(try_result).error()); \
    ::std::move(try_result).value();                                                       \
  })

#define CO_TRY(expression)                                                         \
  ({                                                                               \
    auto try_result = (expression);                                                \
    if (!try_result) co_return ::std::unexpected(::std::move(try_result).error()); \
    ::std::move(try_result).value();                                               \
  })
