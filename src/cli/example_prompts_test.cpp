// The five prompts, and a file that people change.
#include "cli/example_prompts.h"

#include <fstream>
#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"

namespace hearth::cli {
namespace {

TEST(ExamplePrompts, AreWrittenWhereThereAreNone) {
  const base::testing::TempFolder home;
  const auto first = example_prompts(home.path());
  ASSERT_TRUE(first);
  ASSERT_EQ(first->size(), 5U);
  EXPECT_TRUE(std::filesystem::exists(home.path() / "example-prompts.json"));
  const auto again = example_prompts(home.path());
  ASSERT_TRUE(again) << again.error().message;
  for (std::size_t i = 0; i < first->size(); ++i) {
    EXPECT_EQ(again->at(i).key, first->at(i).key);
    EXPECT_EQ(again->at(i).text, first->at(i).text);
  }
  EXPECT_EQ(*example_prompt(home.path(), "rag"),
            "Use the following context to answer the question:\n\nContext: Paris is the capital "
            "and largest city of France.\n\nQuestion: What is the capital of France?");
  EXPECT_EQ(*example_prompt(home.path(), "multilingual"),
            "Traduire en français: Hello, how are you?");
}

TEST(ExamplePrompts, AreThePeoplesOwn) {
  const base::testing::TempFolder home;
  home.write("example-prompts.json", R"({"mine": "Say hello."})");
  EXPECT_EQ(*example_prompt(home.path(), "mine"), "Say hello.");
  const auto gone = example_prompt(home.path(), "simple");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().message, "there is no example \"simple\" (there are mine)");
}

TEST(ExamplePrompts, AFileThatIsNoneIsNamed) {
  const base::testing::TempFolder home;
  for (const char* content : {"{\"a\": 1}", "[]", "{"}) {
    home.write("example-prompts.json", content);
    const auto found = example_prompts(home.path());
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().message.find("example-prompts.json"), std::string::npos);
  }
}

}  // namespace
}  // namespace hearth::cli
