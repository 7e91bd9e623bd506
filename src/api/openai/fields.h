// The fields that chat and text completions share, and what is checked of them.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/openai/lora_field.h"
#include "api/openai/sampling_fields.h"
#include "base/decode.h"
#include "engine/engine.h"
#include "services/chat/sampling_fields.h"
#include "services/pool/keep_alive.h"

namespace hearth::api::openai {

/// `stop`: one text or a list of them.
struct StopField {
  std::vector<std::string> texts;
};

struct StreamOptions {
  std::optional<bool> include_usage;
};
BOOST_DESCRIBE_STRUCT(StreamOptions, (), (include_usage))

/// Unset means: the model's own settings, then ours.
struct CommonFields : services::SamplingFields {
  std::optional<std::string> model;
  std::optional<std::int64_t> max_tokens;
  std::optional<int> n;
  std::optional<StopField> stop;
  std::optional<std::int64_t> seed;
  std::optional<bool> stream;
  std::optional<StreamOptions> stream_options;
  // Extensions of ours and of llama-server; two names each where clients use both.
  std::optional<double> repeat_penalty;
  std::optional<int> repeat_last_n;
  std::optional<bool> ignore_eos;
  std::optional<bool> return_progress;
  std::optional<SamplersField> samplers;
  std::optional<LogitBiasField> logit_bias;
  std::optional<std::int64_t> min_tokens;
  std::optional<std::vector<engine::TokenId>> stop_token_ids;
  std::optional<std::int64_t> t_max_predict_ms;
  std::optional<int> n_probs;
  std::optional<std::int64_t> num_ctx;
  std::optional<std::int64_t> context_length;
  std::optional<bool> return_tokens;
  std::optional<bool> return_token_ids;
  std::optional<bool> timings_per_token;
  std::optional<double> timeout_seconds;
  std::optional<LoraField> lora;
  std::optional<bool> cache_prompt;
  std::optional<std::string> cache_salt;
  std::optional<bool> return_cache_report;
  std::optional<services::KeepAlive> keep_alive;
  std::optional<services::KeepAlive> ttl;
};
BOOST_DESCRIBE_STRUCT(CommonFields, (services::SamplingFields),
                      (model, max_tokens, n, stop, seed, stream, stream_options, repeat_penalty,
                       repeat_last_n, ignore_eos, return_progress, samplers, logit_bias, min_tokens,
                       stop_token_ids, t_max_predict_ms, n_probs, num_ctx, context_length,
                       return_tokens, return_token_ids, timings_per_token, timeout_seconds, lora,
                       cache_prompt, cache_salt, return_cache_report, keep_alive, ttl))

/// What one body asks for, whichever endpoint it came to.
struct Asked {
  CommonFields common;
  std::vector<engine::Input> inputs;      ///< at least one
  std::optional<std::uint32_t> logprobs;  ///< reports with so many of the likeliest tokens
  bool echo = false;                      ///< the prompt comes first
  int best_of = 1;                        ///< of so many choices per prompt the best `n` are kept
  bool raw_reasoning = false;             ///< reasoning stays in the content
  bool hide_reasoning = false;            ///< it is counted, but not returned
  std::vector<std::string_view> ignored;  ///< fields that would have mattered, but are not obeyed
};

/// Adds a fault for every value out of its range.
void check_ranges(const CommonFields& fields, base::DecodeContext& context);
/// The same for one limit of tokens: at least 1, or -1 for none.
void check_max_tokens(std::string_view name, const std::optional<std::int64_t>& limit,
                      base::DecodeContext& context);

/// A field that is not offered, unless its value asks for nothing.
struct RefusedField {
  std::string_view name;
  /// JSON texts of the values that change nothing; empty: only null does.
  std::string_view neutral;
  std::string_view also_neutral = {};
  std::string_view why = "is not supported by this server";
};

/// Adds a fault for every field of `refused` that the body uses.
void refuse_fields(const json::object& body, std::span<const RefusedField> refused,
                   base::DecodeContext& context);

/// Those that neither chat nor text completions offer.
std::span<const RefusedField> commonly_refused();

/// The names of the fields that are neither obeyed nor refused, where they ask for something.
std::vector<std::string_view> ignored_fields(const json::object& body);

/// Adds a fault for a wrong number of likeliest tokens; 0..20 are right.
void check_likeliest(std::string_view name, const std::optional<int>& count,
                     base::DecodeContext& context);

/// How long the model stays in memory after this request, where it says so.
std::optional<services::KeepAlive> keep_alive(const CommonFields& fields);

/// Whether choices list the ids of their tokens.
bool returns_ids(const CommonFields& fields);

/// Everything but the input: sampling, limits, stop texts, reports.
engine::Request to_engine_request(const Asked& asked);

}  // namespace hearth::api::openai

namespace hearth::base {
template <>
struct Decode<api::openai::StopField> {
  static void read(const json::value& value, api::openai::StopField& out, DecodeContext& context) {
    if (value.is_string())
      out.texts.emplace_back(value.get_string());
    else if (value.is_array())
      Decode<std::vector<std::string>>::read(value, out.texts, context);
    else
      context.add("must be a string or a list of strings");
  }
};
}  // namespace hearth::base
