// Tensor names, from checkpoints to layers.
#include "models/names.h"

#include <gtest/gtest.h>

namespace hearth::models {
namespace {

TEST(Names, WrappersOfALanguageModelAreTakenOff) {
  const Family plain{.model_types = {"plain"}};
  EXPECT_EQ(canonical_name(plain, "model.norm.weight"), "model.norm.weight");
  EXPECT_EQ(canonical_name(plain, "model.language_model.norm.weight"), "model.norm.weight");
  EXPECT_EQ(canonical_name(plain, "language_model.model.norm.weight"), "model.norm.weight");
  EXPECT_EQ(canonical_name(plain, "language_model.lm_head.weight"), "lm_head.weight");
}

TEST(Names, AFamilysRowsApplyInTheirOrder) {
  const Family family{.model_types = {"x"},
                      .names = {{"^h.", "model.layers."}, {".attn.", ".self_attn."}}};
  EXPECT_EQ(canonical_name(family, "h.0.attn.bias"), "model.layers.0.self_attn.bias");
  EXPECT_EQ(canonical_name(family, "with.0.attn.bias"), "with.0.self_attn.bias");
}

TEST(Names, OnlyANestedConfigHasOtherTowers) {
  for (const char* path : {"vision_tower.x", "model.vision_tower.x", "multi_modal_projector.y"}) {
    EXPECT_TRUE(is_superfluous(path, false, /*nested=*/true)) << path;
    EXPECT_FALSE(is_superfluous(path, false, /*nested=*/false)) << path;
  }
  EXPECT_TRUE(is_superfluous("model.layers.0.self_attn.rotary_emb.inv_freq", false, false));
  EXPECT_TRUE(is_superfluous("lm_head.weight", /*tied_head=*/true, false));
  EXPECT_FALSE(is_superfluous("lm_head.weight", /*tied_head=*/false, false));
}

}  // namespace
}  // namespace hearth::models
