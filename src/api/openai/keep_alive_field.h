// `keep_alive` and `ttl`: how long a model stays in memory after a request.
#pragma once

#include "base/decode.h"
#include "services/pool/keep_alive.h"

namespace hearth::api::openai {

/// Seconds, or a duration like "5m"; 0: unload after this request, negative: never.
struct KeepAliveField {
  services::KeepAlive keep;
};

}  // namespace hearth::api::openai

namespace hearth::base {
template <>
struct Decode<api::openai::KeepAliveField> {
  static void read(const json::value& value, api::openai::KeepAliveField& out,
                   DecodeContext& context) {
    if (auto keep = services::read_keep_alive(value))
      out.keep = *keep;
    else
      context.add(std::move(keep).error().message);
  }
};
}  // namespace hearth::base
