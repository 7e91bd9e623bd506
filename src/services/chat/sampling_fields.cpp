// Ranges of the fields that choose tokens, and their way to the engine.
#include "services/chat/sampling_fields.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hearth::services {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();
/// 0 asks for the single likeliest token; the engine's ranges are open at 0.
constexpr double kAlmostNothing = 1e-9;

template <class Value>
void fill(std::optional<Value>& field, const std::optional<Value>& usual) {
  if (!field) field = usual;
}

template <class Value>
void fill_at_least(Value least, std::optional<Value>& field, const std::optional<Value>& usual) {
  if (!field && usual) field = std::max(*usual, least);
}

}  // namespace

void check_range(std::string_view name, double value, double least, double most,
                 base::DecodeContext& context) {
  if (value >= least && value <= most) return;
  std::string message = "must be at least ";
  base::append_json_number(message, least);
  if (std::isfinite(most)) {
    message += " and at most ";
    base::append_json_number(message, most);
  }
  context.within(name, [&] { context.add(message); });
}

void check_ranges(const SamplingFields& fields, base::DecodeContext& context) {
  const auto check = [&](std::string_view name, const auto& value, double least, double most) {
    if (value) check_range(name, static_cast<double>(*value), least, most, context);
  };
  check("temperature", fields.temperature, 0, 2);
  check("top_p", fields.top_p, 0, 1);
  check("top_k", fields.top_k, -1, kNoLimit);
  check("min_p", fields.min_p, 0, 1);
  check("typical_p", fields.typical_p, 0, 1);
  check("top_n_sigma", fields.top_n_sigma, -1, kNoLimit);
  check("xtc_probability", fields.xtc_probability, 0, 1);
  check("xtc_threshold", fields.xtc_threshold, 0, 1);
  check("repetition_penalty", fields.repetition_penalty, 0.01, 100);
  check("presence_penalty", fields.presence_penalty, -2, 2);
  check("frequency_penalty", fields.frequency_penalty, -2, 2);
  check("repetition_context_size", fields.repetition_context_size, -1, kNoLimit);
}

void fill_in(const SamplingFields& fields, engine::Sampling& sampling) {
  fill(sampling.temperature, fields.temperature);
  fill_at_least(kAlmostNothing, sampling.top_p, fields.top_p);
  fill_at_least(0, sampling.top_k, fields.top_k);
  fill(sampling.min_p, fields.min_p);
  fill_at_least(kAlmostNothing, sampling.typical_p, fields.typical_p);
  fill_at_least(0.0, sampling.top_n_sigma, fields.top_n_sigma);
  fill(sampling.xtc_probability, fields.xtc_probability);
  fill(sampling.xtc_threshold, fields.xtc_threshold);
  fill(sampling.repetition_penalty, fields.repetition_penalty);
  fill(sampling.presence_penalty, fields.presence_penalty);
  fill(sampling.frequency_penalty, fields.frequency_penalty);
  fill(sampling.repetition_window, fields.repetition_context_size);
}

}  // namespace hearth::services
