// Configs out of metadata, by hand; and whole files that somebody damaged.
#include "gguf/config_json.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

#include "gguf/keys.h"
#include "gguf/testing/files.h"
#include "gguf/tokenizer_json.h"

namespace hearth::gguf {
namespace {

using ::testing::HasSubstr;

Metadata sizes(const std::string& a) {
  Metadata metadata;
  metadata["general.architecture"] = Value::text(a);
  metadata[a + ".block_count"] = Value::u32(2);
  metadata[a + ".embedding_length"] = Value::u32(64);
  metadata[a + ".feed_forward_length"] = Value::u32(128);
  metadata[a + ".context_length"] = Value::u32(4096);
  metadata[a + ".attention.head_count"] = Value::u32(4);
  metadata[a + ".attention.head_count_kv"] = Value::u32(2);
  metadata[a + ".attention.layer_norm_rms_epsilon"] = Value::f32(1e-5F);
  metadata["tokenizer.ggml.eos_token_id"] = Value::u32(2);
  metadata["tokenizer.ggml.padding_token_id"] = Value::u32(UINT32_MAX);
  return metadata;
}

TensorTable embedding(TensorType type = TensorType::F16) {
  return {{"token_embd.weight", {.type = type, .shape = {100, 64}}}};
}

Result<ConfigFiles> files_of(const Metadata& metadata, const std::vector<float>& factors = {}) {
  const auto* family = TRY(find_family(metadata));
  return config_files(*family, metadata, embedding(), factors);
}

json::object config_of(const Metadata& metadata, const std::vector<float>& factors = {}) {
  const auto files = files_of(metadata, factors);
  EXPECT_TRUE(files) << files.error().message;
  return files ? files->config : json::object();
}

TEST(GgufConfig, OfALlama) {
  const auto files = files_of(sizes("llama"));
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(json::serialize(files->config),
            R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":100,)"
            R"("hidden_size":64,"intermediate_size":128,"num_hidden_layers":2,)"
            R"("num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,)"
            R"("max_position_embeddings":4096,"rms_norm_eps":1E-5,"tie_word_embeddings":true,)"
            R"("hidden_act":"silu","attention_bias":false,"mlp_bias":false,"rope_theta":1E4,)"
            R"("eos_token_id":2,"torch_dtype":"float16"})");
  EXPECT_EQ(json::serialize(files->generation), R"({"eos_token_id":2})");
}

TEST(GgufConfig, SeveralEndsAndAWindow) {
  Metadata metadata = sizes("llama");
  metadata["tokenizer.ggml.eot_token_id"] = Value::u32(7);
  metadata["llama.attention.sliding_window"] = Value::u32(512);
  const auto files = files_of(metadata);
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->generation.at("eos_token_id"), (json::array{2, 7}));
  EXPECT_EQ(files->config.at("model_type"), "mistral");
  EXPECT_EQ(files->config.at("sliding_window"), 512);
}

/// Llama 3.1's factors of 8 for heads of 16 with a theta of 500000, as its config defines them.
std::vector<float> llama3_factors() {
  std::vector<float> factors;
  for (int i = 0; i < 8; ++i) {
    const double length = 2 * 3.14159265358979 * std::pow(500000.0, i / 8.0);
    const double smooth = (8192 / length - 1) / (4 - 1);
    if (length < 8192.0 / 4)
      factors.push_back(1.0F);
    else if (length > 8192.0)
      factors.push_back(8.0F);
    else
      factors.push_back(static_cast<float>(1 / ((1 - smooth) / 8 + smooth)));
  }
  return factors;
}

