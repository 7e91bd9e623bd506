// Which files are wanted.
#include "hub/patterns.h"

#include <gtest/gtest.h>

namespace hearth::hub {
namespace {

TEST(Patterns, ByDefaultWhatAModelNeeds) {
  const Patterns patterns;
  for (const auto* path :
       {"config.json", "model-00001-of-00002.safetensors", "tokenizer.model", "chat_template.jinja",
        "merges.txt", "README.md", "LICENSE", "1_Pooling/config.json"})
    EXPECT_TRUE(patterns.wants(path)) << path;
  for (const auto* path : {"pytorch_model.bin", "modeling_x.py", ".gitattributes", "model.gguf"})
    EXPECT_FALSE(patterns.wants(path)) << path;
}

TEST(Patterns, IncludeReplacesAndExcludeTakesAway) {
  const Patterns patterns{.include = {"*.bin", "sub/", "m[!0-9].txt"}, .exclude = {"*/skip*"}};
  EXPECT_TRUE(patterns.wants("a.bin"));
  EXPECT_TRUE(patterns.wants("deep/a.bin"));
  EXPECT_TRUE(patterns.wants("sub/anything"));
  EXPECT_TRUE(patterns.wants("mx.txt"));
  EXPECT_FALSE(patterns.wants("m1.txt"));
  EXPECT_FALSE(patterns.wants("config.json"));
  EXPECT_FALSE(patterns.wants("sub/skipped"));
}

TEST(Patterns, NeverPython) {
  EXPECT_FALSE((Patterns{.include = {"*"}, .exclude = {}}.wants("configuration.py")));
}

}  // namespace
}  // namespace hearth::hub
