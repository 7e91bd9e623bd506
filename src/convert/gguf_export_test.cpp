// Exports, read back: the same weights, logits and tokens.
#include "convert/gguf_export.h"

#include <gtest/gtest.h>

#include "convert/model_files.h"
#include "gguf/model_file.h"
#include "models/testing/golden.h"
#include "text/test_data.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;
using models::testing::Golden;
using models::testing::TemporaryFolder;

Result<Summary> export_to(const GgufOptions& options) {
  auto work = GgufExport::make(options);
  if (!work) return fail(work.error());
  TRY(work->run([](const Progress&) { return true; }));
  return work->summary();
}

Result<void> import_to(const Options& options) {
  auto work = Conversion::make(options);
  if (!work) return fail(work.error());
  return work->run([](const Progress&) { return true; });
}

/// The same model with plain weights: products with packed ones round their other side.
fs::path unpacked(const fs::path& source, const TemporaryFolder& folder) {
  Options options{.source = source, .target = folder.path() / "unpacked"};
  options.dequantize = true;
  options.dtype = "float32";
  const auto done = import_to(options);
  EXPECT_TRUE(done) << done.error().message;
  return options.target;
}

std::vector<float> logits_of(const fs::path& folder, const std::vector<std::int32_t>& ids) {
  const auto model = models::load_model(folder);
  EXPECT_TRUE(model) << model.error().message;
  return model ? models::testing::one_pass(**model, ids) : std::vector<float>();
}

