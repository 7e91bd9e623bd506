// A layer of experts against the same sums made token by token, in every layout of a checkpoint.
#include "nn/moe.h"

#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/testing/finest_activations.h"
#include "nn/testing/arrays.h"
#include "nn/testing/checkpoint_files.h"

namespace hearth::nn {
namespace {

using testing::array_of;
using testing::f32;
using testing::random_floats;
using testing::StoredTensor;
using testing::values_of;
using Doubles = std::vector<double>;

constexpr std::size_t kExpertCount = 6;
constexpr std::size_t kHidden = 32;
constexpr std::size_t kInner = 64;
constexpr std::size_t kActive = 2;

/// Random parameters, drawn from the tensor's own seed.
const std::vector<float>& gate() {
  static const auto kValues = random_floats(kExpertCount * kHidden, 1);
  return kValues;
}
const std::vector<float>& gate_proj() {
  static const auto kValues = random_floats(kExpertCount * kInner * kHidden, 2);
  return kValues;
}
const std::vector<float>& up_proj() {
  static const auto kValues = random_floats(kExpertCount * kInner * kHidden, 3);
  return kValues;
}
const std::vector<float>& down_proj() {
  static const auto kValues = random_floats(kExpertCount * kHidden * kInner, 4);
  return kValues;
}
const std::vector<float>& gate_bias() {
  static const auto kValues = random_floats(kExpertCount * kInner, 5);
  return kValues;
}
const std::vector<float>& up_bias() {
  static const auto kValues = random_floats(kExpertCount * kInner, 6);
  return kValues;
}
const std::vector<float>& down_bias() {
  static const auto kValues = random_floats(kExpertCount * kHidden, 7);
  return kValues;
}

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

double silu_gate(double gate, double up) {
  return gate * sigmoid(gate) * up;
}

double clamped_gate(double gate, double up) {
  gate = std::min(gate, 1.5);
  return gate * sigmoid(1.702 * gate) * (std::clamp(up, -1.5, 1.5) + 1.0);
}

/// W x (+ b) for expert `expert` of the stack w [E, rows, x].
Doubles product(const std::vector<float>& w, const std::vector<float>& b, std::size_t expert,
                const Doubles& x, std::size_t rows) {
  Doubles y(rows);
  for (std::size_t n = 0; n < rows; ++n) {
    y[n] = b.empty() ? 0.0 : double{b[expert * rows + n]};
    for (std::size_t k = 0; k < x.size(); ++k)
      y[n] += double{w[(expert * rows + n) * x.size() + k]} * x[k];
  }
  return y;
}

/// One token through the layer, by the definition: top-2 of the softmax, not renormalised.
Doubles expected(const Doubles& x, bool bias, double (*between)(double, double)) {
  const Doubles logits = product(gate(), {}, 0, x, kExpertCount);
  double total = 0.0;
  for (const double logit : logits) total += std::exp(logit);
  std::vector<std::size_t> order(kExpertCount);
  for (std::size_t e = 0; e < kExpertCount; ++e) order[e] = e;
  std::ranges::sort(order, [&](auto a, auto b) { return logits[a] > logits[b]; });
  const std::vector<float> none;
  Doubles sum(kHidden, 0.0);
  for (std::size_t i = 0; i < kActive; ++i) {
    const std::size_t e = order[i];
    const Doubles g = product(gate_proj(), bias ? gate_bias() : none, e, x, kInner);
    const Doubles u = product(up_proj(), bias ? up_bias() : none, e, x, kInner);
    Doubles inner(kInner);
    for (std::size_t f = 0; f < kInner; ++f) inner[f] = between(g[f], u[f]);
    const Doubles y = product(down_proj(), bias ? down_bias() : none, e, inner, kHidden);
    for (std::size_t d = 0; d < kHidden; ++d) sum[d] += std::exp(logits[e]) / total * y[d];
  }
  return sum;
}

MoeSpec plain_spec() {
  return {
      .router = {.experts = kExpertCount, .active = kActive}, .width = kHidden, .inner = kInner};
}

/// The layer over these tensors, and whatever was wrong with them.
struct Mixture {
  Mixture(std::vector<StoredTensor> tensors, const MoeSpec& spec,
          QuantisationSettings settings = {}, bool unpack = false) {
    tensors.push_back(f32("mlp.gate.weight", {kExpertCount, kHidden}, gate()));
    folder.write("model.safetensors", testing::safetensors(tensors));
    checkpoint = *Checkpoint::open(folder.path());
    Weights weights(checkpoint, std::move(settings), {.unpack = unpack});
    moe.emplace(spec, Scope(weights, "mlp"));
    const auto finished = weights.finish();
    problems = finished ? "" : finished.error().message;
    bytes = weights.bytes();
  }

