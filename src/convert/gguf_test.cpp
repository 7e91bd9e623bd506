// Conversions from GGUF: the same logits as the models that the files were made of.
#include <cstring>
#include <gtest/gtest.h>

#include "convert/convert.h"
#include "convert/model_files.h"
#include "gguf/family.h"
#include "gguf/testing/files.h"
#include "models/testing/golden.h"
#include "text/test_data.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;
using gguf::TensorType;
using gguf::Value;
using gguf::ValueType;
using models::testing::Golden;
using models::testing::TemporaryFolder;

Result<Summary> convert_to(const Options& options) {
  auto conversion = Conversion::make(options);
  if (!conversion) return fail(conversion.error());
  TRY(conversion->run([](const Progress&) { return true; }));
  return conversion->summary();
}

std::vector<float> logits_of(const fs::path& folder, const std::vector<std::int32_t>& ids) {
  const auto model = models::load_model(folder);
  EXPECT_TRUE(model) << model.error().message;
  return model ? models::testing::one_pass(**model, ids) : std::vector<float>();
}

void expect_close(const std::vector<float>& found, const std::vector<float>& expected,
                  float share) {
  ASSERT_EQ(found.size(), expected.size());
  EXPECT_LE(models::testing::largest_difference(found, expected),
            share * models::testing::standard_deviation(expected));
}

/// Rows of heads as llama.cpp wants them: row r of the first half beside row r of the second.
std::vector<float> paired(const std::vector<float>& numbers, std::size_t rows, std::size_t heads) {
  const std::size_t width = numbers.size() / rows;
  const std::size_t head = rows / heads;
  std::vector<float> out;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t inside = row % head;
    const std::size_t from = row - inside + inside % 2 * (head / 2) + inside / 2;
    const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(from * width);
    out.insert(out.end(), begin, begin + static_cast<std::ptrdiff_t>(width));
  }
  return out;
}

/// 256 tokens without a meaning.
void add_tokenizer(gguf::Metadata& metadata) {
  std::vector<Value> tokens;
  for (int i = 0; i < 256; ++i) tokens.push_back(Value::text(fmt::format("t{}", i)));
  metadata["tokenizer.ggml.model"] = Value::text("gpt2");
  metadata["tokenizer.ggml.pre"] = Value::text("gpt-2");
  metadata["tokenizer.ggml.tokens"] = Value::array(ValueType::String, tokens);
  metadata["tokenizer.ggml.merges"] = Value::array(ValueType::String, {});
  metadata["tokenizer.ggml.eos_token_id"] = Value::u32(2);
}

/// What llama.cpp's converter writes of these configs.
gguf::Metadata metadata_of(const json::object& config, std::string_view architecture) {
  gguf::Metadata metadata;
  const auto put = [&](const char* key, const char* name, bool real = false) {
    const json::value* value = config.if_contains(name);
    if (!value || value->is_null()) return;
    const double number = value->to_number<double>();
    metadata[fmt::format("{}.{}", architecture, key)] =
        real ? Value::f32(static_cast<float>(number))
             : Value::u32(static_cast<std::uint32_t>(number));
  };
  metadata["general.architecture"] = Value::text(std::string(architecture));
  put("block_count", "num_hidden_layers");
  put("embedding_length", "hidden_size");
  put("feed_forward_length", "intermediate_size");
  put("context_length", "max_position_embeddings");
  put("attention.head_count", "num_attention_heads");
  put("attention.head_count_kv", "num_key_value_heads");
  put("attention.key_length", "head_dim");
  put("attention.value_length", "head_dim");
  put("attention.layer_norm_rms_epsilon", "rms_norm_eps", true);
  put("rope.freq_base", "rope_theta", true);
  put("attention.sliding_window", "sliding_window");
  put("attention.sliding_window_pattern", "sliding_window_pattern");
  put("attn_logit_softcapping", "attn_logit_softcapping", true);
  put("final_logit_softcapping", "final_logit_softcapping", true);
  if (const json::value* scaling = config.if_contains("rope_scaling");
      scaling && scaling->is_object()) {
    const std::string prefix = std::string(architecture) + ".rope.scaling.";
    metadata[prefix + "type"] = Value::text("linear");
    metadata[prefix + "factor"] =
        Value::f32(static_cast<float>(scaling->at("factor").to_number<double>()));
  }
  add_tokenizer(metadata);
  return metadata;
}

