// Merging a request's sampling with the model's and checking the ranges.
#include "engine/sampling_params.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

namespace hearth::engine {
namespace {

struct Range {
  double low;
  double high = std::numeric_limits<double>::max();
  bool low_itself = true;  ///< whether `low` belongs to the range
};

Result<void> check(std::string_view field, double value, Range range) {
  const bool above = range.low_itself ? value >= range.low : value > range.low;
  if (std::isfinite(value) && above && value <= range.high) return {};
  Error error{.code = ErrorCode::InvalidArgument, .param = std::string(field)};
  error.message =
      range.high == std::numeric_limits<double>::max()
          ? fmt::format("{} must be {} {}, not {}", field,
                        range.low_itself ? "at least" : "greater than", range.low, value)
          : fmt::format("{} must be {} {} and at most {}, not {}", field,
                        range.low_itself ? "at least" : "greater than", range.low, range.high,
                        value);
  return fail(std::move(error));
}

constexpr std::array kSteps = {SamplerStep::Penalties, SamplerStep::TopNSigma,
                               SamplerStep::TypicalP,  SamplerStep::TopP,
                               SamplerStep::MinP,      SamplerStep::Xtc,
                               SamplerStep::TopK,      SamplerStep::Temperature};

Result<void> check_order(const std::vector<SamplerStep>& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool late = i > 0 && steps[i] == SamplerStep::Penalties;
    if (!late && std::count(steps.begin(), steps.end(), steps[i]) == 1) continue;
    return fail(Error{.code = ErrorCode::InvalidArgument,
                      .message = late ? "samplers: penalties change the logits that all others "
                                        "read, so they must come first"
                                      : "samplers must not name a step twice",
                      .param = "samplers"});
  }
  return {};
}

Result<void> check(const SamplingParams& params) {
  constexpr double kAny = std::numeric_limits<double>::lowest();
  TRY(check("temperature", params.temperature, {.low = 0}));
  TRY(check("top_p", params.top_p, {.low = 0, .high = 1, .low_itself = false}));
  TRY(check("min_p", params.min_p, {.low = 0, .high = 1}));
  TRY(check("top_k", static_cast<double>(params.top_k), {.low = 0}));
  TRY(check("repetition_penalty", params.repetition_penalty, {.low = 0, .low_itself = false}));
  TRY(check("presence_penalty", params.presence_penalty, {.low = kAny}));
  TRY(check("frequency_penalty", params.frequency_penalty, {.low = kAny}));
  TRY(check("repetition_window", static_cast<double>(params.window), {.low = -1}));
  TRY(check("typical_p", params.typical_p, {.low = 0, .high = 1, .low_itself = false}));
  TRY(check("top_n_sigma", params.top_n_sigma, {.low = 0}));
  TRY(check("xtc_probability", params.xtc_probability, {.low = 0, .high = 1}));
  TRY(check("xtc_threshold", params.xtc_threshold, {.low = 0, .high = 1}));
  return check_order(params.samplers);
}

template <class Value, class Target>
void fill(Target& target, const std::optional<Value>& first, const std::optional<Value>& second) {
  if (first) {
    target = *first;
  } else if (second) {
    target = *second;
  }
}

}  // namespace

std::span<const SamplerStep> SamplingParams::steps() const {
  return samplers.empty() ? std::span<const SamplerStep>(kSteps) : samplers;
}

bool SamplingParams::has_step(SamplerStep step) const {
  return samplers.empty() || std::ranges::find(samplers, step) != samplers.end();
}

bool SamplingParams::unfiltered() const {
  return samplers.empty() && top_p >= 1 && min_p <= 0 && top_k <= 0 && typical_p >= 1 &&
         top_n_sigma <= 0 && xtc_probability <= 0;
}

bool SamplingParams::plainly_filtered() const {
  return samplers.empty() && typical_p >= 1 && top_n_sigma <= 0 && xtc_probability <= 0;
}

bool SamplingParams::ends_with(TokenId token) const {
  return std::ranges::binary_search(ends, token);
}

Result<SamplingParams> resolve(const Sampling& request, const Sampling& model,
                               std::uint64_t random_seed) {
  SamplingParams params;
  params.seed = random_seed;
  fill(params.temperature, request.temperature, model.temperature);
  fill(params.top_p, request.top_p, model.top_p);
  fill(params.top_k, request.top_k, model.top_k);
  fill(params.min_p, request.min_p, model.min_p);
  fill(params.repetition_penalty, request.repetition_penalty, model.repetition_penalty);
  fill(params.presence_penalty, request.presence_penalty, model.presence_penalty);
  fill(params.frequency_penalty, request.frequency_penalty, model.frequency_penalty);
  fill(params.window, request.repetition_window, model.repetition_window);
  fill(params.seed, request.seed, model.seed);
  fill(params.typical_p, request.typical_p, model.typical_p);
  fill(params.top_n_sigma, request.top_n_sigma, model.top_n_sigma);
  fill(params.xtc_probability, request.xtc_probability, model.xtc_probability);
  fill(params.xtc_threshold, request.xtc_threshold, model.xtc_threshold);
  fill(params.samplers, request.samplers, model.samplers);
  TRY(check(params));
  return params;
}

}  // namespace hearth::engine
