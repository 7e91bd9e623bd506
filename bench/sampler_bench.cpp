// What does one draw cost, from a row of 152,064 logits?
#include <benchmark/benchmark.h>
#include <random>
#include <vector>

#include "engine/chances.h"
#include "engine/sampler.h"

namespace {

using namespace hearth::engine;

constexpr std::size_t kVocabulary = 152064;

/// Like a model's: a normal crowd, and a few that stand out.
std::vector<float> logits() {
  std::mt19937 random(1);
  std::normal_distribution<float> crowd(0, 2);
  std::vector<float> row(kVocabulary);
  for (float& logit : row) logit = crowd(random);
  for (std::size_t i = 0; i < 40; ++i) row[random() % kVocabulary] = 12 + crowd(random);
  return row;
}

void draw(benchmark::State& state, const SamplingParams& params) {
  const std::vector<float> row = logits();
  const std::vector<TokenId> history(2000, 5);
  Sampler sampler;
  std::uint64_t number = 0;
  for (auto _ : state) benchmark::DoNotOptimize(sampler.draw(row, params, history, number++));
}

void report(benchmark::State& state, std::uint32_t count) {
  const std::vector<float> row = logits();
  for (auto _ : state) benchmark::DoNotOptimize(chances_of(row, 7, count));
}

SamplingParams in_llama_order() {
  using enum SamplerStep;
  SamplingParams params{.temperature = 0.8, .top_p = 0.95, .min_p = 0.05, .top_k = 40};
  params.samplers = {Penalties, TopNSigma, TopK, TypicalP, TopP, MinP, Xtc, Temperature};
  return params;
}

BENCHMARK_CAPTURE(draw, greedy, {.temperature = 0});
BENCHMARK_CAPTURE(draw, temperature, {.temperature = 0.8});
BENCHMARK_CAPTURE(draw, top_p_top_k, {.temperature = 0.6, .top_p = 0.95, .top_k = 20});
BENCHMARK_CAPTURE(draw, top_p, {.temperature = 0.6, .top_p = 0.95});
BENCHMARK_CAPTURE(draw, min_p, {.temperature = 1.2, .min_p = 0.05});
BENCHMARK_CAPTURE(draw, typical_p, {.typical_p = 0.9});
BENCHMARK_CAPTURE(draw, top_n_sigma, {.top_n_sigma = 1});
BENCHMARK_CAPTURE(draw, xtc, {.top_p = 0.95, .xtc_probability = 0.5});
BENCHMARK_CAPTURE(draw, penalties, {.temperature = 0, .frequency_penalty = 0.5, .window = -1});
BENCHMARK_CAPTURE(draw, llama_order, in_llama_order());
BENCHMARK_CAPTURE(report, likeliest_0, 0);
BENCHMARK_CAPTURE(report, likeliest_20, 20);

}  // namespace
