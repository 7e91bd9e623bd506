// How close do quantised products come to what the machine can do, and how far from MLX's own?
//
// Every line: GB/s of packed weights with its share of what reads of the same memory reach, GFLOP/s
// with its share of the float32 peak, and how many times faster than stock MLX; the last part of a
// name is the path and the bits of an activation. Weights change from call to call and take more
// memory than the caches hold, as in a model.
#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <mlx/mlx.h>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "kernels/activation_digits.h"
#include "kernels/attention_bench.h"
#include "kernels/cpu.h"
#include "kernels/dense_bench.h"
#include "kernels/panel_product.h"
#include "kernels/roofs.h"

namespace {

namespace mx = mlx::core;
using namespace hearth::kernels;

constexpr std::size_t kBeyondCaches = std::size_t{192} << 20;

struct Shape {
  const char* model;
  int outputs;
  int width;
};

constexpr Shape kShapes[] = {
    {"llama-3.2-1b/qo", 2048, 2048}, {"llama-3.2-1b/kv", 512, 2048},
    {"llama-3.2-1b/up", 8192, 2048}, {"llama-3.2-1b/down", 2048, 8192},
    {"qwen3-0.6b/q", 2048, 1024},    {"qwen3-0.6b/o", 1024, 2048},
    {"qwen3-0.6b/up", 3072, 1024},   {"qwen3-0.6b/down", 1024, 3072},
};

struct Packed {
  mx::array codes;
  mx::array scales;
  std::optional<mx::array> biases;
};

struct Format {
  const char* name;  ///< MLX's mode
  int bits;
  int group;
};

Packed random_packed(const Shape& shape, const Format& format, unsigned seed) {
  const mx::array key = mx::random::key(seed);
  const mx::Shape words{shape.outputs, shape.width * format.bits / 32};
  const mx::Shape groups{shape.outputs, shape.width / format.group};
  Packed w{mx::random::bits(words, 4, key), mx::full(groups, 120, mx::uint8), {}};
  if (format.name == std::string("affine")) {
    w.scales = mx::full(groups, 0.01F, mx::bfloat16);
    w.biases = mx::full(groups, -0.08F, mx::bfloat16);
    mx::eval(*w.biases);
  }
  mx::eval(w.codes, w.scales);
  return w;
}

double bytes_of(const Packed& w) {
  return static_cast<double>(w.codes.nbytes() + w.scales.nbytes() +
                             (w.biases ? w.biases->nbytes() : 0));
}

std::shared_ptr<const PanelMatrix> panels(const Packed& w, const Format& format) {
  return panels_of({w.codes, w.scales, w.biases}, format.bits, format.group);
}

/// MLX's own product: packed for one or two rows, unpacked in front of BLAS for more. Best of
/// three, in seconds.
double stock_seconds(const mx::array& x, const Packed& w, const Format& format) {
  double best = 1e30;
  for (int run = 0; run < 3; ++run) {
    const auto start = std::chrono::steady_clock::now();
    mx::array y = x;
    if (x.shape(0) <= 2)
      y = mx::quantized_matmul(x, w.codes, w.scales, w.biases, true, format.group, format.bits,
                               format.name);
    else
      y = mx::matmul(
          x, mx::transpose(mx::astype(mx::dequantize(w.codes, w.scales, w.biases, format.group,
                                                     format.bits, format.name),
                                      mx::float32)));
    mx::eval(y);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count());
  }
  return best;
}

hearth::bench::Roofs roofs;

/// The part of the code that is measured.
struct Variant {
  CpuPath path;
  int digits;  ///< of activations
};

