// Open loop: requests do not wait for answers.
#include <cmath>

#include "load/workloads.h"

namespace hearth::load {
namespace {

/// When each request comes, in seconds: gaps are exponential.
std::vector<double> arrival_times(const OpenLoop& shape, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> times(shape.requests);
  double at = 0;
  for (double& time : times) {
    // 53 random bits in (0, 1]: the library's distributions differ between machines.
    const double uniform = (static_cast<double>(random() >> 11U) + 1) / 9007199254740992.0;
    at += -std::log(uniform) / shape.rate;
    time = at;
  }
  return times;
}

}  // namespace

json::object run_open_loop(const Target& target, const PromptSource& source,
                           const OpenLoop& shape) {
  Session session(target);
  Prompts prompts(source.seed, source.first_id, source.last_id);
  std::vector<Record> records(shape.requests);
  const auto times = arrival_times(shape, source.seed);
  const auto arrive = [&]() -> Task<void> {
    const double began = session.watch().now();
    for (std::size_t i = 0; i < records.size(); ++i) {
      Wanted wanted{.prompt = prompts.draw(shape.input), .output = shape.output};
      co_await session.sleep_until(began + times[i]);
      session.start(std::move(wanted), records[i]);
    }
  };
  const double began = session.watch().now();
  session.run(arrive);
  json::object out = summarise(records, session.watch().now() - began, shape.goodput);
  out["request_rate"] = shape.rate;
  out["burstiness"] = 1.0;
  return out;
}

}  // namespace hearth::load
