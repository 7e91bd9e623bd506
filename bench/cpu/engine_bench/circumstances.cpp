// Asks the kernels, the system and the machine.
#include "engine_bench/circumstances.h"

#include <array>
#include <fmt/format.h>
#include <fstream>
#include <string>
#include <utility>

#include "kernels/activation_digits.h"
#include "kernels/counters.h"
#include "kernels/cpu.h"
#include "kernels/roofs.h"
#include "kernels/thread_pool.h"

namespace hearth::engine_bench {

Result<json::object> kernels_used() {
  const auto path = TRY(kernels::cpu_path());
  const int digits = TRY(kernels::activation_digits());
  json::object calls;
  for (const auto& [operation, by, count] : kernels::kernel_counts())
    calls[fmt::format("{} by {}", operation, by)] = count;
  return json::object{{"path", kernels::name(path)},
                      {"activation_bits", 8 * digits},
                      {"threads", kernels::ThreadPool::of_process().threads()},
                      {"calls", std::move(calls)}};
}

json::object memory_held() {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kFields = {
      {{"VmRSS:", "resident"},
       {"VmHWM:", "peak"},
       {"RssAnon:", "anonymous"},
       {"RssFile:", "mapped"}}};
  json::object found;
  std::ifstream status("/proc/self/status");
  for (std::string field; status >> field;)
    for (const auto& [wanted, name] : kFields) {
      std::uint64_t kilobytes = 0;
      if (field == wanted && status >> kilobytes) found[name] = kilobytes << 10;
    }
  return found;
}

json::object measured_roofs() {
  const auto roofs = bench::measure_roofs(kernels::ThreadPool::of_process());
  return {{"read_gbs", roofs.read_gbs},
          {"fma_gflops", roofs.fma_gflops},
          {"dot8_gops", roofs.dot8_gops}};
}

}  // namespace hearth::engine_bench