TEST(GgufConfig, RopeFactorsAreLlama3sOrAList) {
  Metadata metadata = sizes("llama");
  metadata["llama.rope.freq_base"] = Value::f32(500000.0F);
  std::vector<float> factors = llama3_factors();
  EXPECT_EQ(config_of(metadata, factors).at("rope_scaling"),
            (json::object{{"rope_type", "llama3"},
                          {"factor", 8.0},
                          {"low_freq_factor", 1.0},
                          {"high_freq_factor", 4.0},
                          {"original_max_position_embeddings", 8192}}));
  factors[1] = 1.5F;
  const json::object config = config_of(metadata, factors);
  EXPECT_EQ(config.at("rope_scaling").at("rope_type"), "longrope");
  EXPECT_EQ(config.at("rope_scaling").at("short_factor").at(1), 1.5);
  EXPECT_EQ(config.at("rope_scaling").at("attention_factor"), 1.0);
  factors.pop_back();
  EXPECT_THAT(files_of(metadata, factors).error().message, HasSubstr("does not hold 8 factors"));
}

TEST(GgufConfig, OfGemmas) {
  Metadata metadata = sizes("gemma3");
  metadata["gemma3.attention.key_length"] = Value::u32(32);
  metadata["gemma3.attention.value_length"] = Value::u32(32);
  metadata["gemma3.attention.sliding_window"] = Value::u32(512);
  metadata["gemma3.rope.freq_base"] = Value::f32(1e6F);
  metadata["gemma3.rope.scaling.type"] = Value::text("linear");
  metadata["gemma3.rope.scaling.factor"] = Value::f32(8.0F);
  const json::object config = config_of(metadata);
  EXPECT_EQ(config.at("model_type"), "gemma3_text");
  EXPECT_EQ(config.at("query_pre_attn_scalar"), 32);
  EXPECT_EQ(config.at("sliding_window"), 512);
  EXPECT_EQ(config.at("sliding_window_pattern"), 6);
  EXPECT_EQ(config.at("rope_local_base_freq"), 10000.0);
  EXPECT_EQ(config.at("rope_scaling"), (json::object{{"rope_type", "linear"}, {"factor", 8.0}}));
  EXPECT_EQ(config.at("torch_dtype"), "bfloat16");  // its activations leave half precision

  Metadata second = sizes("gemma2");
  second["gemma2.block_count"] = Value::u32(46);
  second["gemma2.attention.key_length"] = Value::u32(8);
  second["gemma2.attention.value_length"] = Value::u32(8);
  second["gemma2.attention.sliding_window"] = Value::u32(4096);
  second["gemma2.final_logit_softcapping"] = Value::f32(30.0F);
  const json::object largest = config_of(second);
  EXPECT_EQ(largest.at("query_pre_attn_scalar"), 64 / 4);
  EXPECT_EQ(largest.at("attn_logit_softcapping"), 50.0);
}

/// A file's table of tensors with one layer of experts.
TensorTable with_experts(std::int32_t experts) {
  TensorTable tensors = embedding();
  tensors["blk.0.ffn_gate_exps.weight"] = {.type = TensorType::F16, .shape = {experts, 32, 64}};
  return tensors;
}

TEST(GgufConfig, OfExperts) {
  Metadata metadata = sizes("llama");
  metadata["llama.expert_count"] = Value::u32(8);
  metadata["llama.expert_used_count"] = Value::u32(2);
  metadata["llama.attention.sliding_window"] = Value::u32(512);
  const Family& mixtral = **find_family(metadata);
  const auto files = config_files(mixtral, metadata, with_experts(8), {});
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->config.at("model_type"), "mixtral");
  EXPECT_EQ(files->config.at("num_local_experts"), 8);
  EXPECT_EQ(files->config.at("num_experts_per_tok"), 2);
  EXPECT_EQ(files->config.at("intermediate_size"), 128);
  EXPECT_EQ(files->config.at("sliding_window"), 512);
  EXPECT_THAT(config_files(mixtral, metadata, with_experts(7), {}).error().message,
              HasSubstr("does not hold 8 experts"));
  EXPECT_THAT(config_files(mixtral, metadata, embedding(), {}).error().message,
              HasSubstr("ffn_gate_exps.weight\" is missing"));

  Metadata second = sizes("qwen3moe");
  second["qwen3moe.expert_count"] = Value::u32(16);
  second["qwen3moe.expert_used_count"] = Value::u32(4);
  const auto small = config_files(**find_family(second), second, with_experts(16), {});
  ASSERT_TRUE(small) << small.error().message;
  EXPECT_EQ(small->config.at("model_type"), "qwen3_moe");
  EXPECT_EQ(small->config.at("num_experts"), 16);
  EXPECT_EQ(small->config.at("moe_intermediate_size"), 32);
  EXPECT_EQ(small->config.at("norm_topk_prob"), true);
  second["qwen3moe.expert_used_count"] = Value::u32(17);
  EXPECT_FALSE(config_files(**find_family(second), second, with_experts(16), {}));
}

