// Reading the cases under tests/golden/sampling.
#pragma once

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/sampling_params.h"

namespace hearth::engine::testing {

inline json::array golden(const std::string& name) {
  const std::string path = std::string(HEARTH_SOURCE_DIR) + "/tests/golden/sampling/" + name;
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  auto cases = base::parse_json(text.str());
  EXPECT_TRUE(cases) << path;
  return cases ? cases->as_array() : json::array{};
}

inline double number(const json::object& settings, std::string_view key, double absent) {
  const auto* value = settings.if_contains(key);
  return value == nullptr ? absent : value->to_number<double>();
}

inline std::vector<float> floats(const json::value& values) {
  std::vector<float> row;
  for (const auto& value : values.as_array()) row.push_back(value.to_number<float>());
  return row;
}

inline std::vector<TokenId> ids(const json::value& values) {
  std::vector<TokenId> row;
  for (const auto& value : values.as_array()) row.push_back(value.to_number<TokenId>());
  return row;
}

/// Penalties and biases of a case.
inline SamplingParams changes(const json::object& test) {
  const json::object& settings = test.at("settings").as_object();
  SamplingParams params;
  params.repetition_penalty = number(settings, "repetition_penalty", 1);
  params.presence_penalty = number(settings, "presence_penalty", 0);
  params.frequency_penalty = number(settings, "frequency_penalty", 0);
  params.window = test.at("context").to_number<std::int64_t>();
  if (const auto* biases = settings.if_contains("logit_bias"))
    for (const auto& [id, bias] : biases->as_object())
      params.biases.push_back(
          {static_cast<TokenId>(std::stoul(std::string(id))), bias.to_number<float>()});
  return params;
}

}  // namespace hearth::engine::testing
