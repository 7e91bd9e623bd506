// How close does attention come to what the machine can do, and how far from MLX's operations?
//
// Decoding lines read keys and values of one layer after another, more than the caches hold: GB/s
// of them with its share of what reads of the same memory reach. Prompt lines: GFLOP/s of the
// scores that causality leaves, with its share of the float32 peak. x_ops: how many times faster
// than plain MLX operations over pages of the same type.
#include "kernels/attention_bench.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <mlx/random.h>
#include <numeric>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "kernels/attention.h"
#include "kernels/kv_rows.h"
#include "nn/attention_plan.h"
#include "nn/kv_pages.h"

namespace hearth::bench {

namespace {

namespace mx = mlx::core;
using namespace kernels;

constexpr double kBeyondCaches = 192e6;

struct Heads {
  const char* model;
  int heads;
  int kv_heads;
  int width;
};

constexpr Heads kShapes[] = {
    {"llama-3.2-1b", 32, 8, 64}, {"qwen3-0.6b", 16, 8, 128}, {"qwen3-4b", 32, 8, 128}};

struct Pages {
  const char* name;
  KvType type;
  int bits;  ///< as nn::KvShape counts them
};

constexpr Pages kPages[] = {{"f32", KvType::F32, 0},
                            {"f16", KvType::F16, 16},
                            {"8bit", KvType::Bits8, 8},
                            {"4bit", KvType::Bits4, 4}};

struct Case {
  Heads heads;
  Pages pages;
  CpuPath path;
  int cached;
  int rows;
};

std::vector<float> random_floats(std::size_t count) {
  std::mt19937 random(1);
  std::normal_distribution<float> number;
  std::vector<float> numbers(count);
  for (float& x : numbers) x = number(random);
  return numbers;
}

std::vector<std::int32_t> shuffled_pages(int tokens) {
  std::vector<std::int32_t> pages(static_cast<std::size_t>((tokens + kPageRows - 1) / kPageRows));
  std::iota(pages.begin(), pages.end(), 0);
  std::ranges::shuffle(pages, std::mt19937(2));
  return pages;
}

/// Pools of several layers, all alike.
struct Layers {
  std::vector<std::vector<std::uint8_t>> keys, values;
  KvRow row;
  KvRow key_row;       ///< takes as much room
  double bytes = 0.0;  ///< of one layer's keys and values that a sequence holds

