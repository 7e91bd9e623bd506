// The fields that chat and text completions share, and what is checked of them.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/decode.h"
#include "engine/engine.h"

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
struct CommonFields {
  std::optional<std::string> model;
  std::optional<std::int64_t> max_tokens;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<double> presence_penalty;
  std::optional<double> frequency_penalty;
  std::optional<int> n;
  std::optional<StopField> stop;
  std::optional<std::int64_t> seed;
  std::optional<bool> stream;
  std::optional<StreamOptions> stream_options;
  // Extensions of ours and of llama-server; two names each where clients use both.
  std::optional<int> top_k;
  std::optional<double> min_p;
  std::optional<double> repetition_penalty;
  std::optional<double> repeat_penalty;
  std::optional<int> repetition_context_size;
  std::optional<int> repeat_last_n;
  std::optional<bool> ignore_eos;
  std::optional<bool> return_progress;
};
BOOST_DESCRIBE_STRUCT(CommonFields, (),
                      (model, max_tokens, temperature, top_p, presence_penalty, frequency_penalty,
                       n, stop, seed, stream, stream_options, top_k, min_p, repetition_penalty,
                       repeat_penalty, repetition_context_size, repeat_last_n, ignore_eos,
                       return_progress))

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
};

/// Adds a fault for every field of `refused` that the body uses.
void refuse_fields(const json::object& body, std::span<const RefusedField> refused,
                   base::DecodeContext& context);

/// Those that neither chat nor text completions offer.
std::span<const RefusedField> commonly_refused();

/// Everything but the input: sampling, limits, stop texts.
engine::Request to_engine_request(const CommonFields& fields);

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
