// From JSON to plain structs: every wrong field is collected, with its path.
#pragma once

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace hearth::base {

/// Where the decoder stands in the document, and all that was wrong so far.
class DecodeContext {
 public:
  const std::string& path() const { return path_; }
  bool clean() const { return errors_.empty(); }
  std::size_t faults() const { return errors_.size(); }
  std::vector<FieldError> take_errors() { return std::move(errors_); }

  /// Records a fault at the present path.
  void add(std::string message, ErrorCode code = ErrorCode::InvalidArgument) {
    errors_.push_back({path_, std::move(message), code});
  }

  /// Runs `body` with `member` or `[index]` appended to the path.
  template <class Body>
  void within(std::string_view member, Body&& body) {
    const std::size_t length = path_.size();
    if (!path_.empty()) path_ += '.';
    path_ += member;
    body();
    path_.resize(length);
  }
  template <class Body>
  void within(std::size_t index, Body&& body) {
    const std::size_t length = path_.size();
    path_ += '[' + std::to_string(index) + ']';
    body();
    path_.resize(length);
  }

 private:
  std::string path_;
  std::vector<FieldError> errors_;
};

/// How a type is read. Specialise it for types with a form of their own (a string or a list, say):
/// `static void read(const json::value&, T& out, DecodeContext&)`; faults go to the context.
template <class T>
struct Decode;

template <class T>
concept Described = boost::describe::has_describe_members<T>::value && std::is_class_v<T>;

template <>
struct Decode<bool> {
  static void read(const json::value& value, bool& out, DecodeContext& context) {
    if (value.is_bool())
      out = value.get_bool();
    else
      context.add("must be true or false");
  }
};

template <>
struct Decode<std::string> {
  static void read(const json::value& value, std::string& out, DecodeContext& context) {
    if (value.is_string())
      out.assign(value.get_string().data(), value.get_string().size());
    else
      context.add("must be a string");
  }
};

template <>
struct Decode<double> {
  static void read(const json::value& value, double& out, DecodeContext& context) {
    if (value.is_number())
      out = value.to_number<double>();
    else
      context.add("must be a number");
  }
};

template <std::integral T>
  requires(!std::same_as<T, bool>)
struct Decode<T> {
  static void read(const json::value& value, T& out, DecodeContext& context) {
    if (value.is_int64() && std::in_range<T>(value.get_int64())) {
      out = static_cast<T>(value.get_int64());
    } else if (value.is_uint64() && std::in_range<T>(value.get_uint64())) {
      out = static_cast<T>(value.get_uint64());
    } else if (value.is_double() && std::trunc(value.get_double()) == value.get_double() &&
               std::abs(value.get_double()) < 9.0e15 &&
               std::in_range<T>(static_cast<std::int64_t>(value.get_double()))) {
      out = static_cast<T>(value.get_double());  // clients write 3.0 and mean 3
    } else {
      context.add(value.is_number() ? "is out of range or not whole" : "must be an integer");
    }
  }
};

template <>
struct Decode<json::value> {
  static void read(const json::value& value, json::value& out, DecodeContext&) { out = value; }
};

template <>
struct Decode<json::object> {
  static void read(const json::value& value, json::object& out, DecodeContext& context) {
    if (value.is_object())
      out = value.get_object();
    else
      context.add("must be an object");
  }
};

/// A faulty value leaves it unset, so that nobody finds a second fault in a half-read one.
template <class T>
struct Decode<std::optional<T>> {
  static void read(const json::value& value, std::optional<T>& out, DecodeContext& context) {
    if (value.is_null()) return;
    const std::size_t before = context.faults();
    Decode<T>::read(value, out.emplace(), context);
    if (context.faults() > before) out.reset();
  }
};

template <class T>
struct Decode<std::vector<T>> {
  static void read(const json::value& value, std::vector<T>& out, DecodeContext& context) {
    if (!value.is_array()) {
      context.add("must be a list");
      return;
    }
    const auto& items = value.get_array();
    out.resize(items.size());
    for (std::size_t i = 0; i < items.size(); ++i)
      context.within(i, [&] { Decode<T>::read(items[i], out[i], context); });
  }
};

template <class T>
struct Decode<std::map<std::string, T>> {
  static void read(const json::value& value, std::map<std::string, T>& out,
                   DecodeContext& context) {
    if (!value.is_object()) {
      context.add("must be an object");
      return;
    }
    for (const auto& member : value.get_object()) {
      const std::string key(member.key());
      context.within(key, [&] { Decode<T>::read(member.value(), out[key], context); });
    }
  }
};

/// A described struct: members by name. Null and absent are the same; an absent member that is no
/// std::optional is a fault. Unknown members are ignored, since client libraries grow weekly.
template <Described T>
struct Decode<T> {
  static void read(const json::value& value, T& out, DecodeContext& context) {
    if (!value.is_object()) {
      context.add("must be an object");
      return;
    }
    using Members = boost::describe::describe_members<T, boost::describe::mod_public |
                                                             boost::describe::mod_inherited>;
    boost::mp11::mp_for_each<Members>([&](auto member) {
      using Field = std::remove_cvref_t<decltype(out.*member.pointer)>;
      const json::value* found = value.get_object().if_contains(member.name);
      context.within(std::string_view(member.name), [&] {
        if (found && !found->is_null())
          Decode<Field>::read(*found, out.*member.pointer, context);
        else if constexpr (!is_optional<Field>)
          context.add("is required", ErrorCode::MissingArgument);
      });
    });
  }

 private:
  template <class Field>
  static constexpr bool is_optional = false;
  template <class Field>
  static constexpr bool is_optional<std::optional<Field>> = true;
};

/// Reads a whole document into T, or returns all that is wrong with it as one Error.
template <class T>
Result<T> decode(const json::value& value) {
  DecodeContext context;
  T out{};
  Decode<T>::read(value, out, context);
  if (!context.clean()) return fail(fold(context.take_errors()));
  return out;
}

}  // namespace hearth::base
