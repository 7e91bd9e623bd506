// How one request draws its tokens: every knob with its value, from the request, the model or the
// default.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "engine/engine.h"

namespace hearth::engine {

/// Sampling with nothing left open.
struct SamplingParams {
  double temperature = 1;  ///< 0: greedy
  double top_p = 1;        ///< 1: off
  double min_p = 0;        ///< 0: off
  std::int64_t top_k = 0;  ///< 0: off
  double repetition_penalty = 1;
  double presence_penalty = 0;
  double frequency_penalty = 0;
  std::int64_t window = 20;  ///< tokens the penalties look back; -1: all
  std::uint64_t seed = 0;

  bool greedy() const { return temperature == 0; }
  bool filtered() const { return top_p < 1 || min_p > 0 || top_k > 0; }
  bool penalised() const {
    return window != 0 &&
           (repetition_penalty != 1 || presence_penalty != 0 || frequency_penalty != 0);
  }
};

/// The request's values, else the model's own (generation_config.json), else the defaults of
/// Sampling.
/// @param random_seed  used where the request names none
/// @returns InvalidArgument naming the field and the range of a value outside it.
Result<SamplingParams> resolve(const Sampling& request, const Sampling& model,
                               std::uint64_t random_seed);

}  // namespace hearth::engine
