// What planning a step costs: it must vanish beside the forward pass (50 us at 256 sequences).
#include <benchmark/benchmark.h>
#include <memory>

#include "engine/scheduler.h"

namespace hearth::engine {
namespace {

constexpr std::uint32_t kManyPages = 1U << 20U;

/// Every sequence decodes one token per step; a new round begins before any reaches its limit.
void plan_step(benchmark::State& state) {
  const auto sequences = static_cast<std::uint32_t>(state.range(0));
  PagePool pages(kManyPages);
  Scheduler scheduler({.sequences = sequences, .tokens_per_step = 2048}, pages);
  for (std::uint64_t id = 0; id < sequences; ++id)
    (void)scheduler.submit(std::make_unique<Sequence>(SequenceId{id}, std::vector<TokenId>{1},
                                                      kManyPages / sequences));
  for (auto _ : state) {
    StepPlan plan = scheduler.plan_step();
    scheduler.commit(plan);
    for (Slice& slice : plan.slices) slice.sequence->append_token(2);
    benchmark::DoNotOptimize(plan);
  }
}
BENCHMARK(plan_step)->RangeMultiplier(4)->Range(1, 256)->Iterations(4000);

}  // namespace
}  // namespace hearth::engine
