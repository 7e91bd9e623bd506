// The fields that choose tokens and have a form of their own: logit_bias and samplers.
#pragma once

#include <vector>

#include "base/decode.h"
#include "engine/engine.h"

namespace hearth::api::openai {

/// `logit_bias`: `{"id": bias}`, or `[[id or text, bias or false], ..]`.
struct LogitBiasField {
  std::vector<engine::TokenBias> biases;
};

/// `samplers`: the names of the steps, in their order.
struct SamplersField {
  std::vector<engine::SamplerStep> steps;
};

}  // namespace hearth::api::openai

namespace hearth::base {
template <>
struct Decode<api::openai::LogitBiasField> {
  static void read(const json::value& value, api::openai::LogitBiasField& out,
                   DecodeContext& context);
};
template <>
struct Decode<api::openai::SamplersField> {
  static void read(const json::value& value, api::openai::SamplersField& out,
                   DecodeContext& context);
};
}  // namespace hearth::base
