// A preset: what requests to a model get where they say nothing themselves.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "engine/engine.h"

namespace hearth::services {

/// Members are named as in requests; what is unset leaves it to the model's own settings.
struct Preset {
  std::optional<std::string> system;  ///< for conversations that bring no system prompt
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int> top_k;
  std::optional<double> min_p;
  std::optional<double> repetition_penalty;
  std::optional<double> presence_penalty;
  std::optional<double> frequency_penalty;
  std::optional<int> repetition_context_size;
  std::optional<std::uint32_t> max_tokens;
  std::optional<std::uint32_t> context_length;  ///< the model is loaded with so much

  bool operator==(const Preset&) const = default;
};
BOOST_DESCRIBE_STRUCT(Preset, (),
                      (system, temperature, top_p, top_k, min_p, repetition_penalty,
                       presence_penalty, frequency_penalty, repetition_context_size, max_tokens,
                       context_length))

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
