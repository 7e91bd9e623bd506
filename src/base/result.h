// Result<T> and TRY: how functions report what the world got wrong.
#pragma once

#include <expected>
#include <fmt/format.h>
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
inline std::unexpected<Error> fail(Error error) {
  return std::unexpected(std::move(error));
}

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
/// `TRY_IN("load x", f())` puts a context in front; `CO_TRY` is for coroutines. They may be nested.
#define TRY(expression) HEARTH_TRY_(expression, __COUNTER__)
#define TRY_IN(doing, expression) HEARTH_TRY_IN_(doing, expression, __COUNTER__)
#define CO_TRY(expression) HEARTH_CO_TRY_(expression, __COUNTER__)

// One more step each, so that the counter is a number before it becomes part of a name.
#define HEARTH_TRY_(expression, number) HEARTH_TRY_NAMED_(expression, number)
#define HEARTH_TRY_NAMED_(expression, number) HEARTH_TRY_AS_(expression, try_result_##number)
#define HEARTH_TRY_IN_(doing, expression, number) HEARTH_TRY_IN_NAMED_(doing, expression, number)
#define HEARTH_TRY_IN_NAMED_(doing, expression, number) \
  HEARTH_TRY_IN_AS_(doing, expression, try_result_##number)
#define HEARTH_CO_TRY_(expression, number) HEARTH_CO_TRY_NAMED_(expression, number)
#define HEARTH_CO_TRY_NAMED_(expression, number) HEARTH_CO_TRY_AS_(expression, try_result_##number)

#define HEARTH_TRY_AS_(expression, result)                              \
  ({                                                                    \
    auto result = (expression);                                         \
    if (!result) return ::std::unexpected(::std::move(result).error()); \
    ::std::move(result).value();                                        \
  })

#define HEARTH_TRY_IN_AS_(doing, expression, result)                                   \
  ({                                                                                   \
    auto result = (expression);                                                        \
    if (!result) return ::hearth::base::fail_in((doing), ::std::move(result).error()); \
    ::std::move(result).value();                                                       \
  })

#define HEARTH_CO_TRY_AS_(expression, result)                              \
  ({                                                                       \
    auto result = (expression);                                            \
    if (!result) co_return ::std::unexpected(::std::move(result).error()); \
    ::std::move(result).value();                                           \
  })
