// The fields that choose tokens, as requests and presets write them.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string_view>

#include "base/decode.h"
#include "engine/engine.h"

namespace hearth::services {

/// Unset leaves it to whoever comes next: the preset, the model's own settings, our defaults.
struct SamplingFields {
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int> top_k;
  std::optional<double> min_p;
  std::optional<double> typical_p;
  std::optional<double> top_n_sigma;
  std::optional<double> xtc_probability;
  std::optional<double> xtc_threshold;
  std::optional<double> repetition_penalty;
  std::optional<double> presence_penalty;
  std::optional<double> frequency_penalty;
  std::optional<int> repetition_context_size;

  bool operator==(const SamplingFields&) const = default;
};
BOOST_DESCRIBE_STRUCT(SamplingFields, (),
                      (temperature, top_p, top_k, min_p, typical_p, top_n_sigma, xtc_probability,
                       xtc_threshold, repetition_penalty, presence_penalty, frequency_penalty,
                       repetition_context_size))

/// Adds a fault for every value out of its range.
void check_ranges(const SamplingFields& fields, base::DecodeContext& context);

/// Adds a fault to the member `name` where its value is out of range. `most` may be infinite.
void check_range(std::string_view name, double value, double least, double most,
                 base::DecodeContext& context);

/// Gives the request's sampling what it leaves out.
void fill_in(const SamplingFields& fields, engine::Sampling& sampling);

}  // namespace hearth::services
