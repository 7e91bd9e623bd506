// From a name to one model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/library/library.h"

namespace hearth::services {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::vector<ModelEntry>& entries() {
  static const std::vector<ModelEntry> all = {
      {.id = "hearth-demo", .aliases = {"demo"}},
      {.id = "Qwen/Qwen3-4B"},
      {.id = "Qwen/Qwen3-0.6B"},
      {.id = "a/twin"},
      {.id = "b/twin"},
      {.id = "mlx-community/Llama-3.2-1B_8bit"},
  };
  return all;
}

std::string found(std::string_view name) {
  const auto entry = resolve_name(entries(), name);
  return entry ? entry->id : "!" + entry.error().message;
}

TEST(ResolveName, TakesAnIdAnAliasAndTheLastPart) {
  EXPECT_EQ(found("Qwen/Qwen3-4B"), "Qwen/Qwen3-4B");
  EXPECT_EQ(found("demo"), "hearth-demo");
  EXPECT_EQ(found("Qwen3-4B"), "Qwen/Qwen3-4B");
}

TEST(ResolveName, IgnoresCaseAndTheTagLatest) {
  EXPECT_EQ(found("qwen/qwen3-4b"), "Qwen/Qwen3-4B");
  EXPECT_EQ(found("DEMO:latest"), "hearth-demo");
  EXPECT_EQ(found("qwen3-4b:latest"), "Qwen/Qwen3-4B");
}

TEST(ResolveName, TakesAUniqueEndAfterASeparator) {
  EXPECT_EQ(found("4b"), "Qwen/Qwen3-4B");
  EXPECT_EQ(found("6B"), "Qwen/Qwen3-0.6B");
  EXPECT_EQ(found("0.6b"), "Qwen/Qwen3-0.6B");
  EXPECT_EQ(found("8bit"), "mlx-community/Llama-3.2-1B_8bit");
  EXPECT_THAT(found("B"), HasSubstr("not on this machine")) << "no separator before it";
}

TEST(ResolveName, AmbiguousNamesAreRefusedWithTheCandidates) {
  const auto entry = resolve_name(entries(), "twin");
  ASSERT_FALSE(entry.has_value());
  EXPECT_EQ(entry.error().code, ErrorCode::ModelNotFound);
  EXPECT_EQ(entry.error().param, "model");
  EXPECT_EQ(entry.error().message,
            "\"twin\" could mean a/twin or b/twin: please write one of them in full");
}

TEST(ResolveName, UnknownNamesAreRefusedWithNearOnes) {
  const auto entry = resolve_name(entries(), "qwen3-4bit");
  ASSERT_FALSE(entry.has_value());
  EXPECT_EQ(entry.error().code, ErrorCode::ModelNotFound);
  EXPECT_EQ(entry.error().param, "model");
  EXPECT_THAT(entry.error().message,
              AllOf(HasSubstr("the model \"qwen3-4bit\" is not on this machine"),
                    HasSubstr("did you mean \"Qwen/Qwen3-4B\"")));
}

TEST(ResolveName, WithoutANearOneAShortListIsShown) {
  EXPECT_THAT(found("gpt-oss-120b"),
              AllOf(HasSubstr("there are: hearth-demo"), HasSubstr("b/twin")));
  EXPECT_FALSE(resolve_name({}, "x").has_value());
  EXPECT_FALSE(resolve_name(entries(), "").has_value());
  EXPECT_FALSE(resolve_name(entries(), "/").has_value());
}

TEST(ResolveName, WhatIsNotHereMayBeFetched) {
  EXPECT_THAT(found("Qwen/Qwen3-32B"), HasSubstr("fetch it with `hearth pull Qwen/Qwen3-32B`"));
  EXPECT_THAT(found("gpt-oss-120b"), HasSubstr("`hearth search`"));
  EXPECT_THAT(found("../../etc/passwd"), ::testing::Not(HasSubstr("hearth pull")));
}

TEST(ResolveName, TheStricterReadingWins) {
  const std::vector<ModelEntry> all = {{.id = "hearth-demo", .aliases = {"demo"}},
                                       {.id = "demo"},
                                       {.id = "other/Demo"},
                                       {.id = "Case"},
                                       {.id = "case"}};
  EXPECT_EQ(resolve_name(all, "demo")->id, "demo");
  EXPECT_EQ(resolve_name(all, "Case")->id, "Case");
  EXPECT_EQ(resolve_name(all, "case")->id, "case");
  EXPECT_FALSE(resolve_name(all, "CASE").has_value());
}

}  // namespace
}  // namespace hearth::services
