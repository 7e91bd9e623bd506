// Chains of steps in any order, against mlx-lm and against full sorts.
#include "engine/sampler_chain.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <map>

#include "engine/sampler.h"
#include "engine/testing/golden_rows.h"

namespace hearth::engine {
namespace {

using enum SamplerStep;

const std::map<std::string_view, SamplerStep> kSteps = {
    {"temperature", Temperature}, {"top_k", TopK},         {"top_p", TopP},       {"min_p", MinP},
    {"top_n_sigma", TopNSigma},   {"typical_p", TypicalP}, {"xtc_threshold", Xtc}};

SamplingParams chain_of(const json::object& test) {
  const json::object& settings = test.at("settings").as_object();
  SamplingParams params{.temperature = testing::number(settings, "temperature", 1),
                        .top_p = testing::number(settings, "top_p", 1),
                        .min_p = testing::number(settings, "min_p", 0),
                        .top_k = static_cast<std::int64_t>(testing::number(settings, "top_k", 0)),
                        .typical_p = testing::number(settings, "typical_p", 1),
                        .top_n_sigma = testing::number(settings, "top_n_sigma", 0),
                        .xtc_probability = settings.contains("xtc_threshold") ? 1.0 : 0.0,
                        .xtc_threshold = testing::number(settings, "xtc_threshold", 0)};
  if (const auto* keeps = settings.if_contains("xtc_keeps"))
    params.xtc_keeps = testing::ids(*keeps);
  if (test.at("default_order").as_bool()) return params;
  for (const auto& [name, value] : settings) params.samplers.push_back(kSteps.at(name));
  return params;
}

std::vector<TokenId> kept(std::span<const float> logits, const SamplingParams& params, bool xtc) {
  std::vector<Candidate> candidates;
  narrow(logits, params, xtc, candidates);
  std::vector<TokenId> kept;
  for (const Candidate& candidate : candidates) kept.push_back(candidate.id);
  std::ranges::sort(kept);
  return kept;
}

TEST(SamplerChain, KeepsWhatTheReferencesKeep) {
  for (const json::value& value : testing::golden("chains.json")) {
    const json::object& test = value.as_object();
    const std::vector<float> logits = testing::floats(test.at("logprobs"));
    const SamplingParams params = chain_of(test);
    EXPECT_EQ(kept(logits, params, /*xtc=*/true), testing::ids(test.at("kept")))
        << base::write_json(value);
  }
}

TEST(SamplerChain, TheTemperatureIsLeftToTheDrawOnlyWhereItComesLast) {
  const std::vector<float> logits = {2.0F, 1.0F, 0.0F};
  std::vector<Candidate> candidates;
  SamplingParams params{.temperature = 0.5, .top_k = 3};
  EXPECT_EQ(narrow(logits, params, false, candidates), 0.5);
  params.samplers = {TopK, Temperature};
  EXPECT_EQ(narrow(logits, params, false, candidates), 0.5);
  params.samplers = {TopK};
  EXPECT_EQ(narrow(logits, params, false, candidates), 1);
  params.samplers = {Temperature, TopK};
  EXPECT_EQ(narrow(logits, params, false, candidates), 1);
  std::ranges::sort(candidates, {}, &Candidate::id);
  EXPECT_FLOAT_EQ(candidates[0].logit - candidates[2].logit, 4.0F);
}

TEST(SamplerChain, ImpossibleTokensStayOut) {
  const float never = -std::numeric_limits<float>::infinity();
  const std::vector<float> logits = {never, 1.0F, never, 0.5F};
  for (const SamplerStep step : {TypicalP, TopNSigma, Xtc, Temperature}) {
    SamplingParams params{.temperature = 2, .typical_p = 0.999999, .top_n_sigma = 9};
    params.xtc_threshold = 0.9;
    params.samplers = {step};
    EXPECT_EQ(kept(logits, params, true), (std::vector<TokenId>{1, 3}));
  }
}

/// How often each token is drawn.
std::vector<int> draws(const SamplingParams& wanted, std::span<const float> logits, int count) {
  Sampler sampler;
  SamplingParams params = wanted;
  std::vector<int> seen(logits.size());
  for (int i = 0; i < count; ++i) {
    params.seed = static_cast<std::uint64_t>(i);
    ++seen[*sampler.draw(logits, params, {}, 0)];
  }
  return seen;
}

TEST(SamplerChain, XtcActsAsOftenAsItsProbabilitySays) {
  // Softmax 0.5, 0.3, 0.2: where it acts only the last is left of those above 0.1.
  const std::vector<float> logits = {std::log(0.5F), std::log(0.3F), std::log(0.2F)};
  const auto seen = draws({.xtc_probability = 0.4, .xtc_threshold = 0.1}, logits, 20000);
  EXPECT_NEAR(seen[0], 20000 * 0.6 * 0.5, 350);  // five standard deviations
  EXPECT_NEAR(seen[1], 20000 * 0.6 * 0.3, 350);
  EXPECT_NEAR(seen[2], 20000 * (0.6 * 0.2 + 0.4), 350);
}

TEST(SamplerChain, WithoutTheTemperatureStepItIsOneEvenAtZero) {
  const std::vector<float> logits = {std::log(0.5F), std::log(0.3F), std::log(0.2F)};
  SamplingParams params{.temperature = 0};
  params.samplers = {TopK};
  const auto seen = draws(params, logits, 20000);
  EXPECT_NEAR(seen[1], 6000, 350);
}

}  // namespace
}  // namespace hearth::engine
