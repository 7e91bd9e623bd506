// Conversions from GGUF: the same logits as the models that the files were made of.
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <regex>

#include "convert/model_files.h"
#include "convert/testing/conversions.h"
#include "gguf/family.h"
#include "gguf/testing/files.h"
#include "text/test_data.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;
using gguf::TensorType;
using gguf::Value;
using gguf::ValueType;
using models::testing::Golden;
using models::testing::TemporaryFolder;
using testing::convert_to;
using testing::expect_close;
using testing::logits_of;

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
  tokens.reserve(256);
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
  put("expert_count", "num_local_experts");
  put("expert_count", "num_experts");
  put("expert_used_count", "num_experts_per_tok");
  put("expert_feed_forward_length", "moe_intermediate_size");
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

/// Experts of one kind in one layer, one after another.
struct Stack {
  std::vector<std::int32_t> shape;  ///< of one
  std::map<int, std::vector<float>> experts;
};

/// Puts the tensor into the stack it belongs to. @returns whether it is an expert's.
bool is_expert(const models::testing::StoredTensor& tensor, const std::vector<float>& numbers,
               std::map<std::string, Stack>& stacks) {
  static const std::regex kExpert(R"(model\.layers\.(\d+)\.\w+\.experts\.(\d+)\.(\w+)\.weight)");
  static const std::map<std::string, std::string> kParts{
      {"w1", "gate"},        {"w2", "down"},        {"w3", "up"},
      {"gate_proj", "gate"}, {"down_proj", "down"}, {"up_proj", "up"}};
  std::smatch found;
  if (!std::regex_match(tensor.name, found, kExpert)) return false;
  Stack& stack =
      stacks[fmt::format("blk.{}.ffn_{}_exps.weight", found[1].str(), kParts.at(found[3].str()))];
  stack.shape = {tensor.shape.begin(), tensor.shape.end()};
  stack.experts[std::stoi(found[2].str())] = numbers;
  return true;
}

gguf::testing::Stored stacked(const std::string& name, const Stack& stack, TensorType kind) {
  std::vector<std::int32_t> shape = stack.shape;
  shape.insert(shape.begin(), static_cast<std::int32_t>(stack.experts.size()));
  std::vector<float> numbers;
  for (const auto& [expert, own] : stack.experts)
    numbers.insert(numbers.end(), own.begin(), own.end());
  return gguf::testing::stored(name, kind, shape, numbers);
}

/// A golden case as a GGUF file, its matrices of one kind.
std::string gguf_of(const Golden& golden, const json::object& config, std::string_view architecture,
                    TensorType matrices) {
  const gguf::Family& family =
      **gguf::find_family(architecture, config.contains("num_experts_per_tok"));
  std::vector<gguf::testing::Stored> tensors;
  std::map<std::string, Stack> stacks;
  for (const auto& tensor : models::testing::hash_tensors(golden)) {
    EXPECT_EQ(tensor.dtype, "F32");
    std::vector<float> numbers(tensor.bytes.size() / sizeof(float));
    std::memcpy(numbers.data(), tensor.bytes.data(), tensor.bytes.size());
    if (is_expert(tensor, numbers, stacks)) continue;
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
  for (const auto& [name, stack] : stacks) tensors.push_back(stacked(name, stack, matrices));
  return gguf::testing::file_bytes(metadata_of(config, architecture), tensors);
}

struct Case {
  const char* golden;
  const char* architecture;
};

class FromGguf : public ::testing::TestWithParam<Case> {};

TEST_P(FromGguf, GivesTheSameLogits) {
  const auto& [name, architecture] = GetParam();
  const Golden golden = models::testing::read_golden(name);
  const json::object config = testing::gguf_config(golden);
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
    ::testing::Values(Case{"llama/plain", "llama"}, Case{"llama/biases", "llama"},
                      Case{"llama/tied", "llama"}, Case{"llama/wide_heads", "llama"},
                      Case{"llama/linear_rope", "llama"}, Case{"mistral/window", "llama"},
                      Case{"qwen2/plain", "qwen2"}, Case{"qwen3/plain", "qwen3"},
                      Case{"gemma/plain", "gemma"}, Case{"gemma2/plain", "gemma2"},
                      Case{"gemma3_text/plain", "gemma3"},
                      Case{"gemma3_text/linear_rope", "gemma3"}),
    [](const auto& info) { return testing::identifier(info.param.golden); });

/// A llama whose matrices are of one kind, as a file.
fs::path llama_file(const TemporaryFolder& folder, const Golden& golden, TensorType kind) {
  return folder.write("tiny.gguf", gguf_of(golden, testing::gguf_config(golden), "llama", kind));
}

class KeptBlocks : public ::testing::TestWithParam<TensorType> {};

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

  // Unpacked again, since products with packed weights round their other side.
  expect_close(logits_of(testing::unpacked(options.target, folder.path() / "again"), golden.ids),
               logits_of(testing::unpacked(options.source, folder.path() / "plain"), golden.ids),
               1e-4F);
}

INSTANTIATE_TEST_SUITE_P(Kinds, KeptBlocks, ::testing::Values(TensorType::Q8_0, TensorType::Q4_0),
                         [](const auto& info) {
                           return std::string(gguf::facts_of(info.param).name);
                         });

TEST(FromGgufFile, ExpertsKeepTheirBlocks) {
  const Golden golden = models::testing::read_golden("mixtral/plain");
  const json::object config = testing::gguf_config(golden);
  const TemporaryFolder folder;
  Options options{
      .source = folder.write("tiny.gguf", gguf_of(golden, config, "llama", TensorType::Q8_0)),
      .target = folder.path() / "kept"};
  options.dtype = "float32";
  const auto kept = convert_to(options);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->kept, 3U * 8 + 2);  // four of attention, three stacks and the router; outer ones
  const auto made = nn::Checkpoint::open(options.target);
  ASSERT_TRUE(made) << made.error().message;
  const auto codes = made->read("model.layers.0.block_sparse_moe.switch_mlp.up_proj.weight");
  ASSERT_TRUE(codes) << codes.error().message;
  EXPECT_EQ(codes->shape(), (nn::mx::Shape{6, 128, 64 / 4}));
  expect_close(logits_of(testing::unpacked(options.target, folder.path() / "again"), golden.ids),
               logits_of(testing::unpacked(options.source, folder.path() / "plain"), golden.ids),
               1e-4F);
}

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
  metadata = metadata_of(testing::gguf_config(golden), "llama");
  const auto strange = gguf::testing::file_bytes(
      metadata, {gguf::testing::stored("token_embd.weight", TensorType::F32, {256, 64},
                                       std::vector<float>(std::size_t{256} * 64)),
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