  std::vector<float> answer(const std::vector<float>& x) const {
    const auto tokens = static_cast<int>(x.size() / kHidden);
    return values_of((*moe)(array_of(x, {tokens, kHidden})));
  }

  testing::TemporaryFolder folder;
  Checkpoint checkpoint;
  std::optional<Moe> moe;
  std::string problems;
  std::size_t bytes = 0;
};

/// Few tokens go to their experts as they come, many in the experts' order.
void expect_layer(const Mixture& world, bool bias = false,
                  double (*between)(double, double) = silu_gate) {
  ASSERT_EQ(world.problems, "");
  for (const std::size_t tokens : {1, 3, 70}) {
    const auto x = random_floats(tokens * kHidden, 99);
    const auto y = world.answer(x);
    for (std::size_t t = 0; t < tokens; ++t) {
      const auto row = x.begin() + static_cast<std::ptrdiff_t>(t * kHidden);
      const Doubles wanted = expected({row, row + kHidden}, bias, between);
      for (std::size_t d = 0; d < kHidden; ++d)
        EXPECT_NEAR(y[t * kHidden + d], wanted[d], 1e-4) << tokens << " tokens, row " << t;
    }
  }
}

/// The part of expert `e` of a stack.
std::vector<float> of_expert(const std::vector<float>& stack, std::size_t e) {
  const auto size = static_cast<std::ptrdiff_t>(stack.size() / kExpertCount);
  const auto begin = stack.begin() + static_cast<std::ptrdiff_t>(e) * size;
  return {begin, begin + size};
}

/// [E, a, b] → [E, b, a]
std::vector<float> turned(const std::vector<float>& stack, std::size_t rows, std::size_t columns) {
  std::vector<float> other(stack.size());
  for (std::size_t e = 0; e < kExpertCount; ++e)
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        other[(e * columns + c) * rows + r] = stack[(e * rows + r) * columns + c];
  return other;
}

/// Gate and up in one stack of `row` numbers a row: one after the other, or taking turns.
std::vector<float> fused(const std::vector<float>& a, const std::vector<float>& b, std::size_t row,
                         bool interleaved) {
  std::vector<float> both;
  const auto add = [&](const std::vector<float>& from, std::size_t at) {
    const auto begin = from.begin() + static_cast<std::ptrdiff_t>(at * row);
    both.insert(both.end(), begin, begin + static_cast<std::ptrdiff_t>(row));
  };
  for (std::size_t e = 0; e < kExpertCount; ++e)
    for (std::size_t n = 0; n < 2 * kInner; ++n) {
      const bool first = interleaved ? n % 2 == 0 : n < kInner;
      add(first ? a : b, e * kInner + (interleaved ? n / 2 : n % kInner));
    }
  return both;
}

TEST(Moe, OneMatrixPerExpert) {
  std::vector<StoredTensor> tensors;
  for (std::size_t e = 0; e < kExpertCount; ++e) {
    const std::string at = fmt::format("mlp.experts.{}.", e);
    tensors.push_back(f32(at + "gate_proj.weight", {kInner, kHidden}, of_expert(gate_proj(), e)));
    tensors.push_back(f32(at + "up_proj.weight", {kInner, kHidden}, of_expert(up_proj(), e)));
    tensors.push_back(f32(at + "down_proj.weight", {kHidden, kInner}, of_expert(down_proj(), e)));
  }
  const Mixture world(tensors, plain_spec());
  expect_layer(world);
  EXPECT_EQ(world.bytes, sizeof(float) * kExpertCount * (kHidden + 3 * kHidden * kInner));
}

std::vector<StoredTensor> stacked_tensors() {
  return {f32("mlp.experts.gate_proj.weight", {kExpertCount, kInner, kHidden}, gate_proj()),
          f32("mlp.experts.up_proj.weight", {kExpertCount, kInner, kHidden}, up_proj()),
          f32("mlp.experts.down_proj.weight", {kExpertCount, kHidden, kInner}, down_proj())};
}

TEST(Moe, StackedWithBiasesAndTheClampedGate) {
  auto tensors = stacked_tensors();
  tensors.push_back(f32("mlp.experts.gate_proj.bias", {kExpertCount, kInner}, gate_bias()));
  tensors.push_back(f32("mlp.experts.up_proj.bias", {kExpertCount, kInner}, up_bias()));
  tensors.push_back(f32("mlp.experts.down_proj.bias", {kExpertCount, kHidden}, down_bias()));
  MoeSpec spec = plain_spec();
  spec.bias = true;
  spec.gating = clamped_swiglu(1.5F, 1.702F);
  expect_layer(Mixture(tensors, spec), true, clamped_gate);
}

TEST(Moe, FusedInHalves) {
  const auto both = fused(gate_proj(), up_proj(), kHidden, false);
  expect_layer(Mixture({f32("mlp.experts.gate_up_proj", {kExpertCount, 2 * kInner, kHidden}, both),
                        f32("mlp.experts.down_proj", {kExpertCount, kHidden, kInner}, down_proj())},
                       plain_spec()));
}

TEST(Moe, FusedInTurnsAndTransposedWithBiases) {
  const auto both = turned(fused(gate_proj(), up_proj(), kHidden, true), 2 * kInner, kHidden);
  const auto biases = fused(gate_bias(), up_bias(), 1, true);
  MoeSpec spec = plain_spec();
  spec.bias = spec.interleaved = spec.transposed = true;
  expect_layer(Mixture({f32("mlp.experts.gate_up_proj", {kExpertCount, kHidden, 2 * kInner}, both),
                        f32("mlp.experts.gate_up_proj_bias", {kExpertCount, 2 * kInner}, biases),
                        f32("mlp.experts.down_proj", {kExpertCount, kInner, kHidden},
                            turned(down_proj(), kHidden, kInner)),
                        f32("mlp.experts.down_proj_bias", {kExpertCount, kHidden}, down_bias())},
                       spec),
               true);
}

TEST(Moe, SharedExpertsPlainAndGated) {
  const std::vector<float> shared = random_floats(kInner * kHidden, 20);
  const std::vector<float> shared_down = random_floats(kHidden * kInner, 21);
  const std::vector<float> shared_gate = random_floats(kHidden, 22);
  for (const bool gated : {false, true}) {
    auto tensors = stacked_tensors();
    tensors.push_back(f32("mlp.shared_experts.gate_proj.weight", {kInner, kHidden}, shared));
    tensors.push_back(f32("mlp.shared_experts.up_proj.weight", {kInner, kHidden}, shared));
    tensors.push_back(f32("mlp.shared_experts.down_proj.weight", {kHidden, kInner}, shared_down));
    if (gated) tensors.push_back(f32("mlp.shared_expert_gate.weight", {1, kHidden}, shared_gate));
    MoeSpec spec = plain_spec();
    spec.shared_inner = kInner;
    spec.shared_gated = gated;
    const Mixture world(tensors, spec);
    ASSERT_EQ(world.problems, "");
    const auto x = random_floats(kHidden, 5);
    const auto y = world.answer(x);
    const Doubles row(x.begin(), x.end());
    Doubles inner = product(shared, {}, 0, row, kInner);
    for (double& value : inner) value = silu_gate(value, value);
    const Doubles extra = product(shared_down, {}, 0, inner, kHidden);
    const double open = gated ? sigmoid(product(shared_gate, {}, 0, row, 1)[0]) : 1.0;
    const Doubles routed = expected(row, false, silu_gate);
    for (std::size_t d = 0; d < kHidden; ++d)
      EXPECT_NEAR(y[d], routed[d] + open * extra[d], 1e-4) << gated;
  }
}

/// A stack of random numbers in this packing, as tensors under `path`.
std::vector<StoredTensor> packed_stack(const std::string& path, std::int64_t rows,
                                       std::int64_t width, const Packing& packing) {
  const std::int64_t experts = kExpertCount;
  const auto count = static_cast<std::size_t>(experts * rows * width);
  std::vector<std::uint32_t> codes(count * static_cast<std::size_t>(packing.bits) / 32);
  std::mt19937 random(static_cast<unsigned>(count + path.size()));
  for (auto& code : codes) code = random() & 0xBFBFBFBFU;  // no E4M3 code that is no number
  const std::int64_t groups = width / packing.group_size;
  const std::vector<std::int64_t> table{experts, rows, groups};
  const auto entries = static_cast<std::size_t>(experts * rows * groups);
  std::vector<StoredTensor> tensors{{path + ".weight",
                                     "U32",
                                     {experts, rows, width * packing.bits / 32},
                                     testing::bytes_of(codes)}};
  if (packing.mode == PackingMode::Affine) {
    tensors.push_back(f32(path + ".scales", table, std::vector<float>(entries, 0.02F)));
    tensors.push_back(f32(path + ".biases", table, std::vector<float>(entries, -0.15F)));
    return tensors;
  }
  const char scale = packing.mode == PackingMode::Nvfp4 ? 20 : 122;
  tensors.push_back({path + ".scales", "U8", table, std::string(entries, scale)});
  return tensors;
}

class PackedExperts : public ::testing::TestWithParam<Packing> {};

TEST_P(PackedExperts, EqualTheirUnpackedForm) {
  std::vector<StoredTensor> tensors;
  const auto add = [&](const std::string& name, std::int64_t rows, std::int64_t width) {
    for (auto& tensor : packed_stack("mlp.experts." + name, rows, width, GetParam()))
      tensors.push_back(std::move(tensor));
  };
  add("gate_proj", kInner, kHidden);
  add("up_proj", kInner, kHidden);
  add("down_proj", kHidden, kInner);
  const QuantisationSettings settings{.global = GetParam()};
  const Mixture packed(tensors, plain_spec(), settings);
  const Mixture plain(tensors, plain_spec(), settings, /*unpack=*/true);
  ASSERT_EQ(packed.problems + plain.problems, "");
  EXPECT_LT(packed.bytes, plain.bytes / 2);
  for (const std::size_t tokens : {1, 5, 70}) {
    const auto x = random_floats(tokens * kHidden, 98);
    const auto a = packed.answer(x);
    const auto b = plain.answer(x);
    // What is near zero is the difference of large numbers.
    double largest = 0.0;
    for (const auto value : b) largest = std::max(largest, std::abs(double{value}));
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5 * largest) << tokens;
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, PackedExperts,
                         ::testing::Values(Packing{4, 32}, Packing{8, 32}, Packing{3, 32},
                                           Packing{4, 32, PackingMode::Mxfp4},
                                           Packing{4, 16, PackingMode::Nvfp4},
                                           Packing{8, 32, PackingMode::Mxfp8}));

TEST(Moe, BlocksAndScalesAreMxfp4InTurns) {
  // All gate codes 1.0, all up codes -0.5, all down codes 2.0; scales 2^-2, 2^-1 and 2^-4.
  constexpr std::int64_t kGroups = kHidden / 32;
  std::string blocks, scales;
  for (std::size_t row = 0; row < kExpertCount * 2 * kInner; ++row) {
    blocks += std::string(kGroups * 16, row % 2 == 0 ? '\x22' : '\x99');
    scales += std::string(kGroups, static_cast<char>(row % 2 == 0 ? 125 : 126));
  }
  const std::int64_t experts = kExpertCount;
  const std::int64_t inner = kInner;
  const std::int64_t width = kHidden;
  const std::vector<StoredTensor> tensors{
      {"mlp.experts.gate_up_proj_blocks", "U8", {experts, 2 * inner, kGroups, 16}, blocks},
      {"mlp.experts.gate_up_proj_scales", "U8", {experts, 2 * inner, kGroups}, scales},
      {"mlp.experts.down_proj_blocks",
       "U8",
       {experts, width, inner / 32, 16},
       std::string(kExpertCount * kHidden * kInner / 2, '\x44')},
      {"mlp.experts.down_proj_scales",
       "U8",
       {experts, width, inner / 32},
       std::string(kExpertCount * kHidden * kInner / 32, 123)}};
  MoeSpec spec = plain_spec();
  spec.interleaved = spec.transposed = true;
  spec.router.renormalise = true;
  const Mixture world(tensors, spec, {.mxfp4_blocks = true});
  ASSERT_EQ(world.problems, "");
  const std::vector<float> x(kHidden, 0.125F);  // sums to 4: gate 1, up -1
  const double y = silu_gate(1.0, -1.0) * 2.0 / 16.0 * kInner;
  for (const float value : world.answer(x)) EXPECT_NEAR(value, y, 1e-5);
  EXPECT_THAT(Mixture(tensors, spec).problems, ::testing::HasSubstr("quant_method \"mxfp4\""));
}

TEST(Moe, WhatDoesNotFitIsTold) {
  auto tensors = stacked_tensors();
  tensors.pop_back();
  EXPECT_THAT(Mixture(tensors, plain_spec()).problems,
              ::testing::HasSubstr("tensor \"mlp.experts.down_proj.weight\" is missing"));
  EXPECT_THAT(Mixture({}, plain_spec()).problems,
              ::testing::HasSubstr("tensor \"mlp.experts.0.gate_proj.weight\" is missing"));
  EXPECT_THAT(Mixture({f32("mlp.experts.gate_up_proj", {6, 5, 4}),
                       f32("mlp.experts.down_proj", {kExpertCount, kHidden, kInner}, down_proj())},
                      plain_spec())
                  .problems,
              ::testing::HasSubstr("has shape [6, 5, 4], but config.json asks for [6, 128, 32]"));
}

}  // namespace
}  // namespace hearth::nn
