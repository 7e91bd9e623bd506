// Reading biases and orders.
#include "api/openai/sampling_fields.h"

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace hearth::api::openai {
namespace {

using base::DecodeContext;
using engine::SamplerStep;

constexpr double kMostBias = 100;

std::optional<engine::TokenId> id_of(std::string_view key) {
  engine::TokenId id = 0;
  const auto read = std::from_chars(key.data(), key.data() + key.size(), id);
  if (read.ec != std::errc{} || read.ptr != key.data() + key.size()) return std::nullopt;
  return id;
}

double read_bias(const json::value& value, bool may_be_false, DecodeContext& context) {
  if (may_be_false && value.is_bool() && !value.get_bool())
    return -std::numeric_limits<double>::infinity();
  if (value.is_number()) {
    const auto bias = value.to_number<double>();
    if (bias >= -kMostBias && bias <= kMostBias) return bias;
  }
  context.add(may_be_false ? "must be a number from -100 to 100, or false for never"
                           : "must be a number from -100 to 100");
  return 0;
}

void read_object(const json::object& object, LogitBiasField& out, DecodeContext& context) {
  for (const auto& [key, value] : object)
    context.within(key, [&] {
      const auto id = id_of(key);
      if (!id) return context.add("must be a token id; texts go into the form [[\"text\", bias]]");
      out.biases.push_back({*id, read_bias(value, false, context)});
    });
}

void read_pair(const json::value& value, LogitBiasField& out, DecodeContext& context) {
  if (!value.is_array() || value.get_array().size() != 2)
    return context.add("must be a pair [token id or text, bias or false]");
  const auto& pair = value.get_array();
  engine::TokenBias bias;
  context.within(std::size_t{0}, [&] {
    if (pair[0].is_string()) {
      bias.token = std::string(pair[0].get_string());
      return;
    }
    engine::TokenId id = 0;
    base::Decode<engine::TokenId>::read(pair[0], id, context);
    bias.token = id;
  });
  context.within(std::size_t{1}, [&] { bias.bias = read_bias(pair[1], true, context); });
  out.biases.push_back(std::move(bias));
}

/// llama-server's names. `dry` is there so that its lists can be sent as they are; the step is not
/// offered, and its own fields are answered for by x-hearth-ignored.
constexpr auto kNames = std::to_array<std::pair<std::string_view, std::optional<SamplerStep>>>({
    {"penalties", SamplerStep::Penalties},
    {"dry", std::nullopt},
    {"top_n_sigma", SamplerStep::TopNSigma},
    {"typical_p", SamplerStep::TypicalP},
    {"typ_p", SamplerStep::TypicalP},
    {"top_p", SamplerStep::TopP},
    {"min_p", SamplerStep::MinP},
    {"xtc", SamplerStep::Xtc},
    {"top_k", SamplerStep::TopK},
    {"temperature", SamplerStep::Temperature},
});

void read_step(const json::value& value, SamplersField& out, DecodeContext& context) {
  if (!value.is_string()) return context.add("must be a string");
  for (const auto& [name, step] : kNames) {
    if (name != std::string_view(value.get_string())) continue;
    if (step) out.steps.push_back(*step);
    return;
  }
  context.add("must be penalties, top_n_sigma, typical_p, top_p, min_p, xtc, top_k or temperature");
}

}  // namespace
}  // namespace hearth::api::openai

namespace hearth::base {

using api::openai::LogitBiasField;
using api::openai::SamplersField;

void Decode<LogitBiasField>::read(const json::value& value, LogitBiasField& out,
                                  DecodeContext& context) {
  if (value.is_object()) return api::openai::read_object(value.get_object(), out, context);
  if (!value.is_array())
    return context.add("must be an object {\"token id\": bias} or a list of pairs");
  std::size_t i = 0;
  for (const json::value& pair : value.get_array())
    context.within(i++, [&] { api::openai::read_pair(pair, out, context); });
}

void Decode<SamplersField>::read(const json::value& value, SamplersField& out,
                                 DecodeContext& context) {
  if (!value.is_array()) return context.add("must be a list of step names");
  std::size_t i = 0;
  for (const json::value& step : value.get_array())
    context.within(i++, [&] { api::openai::read_step(step, out, context); });
  if (context.clean() && out.steps.empty())
    context.add("must name at least one step; leave it out for the usual order");
}

}  // namespace hearth::base
