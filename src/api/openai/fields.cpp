// Ranges, refusals and the way to an engine request.
#include "api/openai/fields.h"

#include <algorithm>
#include <array>
#include <limits>

namespace hearth::api::openai {
namespace {

using base::DecodeContext;

constexpr std::size_t kMostStops = 16;

template <class Number>
void check(DecodeContext& context, std::string_view name, const std::optional<Number>& value,
           double least, double most) {
  if (!value || (static_cast<double>(*value) >= least && static_cast<double>(*value) <= most))
    return;
  std::string message = "must be at least ";
  base::append_json_number(message, least);
  if (most < std::numeric_limits<double>::max()) {
    message += " and at most ";
    base::append_json_number(message, most);
  }
  context.within(name, [&] { context.add(message); });
}

constexpr double kNoLimit = std::numeric_limits<double>::max();

constexpr auto kRefused = std::to_array<RefusedField>({
    {"logit_bias", "{}"},
    {"grammar", "\"\""},
    {"guided_json", ""},
    {"guided_regex", ""},
    {"guided_choice", ""},
    {"structured_outputs", ""},
    {"json_schema", ""},
    {"min_tokens", "0"},
    {"stop_token_ids", "[]"},
    {"typical_p", "1"},
    {"t_max_predict_ms", "0", "-1"},
    {"n_probs", "0"},
    {"prompt_logprobs", ""},
    {"return_tokens", "false"},
    {"return_token_ids", "false"},
    {"lora", "[]"},
    {"num_ctx", ""},
    {"context_length", ""},
    {"keep_alive", ""},
    {"ttl", ""},
    {"response_cache", "false"},
    {"cache_salt", ""},
    {"timings_per_token", "false"},
    {"timeout_seconds", ""},
});

/// 1 and 1.0 are the same to a client.
bool same(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
  return a == b;
}

bool is_neutral(const json::value& value, const RefusedField& field) {
  if (value.is_null()) return true;
  const auto equals = [&](std::string_view text) {
    return !text.empty() && same(value, json::parse(text));
  };
  return equals(field.neutral) || equals(field.also_neutral);
}

}  // namespace

void check_max_tokens(std::string_view name, const std::optional<std::int64_t>& limit,
                      DecodeContext& context) {
  if (limit && *limit < 1 && *limit != -1)
    context.within(name, [&] { context.add("must be at least 1, or -1 for no limit"); });
}

void check_ranges(const CommonFields& fields, DecodeContext& context) {
  check_max_tokens("max_tokens", fields.max_tokens, context);
  check(context, "temperature", fields.temperature, 0, 2);
  check(context, "top_p", fields.top_p, 0, 1);
  check(context, "presence_penalty", fields.presence_penalty, -2, 2);
  check(context, "frequency_penalty", fields.frequency_penalty, -2, 2);
  check(context, "n", fields.n, 1, 16);
  check(context, "top_k", fields.top_k, -1, kNoLimit);
  check(context, "min_p", fields.min_p, 0, 1);
  check(context, "repetition_penalty", fields.repetition_penalty, 0.01, 100);
  check(context, "repeat_penalty", fields.repeat_penalty, 0.01, 100);
  check(context, "repetition_context_size", fields.repetition_context_size, -1, kNoLimit);
  check(context, "repeat_last_n", fields.repeat_last_n, -1, kNoLimit);
  if (!fields.stop) return;
  context.within("stop", [&] {
    const auto& texts = fields.stop->texts;
    if (texts.size() > kMostStops) context.add("must hold at most 16 texts");
    if (std::any_of(texts.begin(), texts.end(), [](const auto& text) { return text.empty(); }))
      context.add("must not hold an empty text");
  });
}

void refuse_fields(const json::object& body, std::span<const RefusedField> refused,
                   DecodeContext& context) {
  for (const RefusedField& field : refused) {
    const auto* value = body.if_contains(field.name);
    if (!value || is_neutral(*value, field)) continue;
    context.within(field.name, [&] {
      context.add("is not supported by this server", ErrorCode::UnsupportedArgument);
    });
  }
}

std::span<const RefusedField> commonly_refused() {
  return kRefused;
}

engine::Request to_engine_request(const CommonFields& fields) {
  engine::Request request;
  engine::Sampling& sampling = request.sampling;
  sampling.temperature = fields.temperature;
  // top_p 0 asks for the single likeliest token; the engine's range is open at 0.
  if (fields.top_p) sampling.top_p = std::max(*fields.top_p, 1e-9);
  if (fields.top_k) sampling.top_k = std::max(*fields.top_k, 0);
  sampling.min_p = fields.min_p;
  sampling.repetition_penalty =
      fields.repetition_penalty ? fields.repetition_penalty : fields.repeat_penalty;
  sampling.presence_penalty = fields.presence_penalty;
  sampling.frequency_penalty = fields.frequency_penalty;
  sampling.repetition_window =
      fields.repetition_context_size ? fields.repetition_context_size : fields.repeat_last_n;
  if (fields.seed && *fields.seed != -1) sampling.seed = static_cast<std::uint64_t>(*fields.seed);
  if (fields.max_tokens && *fields.max_tokens > 0)
    request.max_tokens = static_cast<std::uint32_t>(
        std::min<std::int64_t>(*fields.max_tokens, std::numeric_limits<std::uint32_t>::max()));
  if (fields.stop) request.stop = fields.stop->texts;
  request.ignore_eos = fields.ignore_eos.value_or(false);
  return request;
}

}  // namespace hearth::api::openai
