// How long a model stays in memory after its last use.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/decode.h"
#include "base/json.h"
#include "base/result.h"

namespace hearth::services {

/// Nothing: for ever. Zero: it leaves with its last user.
struct KeepAlive {
  std::optional<std::chrono::milliseconds> after;

  bool operator==(const KeepAlive&) const = default;
};

/// Reads seconds ("300", "-1") or a duration as Go and Ollama write it ("5m", "1h30m", "1.5h",
/// "300ms"); what is negative means for ever, as does more than a hundred years.
Result<KeepAlive> parse_keep_alive(std::string_view text);

/// The same from a request's body: a number of seconds or a text.
Result<KeepAlive> read_keep_alive(const json::value& value);

/// "-1" for ever, else seconds: what parse_keep_alive() reads back.
std::string keep_alive_text(const KeepAlive& keep);

/// Written as that text.
inline void tag_invoke(const json::value_from_tag& /*tag*/, json::value& out,
                       const KeepAlive& keep) {
  out = keep_alive_text(keep);
}

}  // namespace hearth::services

namespace hearth::base {
template <>
struct Decode<services::KeepAlive> {
  static void read(const json::value& value, services::KeepAlive& out, DecodeContext& context) {
    if (auto keep = services::read_keep_alive(value))
      out = *keep;
    else
      context.add(std::move(keep).error().message);
  }
};
}  // namespace hearth::base
