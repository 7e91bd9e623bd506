// Layers take their tensors, and every mismatch is told by name.
#include "nn/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/panels.h"
#include "nn/testing/checkpoint_files.h"

namespace hearth::nn {
namespace {

using ::testing::AllOf;
using testing::f32;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::safetensors;
using testing::StoredTensor;
using testing::TemporaryFolder;

/// A checkpoint of these tensors and the weights over it.
struct StoredWeights {
  explicit StoredWeights(const std::vector<StoredTensor>& tensors,
                         QuantisationSettings settings = {}) {
    folder.write("model.safetensors", safetensors(tensors));
    checkpoint = *Checkpoint::open(folder.path());
    weights.emplace(checkpoint, std::move(settings), Weights::Options{});
  }
  std::string problems() {
    const auto finished = weights->finish();
    return finished ? "" : finished.error().message;
  }

  TemporaryFolder folder;
  Checkpoint checkpoint;
  std::optional<Weights> weights;
};

/// [2, 64] in 8 bits and groups of 32.
std::vector<StoredTensor> packed(const std::string& path) {
  return {{path + ".weight", "U32", {2, 16}, std::string(128, '\1')},
          f32(path + ".scales", {2, 2}),
          f32(path + ".biases", {2, 2})};
}

TEST(Weights, TurnedMatricesAreStoredByInputs) {
  StoredWeights world({f32("a.weight", {3, 2}, {1, 4, 2, 5, 3, 6})});
  EXPECT_EQ(world.weights->stored_shape("a.weight"), (mx::Shape{3, 2}));
  EXPECT_TRUE(world.weights->stored_shape("b.weight").empty());
  world.weights->turn([](std::string_view path) { return path == "a.weight"; });
  mx::array y = world.weights->linear("a", {.inputs = 3, .outputs = 2})(mx::ones({1, 3}));
  mx::eval(y);
  EXPECT_EQ(y.data<float>()[0], 6.0F);
  EXPECT_EQ(y.data<float>()[1], 15.0F);
  EXPECT_EQ(world.problems(), "");
}

TEST(Weights, LayersTakeTheirTensors) {
  StoredWeights world({f32("a.q.weight", {2, 3}, {1, 0, 0, 0, 1, 0}),
                       f32("a.q.bias", {2}, {10, 20}), f32("norm.weight", {3})});
  const Scope scope(*world.weights, "a");
  const Linear linear = scope.linear("q", {.inputs = 3, .outputs = 2, .bias = true});
  world.weights->norm("norm", 3, {});
  EXPECT_EQ(world.problems(), "");
  EXPECT_EQ(world.weights->bytes(), 44U);
  mx::array y = linear(mx::array({5.0F, 6.0F, 7.0F}, {1, 3}));
  mx::eval(y);
  EXPECT_EQ(y.data<float>()[0], 15.0F);
  EXPECT_EQ(y.data<float>()[1], 26.0F);
}

// 1 and 2 in bfloat16 are 0x3F80 and 0x4000.
TEST(Weights, SixteenBitMatricesStayAndOtherTensorsBecomeFloat32) {
  const std::string numbers("\x80\x3F\x00\x40", 4);
  StoredWeights world({{"a.weight", "BF16", {1, 2}, numbers},
                       {"stack.weight", "BF16", {1, 1, 2}, numbers},
                       {"norm.weight", "BF16", {2}, numbers}});
  const Matrix matrix = world.weights->matrix("a", 1, 2);
  const ExpertMatrix stack = world.weights->stack("stack", {1, 1, 2});
  const mx::array norm = world.weights->tensor("norm.weight", {2});
  EXPECT_EQ(world.problems(), "");
  EXPECT_EQ(norm.dtype(), mx::float32);
  const std::size_t bytes = kernels_serve() ? 4 : 8;
  EXPECT_EQ(matrix.bytes(), bytes);
  EXPECT_EQ(stack.bytes(), bytes);
  EXPECT_EQ(world.weights->bytes(), 2 * bytes + 8);
  const mx::array x({3.0F, 5.0F}, {1, 2});
  EXPECT_EQ(matrix.times(x).item<float>(), 13.0F);
  EXPECT_EQ(stack.times(x, {mx::zeros({1}, mx::uint32)}).item<float>(), 13.0F);
  mx::array row = matrix.rows(mx::zeros({1}, mx::int32));
  mx::eval(row);
  ASSERT_EQ(row.dtype(), mx::float32);
  EXPECT_EQ(row.data<float>()[1], 2.0F);
}

TEST(Weights, AllFaultsAreToldTogether) {
  StoredWeights world({f32("a.weight", {2, 3}), f32("left.over", {1})});
  world.weights->linear("a", {.inputs = 4, .outputs = 2});
  world.weights->linear("b", {.inputs = 4, .outputs = 2});
  EXPECT_THAT(world.problems(),
              AllOf(HasSubstr("model.safetensors: tensor \"a.weight\": has shape [2, 3], but "
                              "config.json asks for [2, 4]"),
                    HasSubstr("tensor \"b.weight\" is missing"), HasSubstr("\"left.over\"")));
}

TEST(Weights, ABiasThatNobodyAskedForIsLeftOver) {
  StoredWeights world({f32("a.weight", {2, 3}), f32("a.bias", {2})});
  world.weights->linear("a", {.inputs = 3, .outputs = 2});
  EXPECT_THAT(world.problems(), HasSubstr("belong to no layer of this model: \"a.bias\""));
}

TEST(Weights, DroppedAndRenamedTensors) {
  StoredWeights world({f32("x.a.weight", {1}), f32("rotary.inv_freq", {4})});
  world.weights->rename(
      [](const std::string& path) { return path.starts_with("x.") ? path.substr(2) : path; });
  world.weights->drop([](std::string_view path) { return path == "rotary.inv_freq"; });
  world.weights->norm("a", 1, {});
  EXPECT_EQ(world.problems(), "");
}

TEST(Weights, TwoTensorsForOneWeightAreRefused) {
  StoredWeights world({f32("a.weight", {1}), f32("x.a.weight", {1})});
  world.weights->rename([](const std::string&) { return std::string("a.weight"); });
  EXPECT_THAT(world.problems(), HasSubstr("are the same weight"));
}

TEST(Weights, PackedLayersFollowTheConfig) {
  StoredWeights world(packed("a"), {.global = Packing{.bits = 8, .group_size = 32}});
  world.weights->linear("a", {.inputs = 64, .outputs = 2});
  EXPECT_EQ(world.problems(), "");
  EXPECT_EQ(world.weights->bytes(), 128U + 16U + 16U);
}

// Rows of more than one piece (panel_pack.cpp) and a last panel that is not full. In 16 bits,
// scales of 1 (0x3F80) and biases of 0 make each number its code.
std::vector<StoredTensor> counting(const std::string& path, int rows) {
  std::string codes;
  for (int n = 0; n < rows; ++n)
    for (int k = 0; k < 64; ++k) codes.push_back(static_cast<char>(n + k));
  std::string ones;
  for (int n = 0; n < rows; ++n) ones += std::string("\x80\x3F", 2);
  return {
      {path + ".weight", "U32", {rows, 16}, codes},
      {path + ".scales", "BF16", {rows, 1}, ones},
      {path + ".biases", "BF16", {rows, 1}, std::string(2 * static_cast<std::size_t>(rows), '\0')}};
}

TEST(Weights, PackedRowsAreReadPieceByPiece) {
  constexpr int kRows = 4099;
  StoredWeights world(counting("a", kRows), {.global = Packing{.bits = 8, .group_size = 64}});
  const Matrix matrix = world.weights->prepared_matrix("a", kRows, 64);
  EXPECT_EQ(matrix.panels() != nullptr, kernels_serve());
  EXPECT_EQ(world.problems(), "");
  for (const int row : {0, 15, 16, 2047, 2048, 4095, 4098}) {
    mx::array numbers = matrix.rows(mx::array({row}, {1}));
    mx::eval(numbers);
    ASSERT_EQ(numbers.shape(), (mx::Shape{1, 64}));
    for (int k = 0; k < 64; ++k)
      ASSERT_EQ(numbers.data<float>()[k], static_cast<float>((row + k) % 256)) << row << " " << k;
  }
}

/// Expert e's output n for an input that is 1 at k: the number at row e * rows + n of `counting`.
void expect_counting(const ExpertMatrix& stack, int experts, int rows) {
  EXPECT_EQ(std::holds_alternative<PanelStack>(stack.content()), kernels_serve());
  for (int e = 0; e < experts; ++e) {
    constexpr int kInput = 5;
    std::vector<float> x(64, 0.0F);
    x[kInput] = 1.0F;
    const ExpertRows row{.experts = mx::array({static_cast<std::uint32_t>(e)}, {1}, mx::uint32)};
    mx::array y = stack.times(mx::array(x.begin(), {1, 64}), row);
    mx::eval(y);
    ASSERT_EQ(y.shape(), (mx::Shape{1, rows}));
    for (int n = 0; n < rows; ++n)
      ASSERT_NEAR(y.data<float>()[n], (e * rows + n + kInput) % 256, 1e-3) << e << " " << n;
  }
}

TEST(Weights, ExpertsOfOneTensorAreReadExpertByExpert) {
  auto tensors = counting("a", 3 * 37);
  for (StoredTensor& tensor : tensors) tensor.shape = {3, 37, tensor.shape.back()};
  StoredWeights world(tensors, {.global = Packing{.bits = 8, .group_size = 64}});
  const ExpertMatrix stack = world.weights->prepared_stack("a", {3, 37, 64});
  EXPECT_EQ(world.problems(), "");
  expect_counting(stack, 3, 37);
}

/// One expert's part of what `counting` gives for all.
std::vector<StoredTensor> counting_part(const std::string& path, int first, int rows) {
  auto tensors = counting(path, first + rows);
  for (StoredTensor& tensor : tensors) {
    const std::size_t row_bytes = tensor.bytes.size() / static_cast<std::size_t>(first + rows);
    tensor.shape.front() = rows;
    tensor.bytes.erase(0, static_cast<std::size_t>(first) * row_bytes);
  }
  return tensors;
}

std::vector<StoredTensor> together(std::vector<StoredTensor> a,
                                   const std::vector<StoredTensor>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Weights, ExpertsOfTheirOwnTensorsAreReadOneByOne) {
  const auto tensors = together(counting_part("0.a", 0, 37), counting_part("1.a", 37, 37));
  StoredWeights world(tensors, {.global = Packing{.bits = 8, .group_size = 64}});
  const auto stack =
      world.weights->prepared_stack(std::vector<std::string>{"0.a", "1.a"}, {2, 37, 64});
  EXPECT_EQ(world.problems(), "");
  ASSERT_EQ(stack.has_value(), kernels_serve());
  if (stack) expect_counting(*stack, 2, 37);
}

TEST(Weights, ExpertsThatCannotBeReadTogetherAreLeftToArraysOrTold) {
  const Packing eight{.bits = 8, .group_size = 64};
  const std::vector<std::string> paths{"0.a", "1.a"};
  auto unlike = together(counting_part("0.a", 0, 4), counting_part("1.a", 0, 4));
  for (StoredTensor& tensor : unlike)
    if (tensor.name.starts_with("1.") && tensor.dtype == "BF16") tensor.dtype = "F16";
  StoredWeights world(unlike, {.global = eight});
  EXPECT_FALSE(world.weights->prepared_stack(paths, {2, 4, 64}).has_value());

  StoredWeights short_one(together(counting_part("0.a", 0, 4), counting_part("1.a", 0, 3)),
                          {.global = eight});
  EXPECT_EQ(short_one.weights->prepared_stack(paths, {2, 4, 64}).has_value(), kernels_serve());
  if (kernels_serve())
    EXPECT_THAT(short_one.problems(),
                AllOf(HasSubstr("\"1.a.weight\""), HasSubstr("matrix [4, 64]"),
                      Not(HasSubstr("belong to no layer"))));
}

TEST(Weights, AFileThatIsCutWhilePackedRowsAreReadIsAnError) {
  StoredWeights world(counting("a", 4099), {.global = Packing{.bits = 8, .group_size = 64}});
  const auto file = world.folder.path() / "model.safetensors";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  world.weights->prepared_matrix("a", 4099, 64);
  EXPECT_THAT(world.problems(),
              AllOf(HasSubstr("model.safetensors: ends at byte"), HasSubstr("\"a.weight\"")));
}

TEST(Weights, PackingThatContradictsTheConfigIsRefused) {
  const auto problem = [](QuantisationSettings settings) {
    StoredWeights world(packed("a"), std::move(settings));
    world.weights->linear("a", {.inputs = 64, .outputs = 2});
    return world.problems();
  };
  const std::string found =
      "\"a.weight\": is packed in 8 bits in groups of 32, but config.json says ";
  EXPECT_THAT(problem({}), HasSubstr(found + "a plain layer"));
  EXPECT_THAT(problem({.global = Packing{4, 64}}), HasSubstr(found + "4 bits in groups of 64"));
  EXPECT_THAT(problem({.global = Packing{8, 32}, .layers = {{"a", std::nullopt}}}),
              HasSubstr(found + "a plain layer"));
}

/// An E4M3 matrix [3, 4] of ones, its rows scaled in blocks of 2 x 3.
std::vector<StoredTensor> fp8(const std::string& path, std::vector<std::int64_t> scales) {
  return {{path + ".weight", "F8_E4M3", {3, 4}, std::string(12, '\x38')},
          f32(path + ".weight_scale_inv", std::move(scales))};
}

TEST(Weights, Fp8IsUnpackedBlockByBlock) {
  StoredWeights world(fp8("a", {2, 2}), {.fp8 = Fp8Blocks{.rows = 2, .columns = 3}});
  const Linear linear = world.weights->linear("a", {.inputs = 4, .outputs = 3});
  EXPECT_EQ(world.problems(), "");
  EXPECT_EQ(world.weights->bytes(), 48U);
  // Scales 0 1 / 2 3: columns 0 to 2 and 3, rows 0, 1 and 2.
  mx::array y = linear(mx::array({1.0F, 1.0F, 1.0F, 10.0F}, {1, 4}));
  mx::eval(y);
  EXPECT_EQ(y.data<float>()[0], 10.0F);
  EXPECT_EQ(y.data<float>()[1], 10.0F);
  EXPECT_EQ(y.data<float>()[2], 36.0F);
}

TEST(Weights, Fp8WithOneScaleAndASpareActivationScale) {
  auto tensors = fp8("a", {1});
  tensors[1] = f32("a.weight_scale_inv", {1}, {0.5F});
  tensors.push_back(f32("a.activation_scale", {1}));
  StoredWeights world(tensors, {.fp8 = Fp8Blocks{}});
  const Linear linear = world.weights->linear("a", {.inputs = 4, .outputs = 3});
  EXPECT_EQ(world.problems(), "");
  mx::array y = linear(mx::ones({1, 4}));
  mx::eval(y);
  EXPECT_EQ(y.data<float>()[2], 2.0F);
}

TEST(Weights, Fp8ThatDoesNotFitIsRefused) {
  const auto problem = [](const std::vector<StoredTensor>& tensors, bool told = true) {
    QuantisationSettings settings;
    if (told) settings.fp8 = Fp8Blocks{.rows = 2, .columns = 3};
    StoredWeights world(tensors, settings);
    world.weights->linear("a", {.inputs = 4, .outputs = 3});
    return world.problems();
  };
  EXPECT_THAT(problem(fp8("a", {2, 2}), false),
              HasSubstr("\"a.weight_scale_inv\": belongs to FP8 weights, but config.json has no"));
  EXPECT_THAT(problem(fp8("a", {2, 3})), HasSubstr("has shape [2, 3], but config.json asks for"));
  EXPECT_THAT(problem({fp8("a", {2, 2})[0]}),
              HasSubstr("\"a.weight\": has dtype F8_E4M3, but the layer is not packed"));
  EXPECT_THAT(problem({f32("a.weight", {3, 4}), fp8("a", {2, 2})[1]}), HasSubstr("F8_E4M3 beside"));
}

TEST(Weights, ScalesOfAnotherModeAreRefused) {
  StoredWeights world(packed("a"), {.global = Packing{8, 32, PackingMode::Mxfp8}});
  world.weights->linear("a", {.inputs = 64, .outputs = 2});
  EXPECT_THAT(world.problems(),
              HasSubstr("\"a.biases\": mxfp8, 8 bits in groups of 32 weights have no biases"));
}

TEST(Weights, TornPackedLayersAreRefused) {
  const QuantisationSettings settings{.global = Packing{8, 32}};
  const auto problem = [&](const std::vector<StoredTensor>& tensors) {
    StoredWeights world(tensors, settings);
    world.weights->linear("a", {.inputs = 64, .outputs = 2});
    return world.problems();
  };
  auto tensors = packed("a");
  EXPECT_THAT(problem({tensors[1], tensors[2]}),
              HasSubstr("\"a.weight\" is missing beside its scales"));
  EXPECT_THAT(problem({tensors[0], tensors[1]}), HasSubstr("\"a.biases\" is missing"));
  EXPECT_THAT(problem({tensors[0], f32("a.scales", {2, 7}), tensors[2]}), HasSubstr("do not make"));
  EXPECT_THAT(problem({tensors[0], f32("a.scales", {2, 0}), tensors[2]}), HasSubstr("do not make"));
  EXPECT_THAT(problem({tensors[0], f32("a.scales", {4}), tensors[2]}), HasSubstr("do not make"));
  tensors[0].dtype = "F32";
  EXPECT_THAT(problem(tensors), HasSubstr("must be U32"));
}

}  // namespace
}  // namespace hearth::nn