/// A golden case as a GGUF file, its matrices of one kind.
std::string gguf_of(const Golden& golden, const json::object& config, std::string_view architecture,
                    TensorType matrices) {
  const gguf::Family& family = **gguf::find_family(architecture);
  std::vector<gguf::testing::Stored> tensors;
  for (const auto& tensor : models::testing::hash_tensors(golden)) {
    EXPECT_EQ(tensor.dtype, "F32");
    std::vector<float> numbers(tensor.bytes.size() / sizeof(float));
    std::memcpy(numbers.data(), tensor.bytes.data(), tensor.bytes.size());
    const auto rows = static_cast<std::size_t>(tensor.shape[0]);
    const char* heads = tensor.name.contains(".q_proj.")   ? "num_attention_heads"
                        : tensor.name.contains(".k_proj.") ? "num_key_value_heads"
                                                           : nullptr;
    if (architecture == "llama" && heads)
      numbers = paired(numbers, rows, static_cast<std::size_t>(config.at(heads).as_int64()));
    if (architecture.starts_with("gemma") && tensor.name.ends_with("norm.weight"))
      for (float& number : numbers) number += 1.0F;
    tensors.push_back(gguf::testing::stored(gguf::gguf_name(family, tensor.name),
                                            tensor.shape.size() > 1 ? matrices : TensorType::F32,
                                            {tensor.shape.begin(), tensor.shape.end()}, numbers));
  }
  return gguf::testing::file_bytes(metadata_of(config, architecture), tensors);
}

struct Case {
  const char* golden;
  const char* architecture;
};

/// The golden case's config, with what GGUF cannot say set to what it means.
json::object config_of(const Golden& golden) {
  json::object config =
      json::parse(models::testing::file_text(golden.folder / "config.json")).as_object();
  if (config.contains("query_pre_attn_scalar"))
    config["query_pre_attn_scalar"] = config.at("head_dim");
  return config;
}

class FromGguf : public testing::TestWithParam<Case> {};

TEST_P(FromGguf, GivesTheSameLogits) {
  const auto& [name, architecture] = GetParam();
  const Golden golden = models::testing::read_golden(name);
  const json::object config = config_of(golden);
  const TemporaryFolder folder;
  models::testing::write_checkpoint(folder, golden);
  folder.write("config.json", json::serialize(config));
  const auto file =
      folder.write("tiny.gguf", gguf_of(golden, config, architecture, TensorType::F32));
  Options options{.source = file, .target = folder.path() / "made"};
  options.bits = 16;
  const auto done = convert_to(options);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(done->dropped.empty());
  expect_close(logits_of(options.target, golden.ids), logits_of(folder.path(), golden.ids), 1e-4F);
}

INSTANTIATE_TEST_SUITE_P(
    Families, FromGguf,
    testing::Values(Case{"llama/plain", "llama"}, Case{"llama/biases", "llama"},
                    Case{"llama/tied", "llama"}, Case{"llama/wide_heads", "llama"},
                    Case{"llama/linear_rope", "llama"}, Case{"mistral/window", "llama"},
                    Case{"qwen2/plain", "qwen2"}, Case{"qwen3/plain", "qwen3"},
                    Case{"gemma/plain", "gemma"}, Case{"gemma2/plain", "gemma2"},
                    Case{"gemma3_text/plain", "gemma3"}, Case{"gemma3_text/linear_rope", "gemma3"}),
    [](const auto& info) {
      std::string name = info.param.golden;
      std::ranges::replace(name, '/', '_');
      return name;
    });

/// A llama whose matrices are of one kind, as a file.
fs::path llama_file(const TemporaryFolder& folder, const Golden& golden, TensorType kind) {
  return folder.write("tiny.gguf", gguf_of(golden, config_of(golden), "llama", kind));
}

class KeptBlocks : public testing::TestWithParam<TensorType> {};

