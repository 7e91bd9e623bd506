// Products with plain weights beside OpenBLAS, and with experts beside MLX's row by row.
#include "kernels/dense_bench.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <fmt/format.h>
#include <functional>
#include <mlx/mlx.h>
#include <random>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/dense_matmul.h"
#include "kernels/dense_product.h"
#include "kernels/expert_product.h"

namespace hearth::bench {

namespace {

namespace mx = mlx::core;
using namespace hearth::kernels;

// Weights change from call to call and take more memory than the caches hold, as in a model.
constexpr std::size_t kBeyondCaches = std::size_t{192} << 20;

struct Type {
  const char* name;
  WeightType type;
  mx::Dtype dtype;
};

const Type kTypes[] = {{"bf16", WeightType::BF16, mx::bfloat16},
                       {"f16", WeightType::F16, mx::float16},
                       {"f32", WeightType::F32, mx::float32}};

struct Shape {
  const char* model;
  int outputs;
  int width;
};

constexpr Shape kShapes[] = {{"llama-3.2-1b/qo", 2048, 2048},
                             {"llama-3.2-1b/up", 8192, 2048},
                             {"llama-3.2-1b/down", 2048, 8192},
                             {"qwen3-0.6b/up", 3072, 1024}};

mx::array numbers(const mx::Shape& shape, mx::Dtype dtype, unsigned seed) {
  mx::array a = mx::astype(mx::random::normal(shape, mx::float32, mx::random::key(seed)), dtype);
  mx::eval(a);
  return a;
}

/// Best of some runs.
double seconds_of(const std::function<mx::array()>& work) {
  double best = 1e30;
  for (int run = 0; run < 5; ++run) {
    const auto start = std::chrono::steady_clock::now();
    mx::eval(work());
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count());
  }
  return best;
}

std::span<const std::byte> bytes_of(const mx::array& w) {
  return {static_cast<const std::byte*>(w.data<void>()), w.nbytes()};
}

/// What one call moves and computes, and what MLX takes for it.
struct Work {
  double bytes;
  double flops;
  double stock_seconds;
};

void report(benchmark::State& state, const Work& work, const Roofs& roofs) {
  const auto rate = [&](double amount) {
    return benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
  };
  state.counters["GB/s"] = rate(work.bytes / 1e9);
  state.counters["of_read"] = rate(work.bytes / 1e9 / roofs.read_gbs);
  state.counters["GFLOP/s"] = rate(work.flops / 1e9);
  state.counters["of_fma"] = rate(work.flops / 1e9 / roofs.fma_gflops);
  state.counters["x_stock"] = rate(work.stock_seconds);
}

DenseView view_of(const mx::array& w, WeightType type) {
  return {.data = w.data<void>(),
          .stride = w.shape(1),
          .scales = nullptr,
          .scale_stride = 0,
          .type = type,
          .outputs = w.shape(0),
          .width = w.shape(1)};
}

/// Beside OpenBLAS with the same weights in float32.
void dense(benchmark::State& state, const Shape& shape, const Type& type, CpuPath path,
           const Roofs& roofs) {
  const int rows = static_cast<int>(state.range(0));
  std::vector<mx::array> weights;
  std::size_t bytes = 0;
  while (bytes < kBeyondCaches) {
    weights.push_back(
        numbers({shape.outputs, shape.width}, type.dtype, static_cast<unsigned>(weights.size())));
    bytes += weights.back().nbytes();
  }
  const mx::array x = numbers({rows, shape.width}, mx::float32, 1);
  std::vector<mx::array> wide;
  for (std::size_t i = 0; i < std::min<std::size_t>(weights.size(), 5); ++i)
    wide.push_back(mx::astype(weights[i], mx::float32));
  mx::eval(wide);
  std::size_t next = 0;
  const Work work{.bytes = static_cast<double>(weights[0].nbytes()),
                  .flops = 2.0 * rows * shape.outputs * shape.width,
                  .stock_seconds = seconds_of(
                      [&] { return mx::matmul(x, mx::transpose(wide[next++ % wide.size()])); })};
  wide.clear();
  Pieces pieces;
  for (const mx::array& w : weights) pieces.push_back(bytes_of(w));
  const ReadRoof roof(ThreadPool::of_process(), std::move(pieces));
  std::vector<float> y(static_cast<std::size_t>(rows) * static_cast<std::size_t>(shape.outputs));
  for (auto _ : state) {
    const DenseProduct product{view_of(weights[next++ % weights.size()], type.type),
                               {x.data<float>(), FloatType::F32, shape.width, rows},
                               y.data()};
    dense_matmul({&product, 1}, path, ThreadPool::of_process());
  }
  report(state, work, {.read_gbs = roof.gbs(), .fma_gflops = roofs.fma_gflops});
}

struct Mixture {
  const char* model;
  int experts;
  int active;
  int outputs;
  int width;
};

constexpr Mixture kMixtures[] = {{"qwen3-30b-a3b/up", 128, 8, 768, 2048},
                                 {"mixtral-small/up", 8, 2, 3584, 1024}};

/// `active` experts of each token, drawn at random, ascending from 64 rows on as layers do it.
mx::array experts_of(const Mixture& mixture, int tokens) {
  std::mt19937 random(7);
  std::vector<std::uint32_t> all(static_cast<std::size_t>(mixture.experts));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
  std::vector<std::uint32_t> experts;
  for (int token = 0; token < tokens; ++token) {
    std::ranges::shuffle(all, random);
    experts.insert(experts.end(), all.begin(), all.begin() + mixture.active);
  }
  if (experts.size() >= 64) std::ranges::sort(experts);
  return mx::array(experts.data(), {static_cast<int>(experts.size())}, mx::uint32);
}

/// Beside gather_mm with the same weights in float32.
void experts(benchmark::State& state, const Mixture& mixture, CpuPath, const Roofs& roofs) {
  const int tokens = static_cast<int>(state.range(0));
  const mx::array w = numbers({mixture.experts, mixture.outputs, mixture.width}, mx::bfloat16, 1);
  const mx::array ids = experts_of(mixture, tokens);
  const int rows = ids.shape(0);
  const mx::array x = numbers({rows, mixture.width}, mx::float32, 2);
  mx::array wide = mx::astype(w, mx::float32);
  mx::eval(wide, ids);
  std::vector<std::uint32_t> met(ids.data<std::uint32_t>(), ids.data<std::uint32_t>() + rows);
  std::ranges::sort(met);
  met.erase(std::ranges::unique(met).begin(), met.end());
  const double weights = 1.0 * mixture.outputs * mixture.width;
  const Work work{.bytes = 2.0 * weights * static_cast<double>(met.size()),
                  .flops = 2.0 * rows * weights,
                  .stock_seconds = seconds_of([&] {
                    return mx::gather_mm(mx::expand_dims(x, 1), mx::swapaxes(wide, 1, 2), {}, ids,
                                         rows >= 64);
                  })};
  wide = mx::array(0.0F);
  const ReadRoof roof(ThreadPool::of_process(), {bytes_of(w)});
  for (auto _ : state) mx::eval(expert_product(x, w, ids));
  report(state, work, {.read_gbs = roof.gbs(), .fma_gflops = roofs.fma_gflops});
}

void add_line(const std::string& title, const std::vector<std::int64_t>& rows,
              const std::function<void(benchmark::State&)>& body) {
  auto* line = benchmark::RegisterBenchmark(title.c_str(), body);
  line->UseRealTime()->Unit(benchmark::kMicrosecond)->MinTime(0.2);
  for (const std::int64_t count : rows) line->Arg(count);
}

}  // namespace

void add_dense_lines(const Roofs& roofs, CpuPath path) {
  const auto add_dense = [&](const Shape& shape, const Type& type, CpuPath with) {
    add_line(fmt::format("dense/{}/{}/{}x{}/{}", shape.model, type.name, shape.outputs, shape.width,
                         name(with)),
             {1, 2, 4, 8, 16, 32, 512},
             [=, &roofs](benchmark::State& state) { dense(state, shape, type, with, roofs); });
  };
  for (const Shape& shape : kShapes) add_dense(shape, kTypes[0], path);
  for (const Type& type : {kTypes[1], kTypes[2]}) add_dense(kShapes[1], type, path);
  for (const CpuPath other : machine_paths())
    if (other != path && other != CpuPath::Scalar) add_dense(kShapes[1], kTypes[0], other);
  for (const Mixture& mixture : kMixtures)
    add_line(fmt::format("experts/{}/bf16/{}of{}/{}", mixture.model, mixture.active,
                         mixture.experts, name(path)),
             {1, 4, 512},
             [=, &roofs](benchmark::State& state) { experts(state, mixture, path, roofs); });
}

}  // namespace hearth::bench
