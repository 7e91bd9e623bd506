// A long prompt arrives while others decode.
#include <algorithm>

#include "load/workloads.h"

namespace hearth::load {
namespace {

constexpr double kWarmSeconds = 0.5;      // of decoding before the newcomer comes
constexpr std::size_t kWarmEvents = 8;    // and so many events of every stream at least
constexpr double kPatienceSeconds = 120;  // for the streams to begin
constexpr double kAfterSeconds = 0.3;     // of decoding once the newcomer is answered
constexpr std::uint32_t kNewcomerOutput = 8;

struct Scene {
  Session session;
  Prompts prompts;
  const Admission& shape;
  std::vector<Record> streams;
  std::vector<std::unique_ptr<Connection>> connections;
  Record newcomer;
};

bool all_decode(const Scene& scene) {
  return std::all_of(scene.streams.begin(), scene.streams.end(),
                     [](const Record& stream) { return stream.arrivals.size() >= kWarmEvents; });
}

Task<void> play(Scene& scene) {
  for (Record& stream : scene.streams) {
    auto& connection = scene.connections.emplace_back(scene.session.connection());
    scene.session.spawn(connection->run(
        {.prompt = scene.prompts.draw(scene.shape.input), .output = scene.shape.output}, stream));
  }
  Prompt prompt = scene.prompts.draw(scene.shape.newcomer);
  const Stopwatch& watch = scene.session.watch();
  while (!all_decode(scene) && watch.now() < kPatienceSeconds)
    co_await scene.session.sleep_until(watch.now() + 0.02);
  co_await scene.session.sleep_until(watch.now() + kWarmSeconds);
  co_await scene.session.ask({.prompt = std::move(prompt), .output = kNewcomerOutput},
                             scene.newcomer);
  co_await scene.session.sleep_until(watch.now() + kAfterSeconds);
  for (auto& connection : scene.connections) connection->close();
}

/// The gaps of all streams that lie within the newcomer's stay, and those that do not.
struct Gaps {
  std::vector<double> in, out;
  double longest = 0;  ///< within
};

Gaps gaps_of(const Scene& scene) {
  Gaps gaps;
  for (const Record& stream : scene.streams) {
    for (std::size_t i = 1; i < stream.arrivals.size(); ++i) {
      const double from = stream.arrivals[i - 1].at;
      const double gap = stream.arrivals[i].at - from;
      const bool within =
          stream.arrivals[i].at > scene.newcomer.sent && from < scene.newcomer.ended;
      (within ? gaps.in : gaps.out).push_back(gap);
      if (within) gaps.longest = std::max(gaps.longest, gap);
    }
  }
  return gaps;
}

}  // namespace

json::object run_admission(const Target& target, const PromptSource& source,
                           const Admission& shape) {
  Scene scene{.session = Session(target),
              .prompts = Prompts(source.seed, source.first_id, source.last_id),
              .shape = shape,
              .streams = std::vector<Record>(shape.streams),
              .connections = {},
              .newcomer = {}};
  scene.session.run([&scene] { return play(scene); });
  Gaps gaps = gaps_of(scene);
  const auto cut_short = std::count_if(scene.streams.begin(), scene.streams.end(),
                                       [](const Record& s) { return s.went_well(); });
  json::object out{{"longest_gap_ms", gaps.longest * 1e3},
                   {"newcomer_ttft_ms", scene.newcomer.time_to_first_token() * 1e3},
                   {"newcomer_prompt_tokens", scene.newcomer.prompt_tokens},
                   {"streams_ended_early", cut_short},
                   {"failed", scene.newcomer.went_well() ? 0 : 1}};
  if (!scene.newcomer.went_well()) out["first_error"] = scene.newcomer.error;
  add_spread(out, "itl_in", std::move(gaps.in));
  add_spread(out, "itl_out", std::move(gaps.out));
  return out;
}

}  // namespace hearth::load