TEST_P(KeptBlocks, HoldTheSameNumbers) {
  const Golden golden = models::testing::read_golden("llama/plain");
  const TemporaryFolder folder;
  Options options{.source = llama_file(folder, golden, GetParam()),
                  .target = folder.path() / "kept"};
  options.dtype = "float32";  // of which scales of 16 bits are a part
  const auto kept = convert_to(options);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->packed, 0U);
  EXPECT_EQ(kept->kept, 3U * 7 + 2);
  const auto config = read_json_object(options.target / "config.json");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->at("quantization").at("group_size"), 32);
  EXPECT_EQ(config->at("quantization").at("bits"), GetParam() == TensorType::Q8_0 ? 8 : 4);

  Options plain = options;
  plain.target = folder.path() / "plain";
  plain.dequantize = true;
  const auto unpacked = convert_to(plain);
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  // Unpacked again, since products with packed weights round their other side.
  Options again = plain;
  again.source = options.target;
  again.target = folder.path() / "again";
  const auto back = convert_to(again);
  ASSERT_TRUE(back) << back.error().message;
  expect_close(logits_of(again.target, golden.ids), logits_of(plain.target, golden.ids), 1e-4F);
}

INSTANTIATE_TEST_SUITE_P(Kinds, KeptBlocks, testing::Values(TensorType::Q8_0, TensorType::Q4_0),
                         [](const auto& info) {
                           return std::string(gguf::facts_of(info.param).name);
                         });

TEST(FromGgufFile, PacksAsAsked) {
  const Golden golden = models::testing::read_golden("llama/plain");
  const TemporaryFolder folder;
  Options options{.source = llama_file(folder, golden, TensorType::Q8_0),
                  .target = folder.path() / "made"};
  options.bits = 6;
  const auto done = convert_to(options);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->kept, 0U);
  EXPECT_EQ(done->packed, 3U * 7 + 2);
  EXPECT_EQ(done->how, "6 bits in groups of 64");
  EXPECT_TRUE(models::load_model(options.target));
}

TEST(FromGgufFile, EightBitsAreWithinTheirError) {
  const Golden golden = models::testing::read_golden("llama/plain");
  const TemporaryFolder folder;
  models::testing::write_checkpoint(folder, golden);
  Options options{.source = llama_file(folder, golden, TensorType::Q8_0),
                  .target = folder.path() / "made"};
  options.dequantize = true;
  const auto done = convert_to(options);
  ASSERT_TRUE(done) << done.error().message;
  expect_close(logits_of(options.target, golden.ids), logits_of(folder.path(), golden.ids), 0.05F);
}

TEST(FromGgufFile, TellsWhatItCannotConvert) {
  const TemporaryFolder folder;
  const auto fault = [&](const fs::path& source) {
    const auto done = convert_to({.source = source, .target = folder.path() / "made"});
    EXPECT_FALSE(done);
    return done ? std::string() : done.error().message;
  };
  EXPECT_EQ(fault(folder.path() / "none.gguf"),
            "convert none.gguf: none.gguf: there is no such file");
  gguf::Metadata metadata;
  metadata["general.architecture"] = Value::text("mamba");
  EXPECT_TRUE(fault(folder.write("m.gguf", gguf::testing::file_bytes(metadata, {})))
                  .starts_with("convert m.gguf: m.gguf: metadata \"general.architecture\" is "
                               "\"mamba\", which cannot be converted"));
  const Golden golden = models::testing::read_golden("llama/plain");
  metadata = metadata_of(config_of(golden), "llama");
  const auto strange = gguf::testing::file_bytes(
      metadata, {gguf::testing::stored("token_embd.weight", TensorType::F32, {256, 64},
                                       std::vector<float>(256 * 64)),
                 gguf::testing::stored("blk.0.strange.weight", TensorType::F32, {1}, {1.0F})});
  EXPECT_EQ(fault(folder.write("s.gguf", strange)),
            "convert s.gguf: tensor \"blk.0.strange.weight\" is not known of the architecture "
            "llama");
}

TEST(FromGgufFile, APublishedOneTellsTheSameStory) {
  const fs::path stories = text::testing::shared_folder() / "stories260K";
  SKIP_WITHOUT(stories);
  const TemporaryFolder folder;
  Options options{.source = stories / "stories260K.gguf", .target = folder.path() / "made"};
  options.bits = 16;
  const auto done = convert_to(options);
  ASSERT_TRUE(done) << done.error().message;
  const auto made = text::testing::load_tokenizer(options.target);
  const auto ids = made->encode("Once upon a time, there was a little girl named Lily.",
                                text::AddSpecialTokens::Yes)
                       .value();
  const std::vector<std::int32_t> signed_ids(ids.begin(), ids.end());
  expect_close(logits_of(options.target, signed_ids), logits_of(stories / "hf-f32", signed_ids),
               1e-4F);
}

}  // namespace
}  // namespace hearth::convert
