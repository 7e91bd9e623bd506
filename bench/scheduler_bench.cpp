// What planning a step costs: it must vanish beside the forward pass (50 us at 64 sequences).
#include <benchmark/benchmark.h>
#include <memory>
#include <string>

#include "engine/scheduler.h"

namespace hearth::engine {
namespace {

constexpr std::uint32_t kManyPages = 1U << 16U;

/// A step as the engine takes it: plan, commit, one token more for every answer.
void step(Scheduler& scheduler, double now_s) {
  const StepPlan& plan = scheduler.plan_step({2048, now_s});
  benchmark::DoNotOptimize(plan.tokens);
  scheduler.commit();
  for (const Slice& slice : plan.slices)
    if (slice.sequence->uncomputed() == 0) slice.sequence->append_token(2);
}

void submit(Scheduler& scheduler, std::uint64_t id, std::uint32_t prompt, std::uint32_t max_new) {
  std::vector<TokenId> tokens(prompt, 1);
  tokens.front() = static_cast<TokenId>(id);
  benchmark::DoNotOptimize(
      scheduler.submit(std::make_unique<Sequence>(SequenceId{id}, std::move(tokens), max_new,
                                                  SequenceTraits{.client = std::to_string(id % 7)}),
                       0));
}

/// Every sequence decodes one token per step; nobody waits.
void decoding(benchmark::State& state) {
  const auto sequences = static_cast<std::uint32_t>(state.range(0));
  PageCache cache({.pages = kManyPages});
  Scheduler scheduler({.sequences = sequences, .tokens_per_step = 2048}, cache);
  for (std::uint64_t id = 1; id <= sequences; ++id)
    submit(scheduler, id, 8, kManyPages / sequences * kPageTokens);
  double now_s = 0;
  for (auto _ : state) step(scheduler, now_s += 0.01);
}
BENCHMARK(decoding)->RangeMultiplier(4)->Range(1, 256)->Iterations(4000);

/// The same, with prompts of 2,000 tokens waiting for a place.
void decoding_with_a_queue(benchmark::State& state) {
  PageCache cache({.pages = kManyPages});
  Scheduler scheduler({.sequences = 64, .tokens_per_step = 2048, .waiting = 4096}, cache);
  for (std::uint64_t id = 1; id <= 64; ++id) submit(scheduler, id, 8, 20'000);
  for (int i = 0; i < 3; ++i) step(scheduler, i);
  const auto waiting = static_cast<std::uint64_t>(state.range(0));
  for (std::uint64_t id = 65; id < 65 + waiting; ++id) submit(scheduler, id, 2000, 100);
  double now_s = 10;
  for (auto _ : state) step(scheduler, now_s += 0.01);
}
BENCHMARK(decoding_with_a_queue)->Arg(16)->Arg(256)->Arg(1024)->Iterations(4000);

/// Requests of 1,000 tokens come and go, half of each known from before.
void requests(benchmark::State& state) {
  PageCache cache({.pages = 4096});
  Scheduler scheduler({.sequences = 64, .tokens_per_step = 2048}, cache);
  std::uint64_t id = 0;
  double now_s = 0;
  for (auto _ : state) {
    ++id;
    std::vector<TokenId> tokens(1000, 1);
    for (std::size_t i = 500; i < tokens.size(); ++i) tokens[i] = static_cast<TokenId>(id);
    benchmark::DoNotOptimize(
        scheduler.submit(std::make_unique<Sequence>(SequenceId{id}, std::move(tokens), 1), now_s));
    const StepPlan& plan = scheduler.plan_step({2048, now_s += 0.01});
    benchmark::DoNotOptimize(plan.tokens);
    scheduler.commit();
    scheduler.remove(SequenceId{id});
  }
}
BENCHMARK(requests)->Iterations(4000);

}  // namespace
}  // namespace hearth::engine
