// From a folder to a model: what is accepted, what is refused, and what a model tells about itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "models/testing/golden.h"
#include "nn/panels.h"

namespace hearth::models::testing {
namespace {

using nn::testing::f32;
using nn::testing::safetensors;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

Error load_error(const TemporaryFolder& folder) {
  auto model = load_model(folder.path());
  EXPECT_FALSE(model);
  return model ? Error{} : std::move(model).error();
}

/// llama/plain with these tensors.
void write(const TemporaryFolder& folder, const std::vector<StoredTensor>& tensors) {
  folder.write("config.json", file_text(read_golden("llama/plain").folder / "config.json"));
  folder.write("model.safetensors", safetensors(tensors));
}

TEST(Load, AMissingFolderOrConfigIsNamed) {
  const TemporaryFolder folder;
  const auto nowhere = load_model(folder.path() / "qwen3-4b");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, ErrorCode::NotFound);
  EXPECT_THAT(nowhere.error().message, HasSubstr("load qwen3-4b: "));
  const Error error = load_error(folder);
  EXPECT_EQ(error.code, ErrorCode::NotFound);
  EXPECT_THAT(error.message, HasSubstr("config.json: there is no such file"));
}

TEST(Load, AnUnknownArchitectureIsRefusedWithTheListOfKnownOnes) {
  const TemporaryFolder folder;
  folder.write("config.json", R"({"model_type":"frobnicator"})");
  const Error error = load_error(folder);
  EXPECT_EQ(error.code, ErrorCode::UnsupportedArgument);
  EXPECT_THAT(error.message, HasSubstr("model_type \"frobnicator\" is not supported (supported: "));
  EXPECT_THAT(error.message, HasSubstr("llama, "));
  EXPECT_THAT(supported_model_types(), IsSupersetOf({"llama", "mistral", "qwen2", "qwen3"}));
}

TEST(Load, LongRopeTellsWhereItsOtherFactorsBegin) {
  const TemporaryFolder folder;
  write_checkpoint(folder, read_golden("phi3/longrope_long"));
  const auto facts = read_facts(folder.path());
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->stretched_beyond, 12);
}

TEST(Load, MissingAndLeftOverTensorsAreNamed) {
  const TemporaryFolder folder;
  auto tensors = hash_tensors(read_golden("llama/plain"));
  std::erase_if(tensors,
                [](const auto& t) { return t.name == "model.layers.1.mlp.up_proj.weight"; });
  tensors.push_back(f32("model.layers.3.extra.weight", {2}));
  write(folder, tensors);
  const Error error = load_error(folder);
  EXPECT_EQ(error.code, ErrorCode::CorruptData);
  EXPECT_THAT(error.message, AllOf(HasSubstr("\"model.layers.1.mlp.up_proj.weight\" is missing"),
                                   HasSubstr("\"model.layers.3.extra.weight\"")));
}

TEST(Load, ATruncatedCheckpointIsRefused) {
  const TemporaryFolder folder;
  write(folder, hash_tensors(read_golden("llama/plain")));
  const auto path = folder.path() / "model.safetensors";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const Error error = load_error(folder);
  EXPECT_EQ(error.code, ErrorCode::CorruptData);
  EXPECT_THAT(error.message, HasSubstr("model.safetensors: tensor"));
}

TEST(Load, APlainHuggingFaceLayoutWithItsExtrasGivesTheSameModel) {
  const Golden golden = read_golden("llama/tied");
  const TemporaryFolder plain;
  write_checkpoint(plain, golden);
  const auto expected = one_pass(**load_model(plain.path()), golden.ids);

  auto tensors = hash_tensors(golden);
  StoredTensor copy = *std::ranges::find(tensors, "model.embed_tokens.weight", &StoredTensor::name);
  copy.name = "lm_head.weight";
  tensors.push_back(copy);
  tensors.push_back(f32("model.layers.0.self_attn.rotary_emb.inv_freq", {8}));
  const TemporaryFolder extras;
  write_checkpoint(extras, golden);
  extras.write("model.safetensors", safetensors(tensors));
  const auto model = load_model(extras.path());
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(one_pass(**model, golden.ids), expected);

  for (StoredTensor& tensor : tensors) tensor.name = "language_model." + tensor.name;
  extras.write("model.safetensors", safetensors(tensors));
  const auto nested = load_model(extras.path());
  ASSERT_TRUE(nested) << nested.error().message;
  EXPECT_EQ(one_pass(**nested, golden.ids), expected);
}

