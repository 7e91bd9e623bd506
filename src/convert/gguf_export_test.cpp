// Exports, read back: the same weights, logits and tokens.
#include "convert/gguf_export.h"

#include <cstring>
#include <gtest/gtest.h>

#include "convert/testing/conversions.h"
#include "gguf/model_file.h"
#include "text/test_data.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;
using models::testing::Golden;
using models::testing::TemporaryFolder;
using testing::expect_close;
using testing::logits_of;

Result<Summary> export_to(const GgufOptions& options) {
  auto work = GgufExport::make(options);
  if (!work) return fail(work.error());
  TRY(work->run([](const Progress&) { return true; }));
  return work->summary();
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

class ToGgufAndBack : public ::testing::TestWithParam<const char*> {};

TEST_P(ToGgufAndBack, GivesTheSameLogits) {
  const Golden golden = models::testing::read_golden(GetParam());
  const TemporaryFolder folder;
  models::testing::write_checkpoint(folder, golden);
  folder.write("config.json", json::serialize(testing::gguf_config(golden)));
  write_tokenizer(folder);
  const fs::path file = folder.path() / "tiny.gguf";
  const auto done = export_to({.source = folder.path(), .target = file, .type = "f32"});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(fs::file_size(file), done->target_bytes);
  EXPECT_FALSE(fs::exists(folder.path() / ".tiny.gguf.converting"));
  Options back{.source = file, .target = folder.path() / "back"};
  back.bits = 16;
  const auto again = testing::convert_to(back);
  ASSERT_TRUE(again) << again.error().message;
  const bool packed = std::string_view(GetParam()).contains("affine");
  const auto expected = logits_of(
      packed ? testing::unpacked(folder.path(), folder.path() / "unpacked") : folder.path(),
      golden.ids);
  expect_close(logits_of(back.target, golden.ids), expected, 1e-4F);
}

INSTANTIATE_TEST_SUITE_P(Families, ToGgufAndBack,
                         ::testing::Values("llama/plain", "llama/biases", "llama/tied",
                                           "llama/llama3_rope", "llama/linear_rope", "llama/yarn",
                                           "llama/affine4", "mistral/window", "qwen2/plain",
                                           "qwen3/plain", "gemma/plain", "gemma2/plain",
                                           "gemma3_text/plain", "gemma3_text/linear_rope",
                                           "gemma3/wrapper", "mixtral/plain", "qwen3_moe/plain"),
                         [](const auto& info) { return testing::identifier(info.param); });

TEST(ToGguf, RoundsTheDemoAndKeepsItsTokenizer) {
  const fs::path demo = fs::path(HEARTH_SOURCE_DIR) / "assets/hearth-demo";
  const TemporaryFolder folder;
  const std::vector<std::int32_t> ids{2040, 87, 12, 400, 33, 2041};
  const auto expected = logits_of(testing::unpacked(demo, folder.path() / "unpacked"), ids);
  for (const auto& [type, share] : {std::pair("bf16", 0.05F), std::pair("q8_0", 0.1F)}) {
    SCOPED_TRACE(type);
    const fs::path file = folder.path() / fmt::format("{}.gguf", type);
    const auto done = export_to({.source = demo, .target = file, .type = type});
    ASSERT_TRUE(done) << done.error().message;
    Options back{.source = file, .target = folder.path() / type};
    back.bits = 16;
    back.dtype = "float32";
    const auto again = testing::convert_to(back);
    ASSERT_TRUE(again) << again.error().message;
    expect_close(logits_of(back.target, ids), expected, share);
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
  const auto again = testing::convert_to(back);
  ASSERT_TRUE(again) << again.error().message;
  const auto made = text::testing::load_tokenizer(back.target);
  const auto original = text::testing::load_tokenizer(stories);
  const std::string_view text = "Once upon a time, there was a little girl. \"Zoë\"\n  said";
  EXPECT_EQ(made->encode(text, text::AddSpecialTokens::Yes).value(),
            original->encode(text, text::AddSpecialTokens::Yes).value());
}

/// What an export of the golden case says, with these members of its config changed.
std::string fault_of(const char* name, const json::object& changed = {}) {
  const Golden golden = models::testing::read_golden(name);
  const TemporaryFolder folder;
  models::testing::write_checkpoint(folder, golden);
  write_tokenizer(folder);
  json::object config =
      json::parse(models::testing::file_text(golden.folder / "config.json")).as_object();
  for (const auto& member : changed) config[member.key()] = member.value();
  folder.write("config.json", json::serialize(config));
  const auto done = export_to({.source = folder.path(), .target = folder.path() / "g.gguf"});
  EXPECT_FALSE(done) << name;
  return done ? std::string() : done.error().message;
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
  EXPECT_NE(fault_of("phi3/plain")
                .find("phi3 cannot be written to GGUF (possible: llama, mixtral, "
                      "qwen2, qwen3, qwen3_moe, gemma, gemma2, gemma3_text, "
                      "mistral)"),
            std::string::npos);
  EXPECT_NE(fault_of("gemma2/plain").find("query_pre_attn_scalar is 24, but llama.cpp takes 32"),
            std::string::npos);
  EXPECT_NE(fault_of("gemma2/uncapped", {{"query_pre_attn_scalar", 32}})
                .find("attn_logit_softcapping has a value"),
            std::string::npos);
  EXPECT_NE(fault_of("gemma2/plain",
                     {{"query_pre_attn_scalar", 32},
                      {"layer_types", json::array{"full_attention", "sliding_attention",
                                                  "full_attention", "sliding_attention"}}})
                .find("layer_types has a value"),
            std::string::npos);
  EXPECT_NE(fault_of("qwen3_moe/plain", {{"norm_topk_prob", false}}).find("norm_topk_prob"),
            std::string::npos);
  EXPECT_NE(fault_of("qwen3_moe/some_dense", {{"norm_topk_prob", true}})
                .find("has no name in GGUF for qwen3moe"),
            std::string::npos);
  EXPECT_NE(fault_of("llama/plain", {{"partial_rotary_factor", 0.5}}).find("partial_rotary_factor"),
            std::string::npos);
}

TEST(ToGguf, GemmasNormsHoldTheirOneAndRoutersStayExact) {
  const TemporaryFolder folder;
  const auto exported = [&](const char* name) {
    const Golden golden = models::testing::read_golden(name);
    const TemporaryFolder source;
    models::testing::write_checkpoint(source, golden);
    source.write("config.json", json::serialize(testing::gguf_config(golden)));
    write_tokenizer(source);
    const fs::path file = folder.path() / "made.gguf";
    const auto done =
        export_to({.source = source.path(), .target = file, .type = "q8_0", .force = true});
    EXPECT_TRUE(done) << done.error().message;
    return gguf::ModelFile::open(file).value();
  };
  const auto gemma = exported("gemma3_text/plain");
  for (const auto& tensor :
       models::testing::hash_tensors(models::testing::read_golden("gemma3_text/plain"))) {
    if (tensor.name != "model.layers.0.self_attn.k_norm.weight") continue;
    const gguf::TensorInfo& norm = gemma.tensors().at("blk.0.attn_k_norm.weight");
    std::vector<float> numbers(static_cast<std::size_t>(norm.width()));
    ASSERT_TRUE(gemma.read_rows(norm, 0, 1, numbers));
    std::vector<float> expected(numbers.size());
    ASSERT_EQ(tensor.bytes.size(), expected.size() * sizeof(float));
    std::memcpy(expected.data(), tensor.bytes.data(), tensor.bytes.size());
    for (float& number : expected) number += 1.0F;
    EXPECT_EQ(numbers, expected);
  }
  EXPECT_EQ(gemma.metadata().at("gemma3.attention.sliding_window_pattern").whole(), 3);
  EXPECT_EQ(gemma.metadata().at("gemma3.rope.freq_base_swa").number(), 10000.0);
  const auto qwen = exported("qwen3_moe/plain");
  EXPECT_EQ(qwen.tensors().at("blk.0.ffn_gate_inp.weight").type, gguf::TensorType::F32);
  EXPECT_EQ(qwen.tensors().at("blk.0.ffn_gate_exps.weight").type, gguf::TensorType::Q8_0);
  EXPECT_EQ(qwen.tensors().at("blk.0.ffn_gate_exps.weight").shape,
            (std::vector<std::int32_t>{8, 32, 64}));
}

}  // namespace
}  // namespace hearth::convert
