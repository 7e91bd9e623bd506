// Merging a request's sampling with the model's and checking the ranges.
#include "engine/sampling_params.h"

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
  return {};
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
  TRY(check(params));
  return params;
}

}  // namespace hearth::engine