TEST(Load, ACheckpointWithoutAHeadIsTied) {
  const Golden golden = read_golden("llama/plain");
  auto tensors = hash_tensors(golden);
  std::erase_if(tensors, [](const auto& t) { return t.name == "lm_head.weight"; });
  const TemporaryFolder folder;
  write(folder, tensors);
  const auto model = load_model(folder.path());
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_TRUE((*model)->facts().tied_head);
}

TEST(Load, FactsOfAPlainModel) {
  const Golden golden = read_golden("qwen3/plain");
  const TemporaryFolder folder;
  write_checkpoint(folder, golden);
  folder.write("generation_config.json", R"({"eos_token_id":[7,9]})");
  const auto model = load_model(folder.path());
  ASSERT_TRUE(model) << model.error().message;
  const ModelFacts& facts = (*model)->facts();
  EXPECT_EQ(facts.model_type, "qwen3");
  EXPECT_EQ(facts.vocab_size, 256);
  EXPECT_EQ(facts.context_length, 256);
  EXPECT_EQ(facts.layers, 3);
  EXPECT_EQ(facts.kv_heads, 2);
  EXPECT_EQ(facts.head_dim, 32);
  EXPECT_EQ(facts.dtype, "float32");
  EXPECT_FALSE(facts.quantisation);
  EXPECT_EQ(facts.stretched_beyond, 0);
  EXPECT_THAT(facts.eos_ids, ElementsAre(7, 9));
  // 2 * 256 * 64 in and out; per layer 2 * 128 * 64 (q, o), 2 * 64 * 64 (k, v), 3 * 128 * 64 (mlp),
  // 2 * 64 + 2 * 32 (norms); 64 for the last norm.
  EXPECT_EQ(facts.parameters,
            2 * 256 * 64 + 3 * (2 * 128 * 64 + 2 * 64 * 64 + 3 * 128 * 64 + 192) + 64);
  EXPECT_EQ(facts.weight_bytes, static_cast<std::size_t>(facts.parameters) * 4);
  // Keys and values of 32 tokens, 2 heads of 32, float32, in 3 layers.
  EXPECT_EQ((*model)->page_bytes(), 2U * 32 * 2 * 32 * 4 * 3);
}

TEST(Load, FactsOfAPackedModelCountItUnpacked) {
  const TemporaryFolder packed;
  write_checkpoint(packed, read_golden("llama/affine4"));
  const TemporaryFolder plain;
  write_checkpoint(plain, read_golden("llama/plain"));
  const auto model = load_model(packed.path(), {.unpack_limit_bytes = 0});
  ASSERT_TRUE(model) << model.error().message;
  const ModelFacts& facts = (*model)->facts();
  ASSERT_TRUE(facts.quantisation);
  EXPECT_EQ(facts.quantisation->bits, 4);
  EXPECT_EQ(facts.quantisation->group_size, 64);
  EXPECT_EQ(facts.parameters, read_facts(plain.path())->parameters);
  // Half a byte a weight and 8 bytes for each group of 64 make 5 bits a weight; norms stay plain.
  const auto norms = std::int64_t{7} * 64;
  const auto stored = static_cast<std::size_t>((facts.parameters - norms) * 5 / 8 + norms * 4);
  EXPECT_EQ(facts.weight_bytes, stored);
  // Where MLX's operations multiply, small models are unpacked.
  const auto usual = load_model(packed.path());
  EXPECT_EQ((*usual)->facts().weight_bytes,
            nn::kernels_serve() ? stored : static_cast<std::size_t>(facts.parameters) * 4);
}

TEST(Load, SixteenBitMatricesTakeTwoBytesAWeight) {
  const TemporaryFolder folder;
  write_checkpoint(folder, read_golden("llama/bfloat16"));
  const auto model = load_model(folder.path());
  ASSERT_TRUE(model) << model.error().message;
  const ModelFacts& facts = (*model)->facts();
  const auto all = static_cast<std::size_t>(facts.parameters);
  const auto norms =
      static_cast<std::size_t>(std::int64_t{2 * facts.layers + 1} * facts.hidden_size);
  EXPECT_EQ(facts.weight_bytes, nn::kernels_serve() ? 2 * (all - norms) + 4 * norms : 4 * all);
}