void product(benchmark::State& state, const Shape& shape, const Format& format, Variant variant) {
  const int rows = static_cast<int>(state.range(0));
  const Packed first = random_packed(shape, format, 0);
  const double bytes = bytes_of(first);
  std::vector<std::shared_ptr<const PanelMatrix>> weights;
  while (static_cast<double>(weights.size()) * bytes < kBeyondCaches)
    weights.push_back(
        panels(random_packed(shape, format, static_cast<unsigned>(weights.size())), format));
  const mx::array x = mx::random::normal({rows, shape.width});
  mx::eval(x);
  std::vector<float> y(static_cast<std::size_t>(rows) * static_cast<std::size_t>(shape.outputs));
  const double stock = stock_seconds(x, first, format);
  const Means means{variant.path, hearth::kernels::ThreadPool::of_process(), variant.digits};
  hearth::bench::Pieces pieces;
  for (const auto& w : weights)
    pieces.push_back(std::as_bytes(std::span(w->view().data, w->bytes())));
  const hearth::bench::ReadRoof roof(means.pool, std::move(pieces));
  std::size_t next = 0;
  for (auto _ : state) {
    const PanelTask task{.layer = {weights[next]->view()}, .y = y.data()};
    panel_matmul({&task, 1}, {x.data<float>(), FloatType::F32, shape.width, rows}, means);
    next = (next + 1) % weights.size();
  }
  const double flops = 2.0 * rows * shape.outputs * shape.width;
  const auto rate = [&](double amount) {
    return benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
  };
  state.counters["GB/s"] = rate(bytes / 1e9);
  state.counters["of_read"] = rate(bytes / 1e9 / roof.gbs());
  state.counters["GFLOP/s"] = rate(flops / 1e9);
  state.counters["of_fma"] = rate(flops / 1e9 / roofs.fma_gflops);
  state.counters["x_stock"] = rate(stock);
}

void add(const Shape& shape, const Format& format, Variant variant) {
  const std::string title =
      fmt::format("{}/{}_{}_g{}/{}x{}/{}_x{}", shape.model, format.name, format.bits, format.group,
                  shape.outputs, shape.width, name(variant.path), 8 * variant.digits);
  auto* bench = benchmark::RegisterBenchmark(
      title.c_str(), [=](benchmark::State& state) { product(state, shape, format, variant); });
  bench->ArgName("rows")->UseRealTime()->Unit(benchmark::kMicrosecond)->MinTime(0.2);
  for (const int rows : {1, 2, 8, 32, 512}) bench->Arg(rows);
}

/// Every shape with 4 bits; one shape with every format, every width of activations, every path.
void add_all(CpuPath path, int digits) {
  const Format usual{"affine", 4, 64};
  for (const Shape& shape : kShapes) add(shape, usual, {path, digits});
  const Shape& shape = kShapes[2];
  for (const int bits : {8, 6, 5, 3, 2}) add(shape, {"affine", bits, 64}, {path, digits});
  for (const int group : {32, 128}) add(shape, {"affine", 4, group}, {path, digits});
  add(shape, {"mxfp4", 4, 32}, {path, digits});
  add(shape, {"nvfp4", 4, 16}, {path, digits});
  for (int other = 1; other <= kMostDigits; ++other)
    if (other != digits) add(shape, usual, {path, other});
  for (const CpuPath other : machine_paths())
    if (other != path && other != CpuPath::Scalar) add(shape, usual, {other, digits});
}

}  // namespace

int main(int count, char** arguments) {
  const auto& path = cpu_path();
  const auto& digits = activation_digits();
  if (!path || !digits) {
    fmt::print(stderr, "{}\n", path ? digits.error().message : path.error().message);
    return 1;
  }
  auto& pool = hearth::kernels::ThreadPool::of_process();
  roofs = hearth::bench::measure_roofs(pool);
  fmt::print("{} threads: read {:.1f} GB/s, float32 {:.0f} GFLOP/s, 8-bit dots {:.0f} GOP/s\n",
             pool.threads(), roofs.read_gbs, roofs.fma_gflops, roofs.dot8_gops);
  std::fflush(stdout);
  add_all(*path, *digits);
  hearth::bench::add_dense_lines(roofs, *path);
  hearth::bench::add_attention(roofs, pool);
  benchmark::Initialize(&count, arguments);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
