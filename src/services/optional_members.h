// Structures whose members are all optional: read strictly, written without what is not there.
#pragma once

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "base/decode.h"
#include "base/json.h"
#include "base/result.h"

namespace hearth::services {

template <class T>
using OptionalMembers = boost::describe::describe_members<T, boost::describe::mod_public |
                                                                 boost::describe::mod_inherited>;

/// Reads a T, a described structure of optional members. What is kept must not lose in silence what
/// nobody knows: unknown members are errors, too.
/// @param path  of `value` in the document, for errors; empty where it is the document
/// @param unknown  what is said of an unknown member: "is no option of a conversion"
/// @param check  (const T&, base::DecodeContext&): adds the faults of values
/// @returns all faults at once
template <class T, class Check>
Result<T> read_optional_members(const json::value& value, std::string_view path,
                                const std::string& unknown, Check check) {
  base::DecodeContext context;
  T read_value;
  const auto refuse_unknown = [&](std::string_view name) {
    bool known = false;
    boost::mp11::mp_for_each<OptionalMembers<T>>(
        [&](auto member) { known |= name == member.name; });
    if (!known) context.within(name, [&] { context.add(unknown); });
  };
  const auto read = [&] {
    base::Decode<T>::read(value, read_value, context);
    if (value.is_object())
      for (const auto& given : value.get_object()) refuse_unknown(given.key());
    check(read_value, context);
  };
  if (path.empty())
    read();
  else
    context.within(path, read);
  if (!context.clean()) return fail(base::fold(context.take_errors()));
  return read_value;
}

template <class T>
json::object write_optional_members(const T& from) {
  json::object out;
  boost::mp11::mp_for_each<OptionalMembers<T>>([&](auto member) {
    if (const auto& value = from.*member.pointer) out[member.name] = json::value_from(*value);
  });
  return out;
}

}  // namespace hearth::services
