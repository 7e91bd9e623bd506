// What writing text as JSON costs: it is paid for every token of every stream.
#include <benchmark/benchmark.h>
#include <string>

#include "base/json.h"

namespace hearth::base {
namespace {

void json_string(benchmark::State& state) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'a');
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_json_string(out, text);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(json_string)->Arg(4)->Arg(64)->Arg(4096);

}  // namespace
}  // namespace hearth::base