TEST(GgufConfig, WindowsByLayer) {
  Metadata metadata = sizes("gemma3");
  EXPECT_EQ(config_of(metadata).at("sliding_window_pattern"), 1);  // none
  metadata["gemma3.attention.sliding_window"] = Value::u32(512);
  const std::string key = "gemma3.attention.sliding_window_pattern";
  metadata[key] = Value::u32(4);
  EXPECT_EQ(config_of(metadata).at("sliding_window_pattern"), 4);
  const auto list = [](const std::vector<bool>& flags) {
    std::vector<Value> items;
    items.reserve(flags.size());
    for (const bool flag : flags) items.push_back(Value::boolean(flag));
    return Value::array(ValueType::Bool, std::move(items));
  };
  metadata[key] = list({true, false});
  EXPECT_EQ(config_of(metadata).at("layer_types"),
            (json::array{"sliding_attention", "full_attention"}));
  metadata[key] = list({true});
  EXPECT_THAT(files_of(metadata).error().message, HasSubstr("has 1 entries for 2 layers"));
}

TEST(GgufConfig, EndsByTheirNames) {
  Metadata metadata = sizes("gemma2");
  metadata["gemma2.attention.sliding_window"] = Value::u32(512);
  const std::vector<Value> texts{Value::text("<pad>"), Value::text("<eos>"), Value::text("<bos>"),
                                 Value::text("<end_of_turn>"), Value::text("<|im_end|>")};
  const std::vector<Value> kinds{Value::i32(3), Value::i32(3), Value::i32(3), Value::i32(3),
                                 Value::i32(1)};
  metadata["tokenizer.ggml.tokens"] = Value::array(ValueType::String, texts);
  metadata["tokenizer.ggml.token_type"] = Value::array(ValueType::I32, kinds);
  metadata["tokenizer.ggml.eos_token_id"] = Value::u32(1);
  const auto files = files_of(metadata);
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->generation.at("eos_token_id"), (json::array{1, 3}));  // 4 is no control token
  metadata["tokenizer.ggml.eot_token_id"] = Value::u32(3);
  EXPECT_EQ(files_of(metadata)->generation.at("eos_token_id"), (json::array{1, 3}));
}

TEST(GgufConfig, NamesWhatIsWrong) {
  EXPECT_THAT(
      find_family("mamba", false).error().message,
      HasSubstr("\"mamba\", which cannot be converted (supported: llama, llama with experts, "
                "qwen2, qwen3, qwen3moe with experts, gemma"));
  EXPECT_THAT(find_family("gemma", true).error().message, HasSubstr("\"gemma\" with experts"));
  const auto fault = [](const std::string& key, const std::optional<Value>& value) {
    Metadata metadata = sizes("llama");
    metadata.erase("llama." + key);
    if (value) metadata["llama." + key] = *value;
    const auto files = files_of(metadata);
    EXPECT_FALSE(files) << key;
    return files ? std::string() : files.error().message;
  };
  EXPECT_EQ(fault("block_count", {}), "metadata \"llama.block_count\" is missing");
  EXPECT_EQ(fault("block_count", Value::text("x")),
            "metadata \"llama.block_count\" must be a whole number, not string");
  EXPECT_THAT(fault("block_count", Value::u32(0)), HasSubstr("is 0 (possible: 1 to 4096)"));
  EXPECT_THAT(fault("expert_count", Value::u32(8)), HasSubstr("expert_used_count\" is missing"));
  EXPECT_THAT(fault("rope.scaling.type", Value::text("foo")), HasSubstr("is missing"));
  EXPECT_THAT(fault("attention.value_length", Value::u32(8)), HasSubstr("differs from key_length"));
}

