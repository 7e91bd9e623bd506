// Whatever a config.json says, the library only looks at it.
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/testing/mutations.h"
#include "services/library/memory_need.h"
#include "services/library/model_kind.h"

namespace hearth::services {
namespace {

constexpr std::string_view kConfig =
    R"({"model_type":"gemma3","architectures":["Gemma3ForCausalLM"],"text_config":)"
    R"({"num_hidden_layers":26,"num_attention_heads":4,"num_key_value_heads":1,"head_dim":256,)"
    R"("hidden_size":1152,"max_position_embeddings":32768,"sliding_window":512,)"
    R"("layer_types":["sliding_attention","full_attention"],"kv_lora_rank":64,)"
    R"("qk_rope_head_dim":16,"vocab_size":262144},"vision_config":{"hidden_size":1152},)"
    R"("quantization":{"group_size":64,"bits":4,"mode":"affine"}})";

TEST(LibraryConfig, SurvivesMutations) {
  std::mt19937 random(20261122);
  int accepted = 0;
  for (int round = 0; round < 5'000; ++round) {
    const auto parsed = base::parse_json(base::testing::damaged_json(kConfig, random));
    if (!parsed || !parsed->is_object()) continue;
    ++accepted;
    const json::object& config = parsed->get_object();
    const MemoryNeed need = memory_need(config);
    EXPECT_FALSE(describe(fit(need, std::uint64_t{8} << 30U)).empty());
    EXPECT_FALSE(model_kind(config, false, "org/name").empty());
    packing_fault(config);
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace hearth::services
