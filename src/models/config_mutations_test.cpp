// Damaged configs: an error that names the file, or a config that is sound.
#include <gtest/gtest.h>

#include "base/testing/mutations.h"
#include "models/config.h"

namespace hearth::models {
namespace {

constexpr std::string_view kConfig =
    R"({"model_type":"gemma3","text_config":{"model_type":"gemma3_text","num_hidden_layers":4,)"
    R"("num_attention_heads":4,"num_key_value_heads":2,"head_dim":32,"hidden_size":64,)"
    R"("intermediate_size":128,"vocab_size":256,"max_position_embeddings":4096,"sliding_window":8,)"
    R"("rms_norm_eps":1e-06,"rope_theta":10000.0,"rope_scaling":{"rope_type":"linear","factor":8},)"
    R"("layer_types":["sliding_attention","full_attention","sliding_attention","full_attention"],)"
    R"("query_pre_attn_scalar":32},"torch_dtype":"bfloat16","eos_token_id":[1,106],)"
    R"("tie_word_embeddings":true,"quantization":{"group_size":64,"bits":4,"mode":"affine",)"
    R"("model.embed_tokens":{"group_size":32,"bits":8}}})";

TEST(Config, SurvivesMutations) {
  ASSERT_TRUE(parse_config(kConfig, ""));
  std::mt19937 random(20261122);
  int accepted = 0;
  for (int round = 0; round < 5'000; ++round) {
    const auto config = parse_config(base::testing::damaged_json(kConfig, random), "");
    if (!config) {
      EXPECT_TRUE(config.error().message.contains("config.json")) << config.error().message;
      continue;
    }
    ++accepted;
    EXPECT_GT(config->heads, 0);
    EXPECT_GT(config->layers, 0);
    EXPECT_EQ(config->heads % config->kv_heads, 0);
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace hearth::models
