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
  if (value) services::check_range(name, static_cast<double>(*value), least, most, context);
}

void check_stops(const CommonFields& fields, DecodeContext& context) {
  if (!fields.stop) return;
  context.within("stop", [&] {
    const auto& texts = fields.stop->texts;
    if (texts.size() > kMostStops) context.add("must hold at most 16 texts");
    if (std::any_of(texts.begin(), texts.end(), [](const auto& text) { return text.empty(); }))
      context.add("must not hold an empty text");
  });
}

/// Milliseconds and token counts above this mean no limit.
constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
constexpr double kMostTokens = static_cast<double>(kMost);
constexpr double kMostSeconds = 86400;
constexpr double kNoLimit = std::numeric_limits<double>::infinity();

constexpr auto kCommonlyRefused = std::to_array<RefusedField>({
    {"grammar", "\"\""},
    {"guided_json", ""},
    {"guided_regex", ""},
    {"guided_choice", ""},
    {"structured_outputs", ""},
    {"json_schema", ""},
    {"post_sampling_probs", "false"},
    {"prompt_logprobs", ""},
    {"response_cache", "false"},
});

/// Other programs' ways to choose tokens.
constexpr auto kIgnored = std::to_array<RefusedField>({
    {"dry_multiplier", "0"},
    {"mirostat", "0"},
    {"dynatemp_range", "0"},
    {"tfs_z", "1"},
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

void check_likeliest(std::string_view name, const std::optional<int>& count,
                     DecodeContext& context) {
  check(context, name, count, 0, 20);
}

void check_ranges(const CommonFields& fields, DecodeContext& context) {
  check_max_tokens("max_tokens", fields.max_tokens, context);
  services::check_ranges(fields, context);
  check(context, "n", fields.n, 1, 16);
  check(context, "repeat_penalty", fields.repeat_penalty, 0.01, 100);
  check(context, "repeat_last_n", fields.repeat_last_n, -1, kNoLimit);
  check(context, "min_tokens", fields.min_tokens, 0, kMostTokens);
  check(context, "t_max_predict_ms", fields.t_max_predict_ms, -1, kNoLimit);
  check(context, "num_ctx", fields.num_ctx, 1, kMostTokens);
  check(context, "context_length", fields.context_length, 1, kMostTokens);
  check(context, "timeout_seconds", fields.timeout_seconds, 0.001, kMostSeconds);
  check_likeliest("n_probs", fields.n_probs, context);
  check_stops(fields, context);
}

void refuse_fields(const json::object& body, std::span<const RefusedField> refused,
                   DecodeContext& context) {
  for (const RefusedField& field : refused) {
    const auto* value = body.if_contains(field.name);
    if (!value || is_neutral(*value, field)) continue;
    context.within(field.name,
                   [&] { context.add(std::string(field.why), ErrorCode::UnsupportedArgument); });
  }
}

std::span<const RefusedField> commonly_refused() {
  return kCommonlyRefused;
}

std::vector<std::string_view> ignored_fields(const json::object& body) {
  std::vector<std::string_view> names;
  for (const RefusedField& field : kIgnored)
    if (const auto* value = body.if_contains(field.name); value && !is_neutral(*value, field))
      names.push_back(field.name);
  return names;
}

namespace {

engine::Sampling to_sampling(const CommonFields& fields) {
  engine::Sampling sampling;
  services::fill_in(fields, sampling);
  // llama-server's names for two of them.
  services::fill_in({.repetition_penalty = fields.repeat_penalty,
                     .repetition_context_size = fields.repeat_last_n},
                    sampling);
  if (fields.samplers) sampling.samplers = fields.samplers->steps;
  if (fields.seed && *fields.seed != -1) sampling.seed = static_cast<std::uint64_t>(*fields.seed);
  return sampling;
}

}  // namespace

std::optional<services::KeepAlive> keep_alive(const CommonFields& fields) {
  return fields.keep_alive ? fields.keep_alive : fields.ttl;
}

bool returns_ids(const CommonFields& fields) {
  return fields.return_token_ids.value_or(fields.return_tokens.value_or(false));
}

engine::Request to_engine_request(const Asked& asked) {
  const CommonFields& fields = asked.common;
  engine::Request request;
  request.sampling = to_sampling(fields);
  if (fields.max_tokens && *fields.max_tokens > 0)
    request.max_tokens = static_cast<std::uint32_t>(std::min(*fields.max_tokens, kMost));
  if (fields.stop) request.stop = fields.stop->texts;
  request.ignore_eos = fields.ignore_eos.value_or(false);
  request.min_tokens = static_cast<std::uint32_t>(fields.min_tokens.value_or(0));
  if (fields.stop_token_ids) request.stop_tokens = *fields.stop_token_ids;
  if (fields.logit_bias) request.logit_bias = fields.logit_bias->biases;
  if (fields.t_max_predict_ms.value_or(0) > 0)
    request.time_limit_ms = static_cast<std::uint32_t>(std::min(*fields.t_max_predict_ms, kMost));
  if (const auto most = fields.context_length ? fields.context_length : fields.num_ctx)
    request.context_length = static_cast<std::uint32_t>(*most);
  if (fields.timeout_seconds)
    request.standpoint.deadline_ms = static_cast<std::uint32_t>(*fields.timeout_seconds * 1000);
  if (fields.lora) request.adapters = fields.lora->choices;
  request.reuse_prefix = fields.cache_prompt.value_or(true);
  request.cache_salt = fields.cache_salt.value_or("");
  request.report_ids = returns_ids(fields);
  request.raw_reasoning = asked.raw_reasoning;
  request.echo = asked.echo;
  request.logprobs = asked.logprobs;
  if (!request.logprobs && asked.best_of > fields.n.value_or(1)) request.logprobs = 0;
  return request;
}

}  // namespace hearth::api::openai