TEST(GgufFamily, TranslatesNames) {
  const Family& gemma = **find_family("gemma3", false);
  const Family& llama = **find_family("llama", false);
  EXPECT_EQ(mlx_name(llama, "blk.10.ffn_norm.weight"),
            "model.layers.10.post_attention_layernorm.weight");
  EXPECT_EQ(mlx_name(gemma, "blk.10.ffn_norm.weight"),
            "model.layers.10.pre_feedforward_layernorm.weight");
  EXPECT_EQ(mlx_name(gemma, "blk.0.attn_k_norm.weight"), "model.layers.0.self_attn.k_norm.weight");
  EXPECT_EQ(mlx_name(llama, "blk.0.attn_q.bias"), "model.layers.0.self_attn.q_proj.bias");
  EXPECT_EQ(mlx_name(llama, "output.weight"), "lm_head.weight");
  EXPECT_EQ(gguf_name(llama, "model.norm.weight"), "output_norm.weight");
  EXPECT_EQ(gguf_name(gemma, "model.layers.3.post_feedforward_layernorm.weight"),
            "blk.3.post_ffw_norm.weight");
  const Family& mixtral = **find_family("llama", true);
  EXPECT_EQ(mlx_name(mixtral, "blk.1.ffn_down_exps.weight"),
            "model.layers.1.block_sparse_moe.switch_mlp.down_proj.weight");
  EXPECT_EQ(mlx_name(mixtral, "blk.1.ffn_down.weight"), "");
  EXPECT_EQ(mlx_name(llama, "blk.1.ffn_down_exps.weight"), "");
  const Family& qwen = **find_family("qwen3moe", true);
  EXPECT_EQ(gguf_name(qwen, "model.layers.1.mlp.gate.weight"), "blk.1.ffn_gate_inp.weight");
  EXPECT_EQ(gguf_name(qwen, "model.layers.1.mlp.switch_mlp.up_proj.weight"),
            "blk.1.ffn_up_exps.weight");
  EXPECT_EQ(gguf_name(qwen, "model.layers.1.mlp.up_proj.weight"), "");
  for (const char* name : {"blk.x.attn_q.weight", "blk.0.attn_q.other", "blk.0.weight", "blk.0.",
                           "weight", "", "blk.0.post_ffw_norm.weight"})
    EXPECT_EQ(mlx_name(llama, name), "") << name;
}

TEST(GgufConfig, SurvivesMutations) {
  Metadata metadata = sizes("gemma3");
  metadata["gemma3.attention.sliding_window"] = Value::u32(8);
  metadata["tokenizer.ggml.model"] = Value::text("llama");
  const std::vector<Value> tokens{Value::text("<s>"), Value::text("a"), Value::text("aa")};
  metadata["tokenizer.ggml.tokens"] = Value::array(ValueType::String, tokens);
  metadata["tokenizer.ggml.token_type"] =
      Value::array(ValueType::I32, {Value::i32(3), Value::i32(1), Value::i32(1)});
  metadata["tokenizer.ggml.scores"] =
      Value::array(ValueType::F32, {Value::f32(0), Value::f32(-2), Value::f32(-1)});
  const std::string sound = testing::file_bytes(
      metadata,
      {testing::stored("token_embd.weight", TensorType::F32, {3, 2}, {1, 2, 3, 4, 5, 6})});
  std::mt19937 random(20261122);
  int accepted = 0;
  for (int round = 0; round < 10'000; ++round) {
    std::string bytes = sound;
    for (std::size_t i = 0; i < 1 + random() % 3; ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto header = read_header(bytes.size(), testing::reading(bytes));
    if (!header) continue;
    const auto family = find_family(header->metadata);
    if (!family) continue;
    const auto files = config_files(**family, header->metadata, header->tensors, {});
    const auto tokenizer = tokenizer_files(header->metadata);
    if (files && tokenizer) ++accepted;
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace hearth::gguf
