// Loads a model and takes times.
#include "engine_bench/speed.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <random>

#include "base/clock.h"
#include "engine/engine.h"
#include "engine_bench/circumstances.h"
#include "engine_bench/streams.h"
#include "nn/panels.h"

namespace hearth::engine_bench {
namespace {

constexpr int kFirstId = 257;  // generated models hold the end token below

std::vector<std::int32_t> random_ids(int count, int vocabulary) {
  std::minstd_rand draw(20260101);
  std::uniform_int_distribution<std::int32_t> ids(std::min(kFirstId, vocabulary / 2),
                                                  vocabulary - 1);
  std::vector<std::int32_t> found(static_cast<std::size_t>(count));
  std::ranges::generate(found, [&] { return ids(draw); });
  return found;
}

/// Seconds of `work`, time after time; `before` each is not counted.
Result<json::array> times(const SpeedOptions& options, const std::function<Result<void>()>& before,
                          const std::function<Result<void>()>& work) {
  json::array seconds;
  for (int i = options.warm_up ? -1 : 0; i < options.repeats; ++i) {
    TRY(before());
    const base::Instant start = base::SteadyClock::now();
    TRY(work());
    if (i >= 0) seconds.emplace_back(base::elapsed_ms(start) / 1e3);
  }
  return seconds;
}

class Measurement {
 public:
  Measurement(const models::Model& model, const SpeedOptions& options)
      : model_(model), options_(options), vocabulary_(model.facts().vocab_size) {}

  Result<json::object> prefill(int tokens) {
    const auto ids = random_ids(tokens, vocabulary_);
    Streams streams(model_, 1, tokens);
    auto seconds = TRY(times(
        options_,
        [&]() -> Result<void> {
          streams.rewind(0, 0);
          return {};
        },
        [&]() -> Result<void> {
          TRY(streams.read(0, ids, options_.chunk));
          return {};
        }));
    return json::object{{"tokens", tokens}, {"seconds", std::move(seconds)}};
  }

  /// `count` streams that stand at `depth`: at 0 behind a single token, as a rival's does.
  Result<json::object> decode(int depth, int count) {
    const int prompt = std::max(depth, 1);
    Streams streams(model_, count, prompt + options_.tokens);
    const auto ids = random_ids(prompt * count, vocabulary_);
    std::vector<std::int32_t> tokens;
    tokens.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
      tokens.push_back(TRY(streams.read(i,
                                        std::span(ids).subspan(static_cast<std::size_t>(i * prompt),
                                                               static_cast<std::size_t>(prompt)),
                                        options_.chunk)));
    auto seconds = TRY(times(
        options_,
        [&]() -> Result<void> {
          for (int i = 0; i < count; ++i) streams.rewind(i, prompt);
          return {};
        },
        [&]() -> Result<void> {
          for (int i = 0; i < options_.tokens; ++i) TRY(streams.step(tokens));
          return {};
        }));
    return json::object{{"depth", depth},
                        {"streams", count},
                        {"tokens", options_.tokens},
                        {"seconds", std::move(seconds)}};
  }

 private:
  const models::Model& model_;
  const SpeedOptions& options_;
  int vocabulary_;
};

}  // namespace

int usual_chunk() {
  return static_cast<int>(engine::EngineOptions{}.tokens_per_step);
}

Result<json::object> measure_speed(const SpeedOptions& options) {
  const base::Instant start = base::SteadyClock::now();
  const int kv_bits = options.kv_bits.value_or(nn::usual_kv_bits());
  const auto model =
      TRY(models::load_model(options.folder, {.unpack_limit_bytes = 0, .kv_bits = kv_bits}));
  const double load_s = base::elapsed_ms(start) / 1e3;
  Measurement measurement(*model, options);
  json::array prefill, decode;
  for (const int tokens : options.prompts) prefill.push_back(TRY(measurement.prefill(tokens)));
  for (const int depth : options.depths) decode.push_back(TRY(measurement.decode(depth, 1)));
  for (const int count : options.streams)
    decode.push_back(TRY(measurement.decode(options.stream_prompt, count)));
  json::object found{{"model", options.folder.filename().string()},
                     {"weight_bytes", model->facts().weight_bytes},
                     {"load_s", load_s},
                     {"chunk", options.chunk},
                     {"kv_bits", kv_bits},
                     {"prefill", std::move(prefill)},
                     {"decode", std::move(decode)},
                     {"memory", memory_held()},
                     {"kernels", TRY(kernels_used())}};
  if (options.roofs) found["roofs"] = measured_roofs();
  return found;
}

}  // namespace hearth::engine_bench
