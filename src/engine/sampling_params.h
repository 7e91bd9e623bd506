// How one request draws its tokens: every knob with its value, from the request, the model or the
// default.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace hearth::engine {

/// A bias whose token is known.
struct LogitBias {
  TokenId id = 0;
  float bias = 0;
};

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
  double typical_p = 1;        ///< 1: off
  double top_n_sigma = 0;      ///< 0: off
  double xtc_probability = 0;  ///< 0: off
  double xtc_threshold = 0.1;
  std::vector<SamplerStep> samplers = {};  ///< empty: as SamplerStep lists them
  std::vector<LogitBias> biases = {};
  std::uint64_t min_tokens = 0;         ///< before so many none of `ends` is drawn
  std::vector<TokenId> ends = {};       ///< end the reply; rising
  std::vector<TokenId> xtc_keeps = {};  ///< never left out by xtc: line and text ends; rising

  std::span<const SamplerStep> steps() const;
  bool has_step(SamplerStep step) const;
  bool greedy() const { return temperature == 0 && has_step(SamplerStep::Temperature); }
  /// Whether all of a row's tokens may be drawn, each with its tempered probability.
  bool unfiltered() const;
  /// Whether only top_p, min_p and top_k narrow the choice, in the order of SamplerStep.
  bool plainly_filtered() const;
  bool penalised() const {
    return window != 0 && has_step(SamplerStep::Penalties) &&
           (repetition_penalty != 1 || presence_penalty != 0 || frequency_penalty != 0);
  }
  bool ends_with(TokenId token) const;
};

/// The request's values, else the model's own (generation_config.json), else the defaults of
/// Sampling.
/// @param random_seed  used where the request names none
/// @returns InvalidArgument naming the field and the range of a value outside it.
Result<SamplingParams> resolve(const Sampling& request, const Sampling& model,
                               std::uint64_t random_seed);

}  // namespace hearth::engine