TEST(Load, FactsComeWithoutReadingWeights) {
  const TemporaryFolder folder;
  write_checkpoint(folder, read_golden("qwen2/affine4_tied"));
  const auto facts = read_facts(folder.path());
  ASSERT_TRUE(facts) << facts.error().message;
  const auto model = load_model(folder.path());
  EXPECT_EQ(facts->parameters, (*model)->facts().parameters);
  EXPECT_TRUE(facts->tied_head);
  EXPECT_EQ(facts->dtype, "bfloat16");
  EXPECT_FALSE(read_facts(folder.path() / "nowhere"));
}

TEST(Forward, StepsWithoutWantedRowsStillFillTheCache) {
  const Golden golden = read_golden("llama/plain");
  const TemporaryFolder folder;
  write_checkpoint(folder, golden);
  const auto model = *load_model(folder.path());
  const auto cache = model->make_cache(1);
  const std::span ids(golden.ids);
  const auto first = nn::make_step(ids.first(15), {{.rows = 15, .pages = {0}}}, {});
  const auto nothing = model->forward(*first, *cache);
  ASSERT_TRUE(nothing) << nothing.error().message;
  EXPECT_EQ(nothing->shape(), (nn::mx::Shape{0, 256}));
  nn::mx::eval(cache->arrays());
  const auto last = nn::make_step(ids.last(1), {{.rows = 1, .cached = 15, .pages = {0}}}, {0});
  auto logits = *model->forward(*last, *cache);
  nn::mx::eval(logits);
  const std::vector<float> expected(golden.logits.end() - 256, golden.logits.end());
  EXPECT_LE(largest_difference({logits.data<float>(), logits.data<float>() + 256}, expected), 1e-4);
}

TEST(Forward, OnlyWantedRowsComeInTheirOrder) {
  const Golden golden = read_golden("qwen3/plain");
  const TemporaryFolder folder;
  write_checkpoint(folder, golden);
  const auto model = *load_model(folder.path());
  const auto cache = model->make_cache(1);
  const auto step = nn::make_step(golden.ids, {{.rows = 16, .pages = {0}}}, {9, 2});
  auto logits = *model->forward(*step, *cache);
  nn::mx::eval(logits);
  ASSERT_EQ(logits.shape(), (nn::mx::Shape{2, 256}));
  constexpr std::ptrdiff_t kVocab = 256;
  const auto row = [&](std::ptrdiff_t index) { return golden.logits.begin() + index * kVocab; };
  std::vector<float> expected(row(9), row(10));
  expected.insert(expected.end(), row(2), row(3));
  EXPECT_LE(largest_difference({logits.data<float>(), logits.data<float>() + 512}, expected), 1e-4);
}

TEST(Forward, APageBeyondTheCacheIsAnError) {
  const Golden golden = read_golden("llama/plain");
  const TemporaryFolder folder;
  write_checkpoint(folder, golden);
  const auto model = *load_model(folder.path());
  const auto cache = model->make_cache(4);
  const auto step = nn::make_step(golden.ids, {{.rows = 16, .pages = {4}}}, {15});
  const auto logits = model->forward(*step, *cache);
  ASSERT_FALSE(logits);
  EXPECT_THAT(logits.error().message, HasSubstr("page 4 is beyond the cache's 4 pages"));
}

TEST(Forward, TheCacheGrowsWithThePagesThatAreUsed) {
  const Golden golden = read_golden("llama/plain");
  const TemporaryFolder folder;
  write_checkpoint(folder, golden);
  const auto model = *load_model(folder.path());
  const auto cache = model->make_cache(1'000'000);
  EXPECT_EQ(cache->bytes(), 0U);
  for (const std::int32_t page : {0, 100}) {
    const auto step = nn::make_step(golden.ids, {{.rows = 16, .pages = {page}}}, {15});
    ASSERT_TRUE(model->forward(*step, *cache));
    EXPECT_GE(cache->bytes(), static_cast<std::size_t>(page + 1) * model->page_bytes());
    EXPECT_LE(cache->bytes(), static_cast<std::size_t>(2 * page + 16) * model->page_bytes());
  }
}

}  // namespace
}  // namespace hearth::models::testing