  Layers(const Case& of, double most)
      : row(kv_row(of.pages.type, of.heads.width)),
        key_row(kernels::key_row(of.pages.type, of.heads.width, /*values_in_keys=*/false)) {
    const int tokens = of.cached + of.rows;
    const std::size_t rows =
        shuffled_pages(tokens).size() * kPageRows * static_cast<std::size_t>(of.heads.kv_heads);
    std::vector<std::uint8_t> pool(rows * static_cast<std::size_t>(row.bytes));
    const auto numbers = random_floats(static_cast<std::size_t>(row.width) * 64);
    for (std::size_t i = 0; i < rows; ++i)
      store_row(row, numbers.data() + i % 64 * static_cast<std::size_t>(row.width),
                pool.data() + i * static_cast<std::size_t>(row.bytes));
    bytes = 2.0 * tokens * of.heads.kv_heads * row.bytes;
    do {
      keys.push_back(pool);
      values.push_back(pool);
    } while (static_cast<double>(keys.size()) * bytes < most);
  }
};

HeadsView view(const std::vector<float>& numbers, int heads, int width) {
  return {numbers.data(), std::int64_t{heads} * width, width};
}

/// Score and mix: what a query and a key that it sees cost, over all heads.
double operations(const Case& of) {
  const double pairs = static_cast<double>(of.rows) * of.cached + 0.5 * of.rows * (of.rows + 1.0);
  return pairs * of.heads.heads * of.heads.width * 4.0;
}

/// Plain MLX operations over pages of the same type, best of two.
double operations_seconds(const Case& of) {
  nn::KvShape shape{.kv_heads = of.heads.kv_heads, .head_dim = of.heads.width};
  shape.pack(of.pages.bits);
  nn::KvPages layer(shape);
  const auto pages = shuffled_pages(of.cached + of.rows);
  layer.grow(pages.size());
  const std::vector<std::int32_t> ids(static_cast<std::size_t>(of.rows), 0);
  const auto step =
      nn::make_step(ids, {{.rows = of.rows, .cached = of.cached, .pages = pages}}, {});
  layer.follow(std::make_shared<nn::AttentionPlan>(
      nn::plan_attention(*step, of.heads.kv_heads, /*window=*/0)));
  const mx::array q = mx::random::normal({of.rows, of.heads.heads, of.heads.width});
  const mx::array k = mx::random::normal({of.rows, of.heads.kv_heads, of.heads.width});
  mx::eval({q, k});
  double best = 1e30;
  for (int run = 0; run < 2; ++run) {
    const auto start = std::chrono::steady_clock::now();
    layer.append(k, k);
    mx::eval({layer.attend(q, {.scale = 0.1F}), layer.keys(), layer.values()});
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count());
  }
  return best;
}

void run(benchmark::State& state, const Case& of, const Roofs& roofs, ThreadPool& pool) {
  Layers layers(of, of.rows == 1 ? kBeyondCaches : 0.0);
  const PagedStep step{
      {{.rows = of.rows, .cached = of.cached, .pages = shuffled_pages(of.cached + of.rows)}}};
  const auto rows = static_cast<std::size_t>(of.rows);
  const auto width = static_cast<std::size_t>(of.heads.width);
  const auto q = random_floats(rows * static_cast<std::size_t>(of.heads.heads) * width);
  const auto k = random_floats(rows * static_cast<std::size_t>(of.heads.kv_heads) * width);
  std::vector<float> mixed(q.size());
  const double stock = operations_seconds(of);
  Pieces pieces;
  for (std::size_t i = 0; i < layers.keys.size(); ++i)
    for (const auto& pool_of : {std::span(layers.keys[i]), std::span(layers.values[i])})
      pieces.push_back(std::as_bytes(pool_of));
  const ReadRoof roof(pool, std::move(pieces));
  std::size_t next = 0;
  for (auto _ : state) {
    AttentionJob job{.step = step,
                     .heads = of.heads.heads,
                     .kv_heads = of.heads.kv_heads,
                     .queries = view(q, of.heads.heads, of.heads.width),
                     .place_queries = {.norm = {}, .turn = {}, .factor = 0.1F},
                     .new_keys = view(k, of.heads.kv_heads, of.heads.width),
                     .place_keys = {},
                     .new_values = view(k, of.heads.kv_heads, of.heads.width),
                     .keys = {layers.keys[next].data(), layers.key_row},
                     .values = {layers.values[next].data(), layers.row},
                     .rules = {},
                     .mixed = mixed.data()};
    attend(job, of.path, pool);
    next = (next + 1) % layers.keys.size();
  }
  const auto rate = [&](double amount) {
    return benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
  };
  state.counters["GB/s"] = rate(layers.bytes / 1e9);
  state.counters["of_read"] = rate(layers.bytes / 1e9 / roof.gbs());
  state.counters["GFLOP/s"] = rate(operations(of) / 1e9);
  state.counters["of_fma"] = rate(operations(of) / 1e9 / roofs.fma_gflops);
  state.counters["x_ops"] = rate(stock);
}

void add(const Case& of, const Roofs& roofs, ThreadPool& pool) {
  const bool decode = of.rows == 1;
  const std::string title =
      fmt::format("attention/{}/{}/{}:{}/{}", of.heads.model, of.pages.name,
                  decode ? "decode" : "prompt", decode ? of.cached : of.rows, name(of.path));
  benchmark::RegisterBenchmark(
      title.c_str(), [of, &roofs, &pool](benchmark::State& state) { run(state, of, roofs, pool); })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond)
      ->MinTime(0.2);
}

}  // namespace

void add_attention(const Roofs& roofs, ThreadPool& pool) {
  for (const CpuPath path : machine_paths()) {
    if (path == CpuPath::Scalar) continue;
    for (const Heads& heads : kShapes)
      for (const Pages& pages : kPages) {
        for (const int cached : {512, 2048, 8192})
          add({heads, pages, path, cached, 1}, roofs, pool);
        for (const int rows : {512, 2048}) add({heads, pages, path, 0, rows}, roofs, pool);
      }
  }
}

}  // namespace hearth::bench