/// A byte-level tokenizer of 256 tokens without merges.
void write_tokenizer(const TemporaryFolder& folder) {
  json::object vocabulary;
  for (int id = 0; id < 256; ++id) vocabulary[fmt::format("t{}", id)] = id;
  const json::object tokenizer{
      {"added_tokens", json::array{}},
      {"normalizer", nullptr},
      {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
      {"post_processor", nullptr},
      {"decoder", {{"type", "ByteLevel"}}},
      {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", json::array{}}}}};
  folder.write("tokenizer.json", json::serialize(tokenizer));
}

class ToGgufAndBack : public testing::TestWithParam<const char*> {};

TEST_P(ToGgufAndBack, GivesTheSameLogits) {
  const Golden golden = models::testing::read_golden(GetParam());
  const TemporaryFolder folder;
  models::testing::write_checkpoint(folder, golden);
  write_tokenizer(folder);
  const fs::path file = folder.path() / "tiny.gguf";
  const auto done = export_to({.source = folder.path(), .target = file, .type = "f32"});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(fs::file_size(file), done->target_bytes);
  EXPECT_FALSE(fs::exists(folder.path() / ".tiny.gguf.converting"));
  Options back{.source = file, .target = folder.path() / "back"};
  back.bits = 16;
  const auto again = import_to(back);
  ASSERT_TRUE(again) << again.error().message;
  const bool packed = std::string_view(GetParam()).contains("affine");
  const auto expected =
      logits_of(packed ? unpacked(folder.path(), folder) : folder.path(), golden.ids);
  EXPECT_LE(models::testing::largest_difference(logits_of(back.target, golden.ids), expected),
            1e-4F * models::testing::standard_deviation(expected));
}

INSTANTIATE_TEST_SUITE_P(Families, ToGgufAndBack,
                         testing::Values("llama/plain", "llama/biases", "llama/tied",
                                         "llama/llama3_rope", "llama/linear_rope", "llama/yarn",
                                         "llama/affine4", "mistral/window", "qwen2/plain",
                                         "qwen3/plain"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '/', '_');
                           return name;
                         });

TEST(ToGguf, RoundsTheDemoAndKeepsItsTokenizer) {
  const fs::path demo = fs::path(HEARTH_SOURCE_DIR) / "assets/hearth-demo";
  const TemporaryFolder folder;
  const std::vector<std::int32_t> ids{2040, 87, 12, 400, 33, 2041};
  const auto expected = logits_of(unpacked(demo, folder), ids);
  const float deviation = models::testing::standard_deviation(expected);
  for (const auto& [type, share] : {std::pair("bf16", 0.05F), std::pair("q8_0", 0.1F)}) {
    SCOPED_TRACE(type);
    const fs::path file = folder.path() / fmt::format("{}.gguf", type);
    const auto done = export_to({.source = demo, .target = file, .type = type});
    ASSERT_TRUE(done) << done.error().message;
    Options back{.source = file, .target = folder.path() / type};
    back.bits = 16;
    back.dtype = "float32";
    const auto again = import_to(back);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_LE(models::testing::largest_difference(logits_of(back.target, ids), expected),
              share * deviation);
    EXPECT_EQ(text::testing::read_json(back.target / "tokenizer.json"),
              text::testing::read_json(demo / "tokenizer.json"));
    EXPECT_EQ(text::testing::read_file(back.target / "chat_template.jinja"),
              text::testing::read_file(demo / "chat_template.jinja"));
  }
}

TEST(ToGguf, FourBitsKeepEightWhereTheyCountMost) {
  const fs::path demo = fs::path(HEARTH_SOURCE_DIR) / "assets/hearth-demo";
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "q4.gguf";
  ASSERT_TRUE(export_to({.source = demo, .target = file, .type = "Q4_0"}));
  const auto made = gguf::ModelFile::open(file);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->tensors().at("token_embd.weight").type, gguf::TensorType::Q8_0);
  EXPECT_EQ(made->tensors().at("blk.0.ffn_up.weight").type, gguf::TensorType::Q4_0);
  EXPECT_EQ(made->tensors().at("blk.0.attn_norm.weight").type, gguf::TensorType::F32);
  EXPECT_FALSE(made->tensors().contains("output.weight"));  // tied
  EXPECT_EQ(*made->metadata().at("tokenizer.ggml.pre").string(), "qwen2");
}

TEST(ToGguf, PiecesGetScores) {
  const fs::path stories = text::testing::shared_folder() / "stories260K/hf-f32";
  SKIP_WITHOUT(stories);
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "stories.gguf";
  const auto done = export_to({.source = stories, .target = file, .type = "q8_0"});
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_EQ(done->plain.size(), 5U);  // 172 wide: not a multiple of 32
  EXPECT_NE(done->plain[0].reason.find("172 is not divisible"), std::string::npos);
  Options back{.source = file, .target = folder.path() / "back"};
  const auto again = import_to(back);
  ASSERT_TRUE(again) << again.error().message;
  const auto made = text::testing::load_tokenizer(back.target);
  const auto original = text::testing::load_tokenizer(stories);
  const std::string_view text = "Once upon a time, there was a little girl. \"Zoë\"\n  said";
  EXPECT_EQ(made->encode(text, text::AddSpecialTokens::Yes).value(),
            original->encode(text, text::AddSpecialTokens::Yes).value());
}

TEST(ToGguf, TellsWhatItCannotWrite) {
  const TemporaryFolder folder;
  const auto fault = [&](const GgufOptions& options) {
    const auto done = export_to(options);
    EXPECT_FALSE(done);
    return done ? std::string() : done.error().message;
  };
  const fs::path target = folder.path() / "made.gguf";
  const fs::path demo = fs::path(HEARTH_SOURCE_DIR) / "assets/hearth-demo";
  EXPECT_EQ(fault({.source = demo, .target = target, .type = "q4_k"}),
            "convert hearth-demo to GGUF: there is no type \"q4_k\" (there are f32, f16, bf16, "
            "q8_0, q4_0)");
  folder.write("made.gguf", "something");
  EXPECT_NE(fault({.source = demo, .target = target}).find("is there already; --force"),
            std::string::npos);
  const TemporaryFolder gemma;
  models::testing::write_checkpoint(gemma, models::testing::read_golden("gemma2/plain"));
  write_tokenizer(gemma);
  EXPECT_NE(fault({.source = gemma.path(), .target = folder.path() / "g.gguf"})
                .find("gemma2 cannot be written to GGUF (possible: llama, mistral, qwen2, qwen3)"),
            std::string::npos);
}

}  // namespace
}  // namespace hearth::convert
