// A preset: what requests to a model get where they say nothing themselves.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "engine/engine.h"
#include "services/chat/sampling_fields.h"
#include "services/pool/keep_alive.h"

namespace hearth::services {

/// Members are named as in requests; what is unset leaves it to the model's own settings.
struct Preset : SamplingFields {
  std::optional<std::string> system;  ///< for conversations that bring no system prompt
  std::optional<std::uint32_t> max_tokens;
  std::optional<std::uint32_t> context_length;  ///< the model is loaded with so much
  std::optional<KeepAlive> keep_alive;          ///< how long it stays in memory without use

  bool operator==(const Preset&) const = default;
};
BOOST_DESCRIBE_STRUCT(Preset, (SamplingFields), (system, max_tokens, context_length, keep_alive))

/// @returns InvalidArgument, naming every wrong, unknown or unsuitable member by its path below
///          `path`
Result<Preset> read_preset(const json::value& value, std::string_view path = {});
/// The set members alone.
json::object write_preset(const Preset& preset);
/// What the preset becomes when the members that `change` has set replace its own.
Preset changed(Preset preset, const Preset& change);

/// Gives a request what it leaves out: sampling, the longest answer, the system prompt of a
/// conversation that begins without one.
void fill_in(const Preset& preset, engine::Request& request);

}  // namespace hearth::services
