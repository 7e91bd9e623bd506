// Keys and values from shapes, and what fits. Expected numbers are worked out by hand.
#include "services/library/memory_need.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/testing/sizes.h"

namespace hearth::services {
namespace {

using ::testing::HasSubstr;
using testing::kMib;

MemoryNeed need_of(std::string_view config) {
  return memory_need(json::parse(config).as_object());
}

TEST(MemoryNeed, GroupedHeadsInEveryLayer) {
  // Qwen3-0.6B: 28 layers, 8 key heads of 128: 2 * 28 * 8 * 128 * 2 bytes.
  const auto need = need_of(R"({"num_hidden_layers":28,"num_attention_heads":16,
      "num_key_value_heads":8,"head_dim":128,"hidden_size":1024,"max_position_embeddings":40960})");
  EXPECT_EQ(need.kv_bytes_per_token, 114'688U);
  EXPECT_EQ(need.context_length, 40'960U);
  EXPECT_EQ(need.kv_window_bytes, 0U);
}

TEST(MemoryNeed, WithoutHeadWidthAndKeyHeads) {
  // GPT-2: 12 layers, 12 heads of 768 / 12.
  EXPECT_EQ(need_of(R"({"n_layer":12,"n_head":12,"n_embd":768})").kv_bytes_per_token,
            2U * 12 * 768 * 2);
}

TEST(MemoryNeed, SlidingLayersKeepTheirWindow) {
  const auto need = need_of(R"({"text_config":{"num_hidden_layers":3,"num_attention_heads":2,
      "num_key_value_heads":1,"head_dim":64,"hidden_size":128,"sliding_window":512,
      "layer_types":["sliding_attention","sliding_attention","full_attention"]}})");
  EXPECT_EQ(need.kv_bytes_per_token, 2U * 64 * 2);
  EXPECT_EQ(need.kv_window_bytes, 2U * 512 * (2 * 64 * 2));
}

TEST(MemoryNeed, LatentAttentionKeepsOneVector) {
  // DeepSeek-V3: 61 layers of 512 + 64.
  EXPECT_EQ(need_of(R"({"num_hidden_layers":61,"num_attention_heads":128,"kv_lora_rank":512,
      "qk_rope_head_dim":64,"hidden_size":7168})")
                .kv_bytes_per_token,
            61U * (512 + 64) * 2);
}

TEST(MemoryNeed, HybridsCountTheLayersThatAttend) {
  EXPECT_EQ(need_of(R"({"num_hidden_layers":48,"num_attention_heads":16,"num_key_value_heads":2,
      "head_dim":256,"hidden_size":2048,"full_attention_interval":4})")
                .kv_bytes_per_token,
            12U * 2 * 2 * 256 * 2);
}

TEST(MemoryNeed, NonsenseCountsAsNothing) {
  const auto need = need_of(R"({"num_hidden_layers":-5,"num_attention_heads":"x","head_dim":[1]})");
  EXPECT_EQ(need.kv_bytes_per_token, 0U);
}

/// 100 MiB that are always needed, 1 MiB for each token, 1,000 to 10,000 tokens of context.
MemoryNeed simple(std::uint32_t context) {
  return {.weight_bytes = 100 * kMib, .kv_bytes_per_token = kMib, .context_length = context};
}

TEST(Fit, EveryVerdictHasItsNumbers) {
  const Fit whole = fit(simple(4096), 5000 * kMib);
  EXPECT_EQ(whole.verdict, Fit::Verdict::Fits);
  EXPECT_EQ(whole.need_bytes, 4196 * kMib);

  // 8 bits with their scales are 8.5 of 16: 3,900 MiB hold 7,341 tokens.
  const Fit packed = fit(simple(7000), 4000 * kMib);
  EXPECT_EQ(packed.verdict, Fit::Verdict::FitsPacked);
  EXPECT_EQ(packed.context, 3900U);

  const Fit shorter = fit(simple(10'000), 2100 * kMib);
  EXPECT_EQ(shorter.verdict, Fit::Verdict::FitsShorter);
  EXPECT_EQ(shorter.context, 2000U);
  EXPECT_EQ(shorter.packed_context, 3764U);
  EXPECT_THAT(describe(shorter), HasSubstr("2000 tokens, or 3764"));

  EXPECT_EQ(fit(simple(4096), 300 * kMib).verdict, Fit::Verdict::DoesNotFit)
      << "a context of 376 tokens serves nobody";
  EXPECT_EQ(fit(simple(4096), 50 * kMib).verdict, Fit::Verdict::DoesNotFit);
}

}  // namespace
}  // namespace hearth::services
