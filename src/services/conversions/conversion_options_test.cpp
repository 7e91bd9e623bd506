// Options of conversions: what is let in, what overrides what, and names that follow.
#include "services/conversions/conversion_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::services {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Result<ConversionOptions> options_in(std::string_view text) {
  return read_conversion_options(*base::parse_json(text), "options");
}

TEST(ConversionOptions, GoInAndComeOut) {
  const std::string_view text =
      R"({"bits":4,"group":32,"mode":"affine","dtype":"float16","requantize":true,"measure":true})";
  EXPECT_EQ(base::write_json(write_conversion_options(*options_in(text))), text);
  EXPECT_EQ(base::write_json(write_conversion_options(*options_in(R"({"bits":null})"))), "{}");
}

TEST(ConversionOptions, NameAllThatIsWrong) {
  const auto wrong = options_in(
      R"({"bits":7,"group":"x","mode":"int4","recipe":"mixed","target_bpw":1,"bit":4,"dtype":1})");
  ASSERT_FALSE(wrong);
  std::vector<std::string> paths;
  for (const auto& field : wrong.error().fields) paths.push_back(field.path);
  EXPECT_THAT(
      paths, UnorderedElementsAre("options.bits", "options.group", "options.mode", "options.recipe",
                                  "options.target_bpw", "options.bit", "options.dtype"));
  EXPECT_THAT(wrong.error().message, HasSubstr("options."));
  EXPECT_FALSE(options_in("[]"));
}

TEST(ConversionOptions, SomeDoNotGoTogether) {
  const auto message = [](std::string_view text) {
    const auto checked = check_conversion_options(*options_in(text));
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(message("{}"), "");
  EXPECT_EQ(message(R"({"recipe":"auto","target_bpw":5})"), "");
  EXPECT_THAT(message(R"({"target_bpw":5})"), HasSubstr("recipe auto"));
  EXPECT_THAT(message(R"({"recipe":"mixed_4_6","bits":4})"), HasSubstr("leave out bits"));
  EXPECT_THAT(message(R"({"recipe":"mixed_4_6","mode":"mxfp4"})"), HasSubstr("mode affine"));
  EXPECT_THAT(message(R"({"dequantize":true,"bits":4})"), HasSubstr("no bits"));
}

TEST(ConversionOptions, AnotherWayOfPackingTakesTheWholePlace) {
  const ConversionOptions preset =
      *options_in(R"({"recipe":"auto","target_bpw":4.5,"dtype":"float16"})");
  EXPECT_EQ(changed(preset, *options_in(R"({"bits":8})")),
            *options_in(R"({"bits":8,"dtype":"float16"})"));
  EXPECT_EQ(changed(preset, *options_in(R"({"target_bpw":5})")),
            *options_in(R"({"recipe":"auto","target_bpw":5,"dtype":"float16"})"));
  EXPECT_EQ(changed(*options_in(R"({"bits":4})"), *options_in(R"({"group":32})")),
            *options_in(R"({"bits":4,"group":32})"));
}

TEST(ConversionOptions, NameTheModel) {
  const auto suffix = [](std::string_view text) { return name_suffix(*options_in(text)); };
  EXPECT_EQ(suffix("{}"), "-4bit");
  EXPECT_EQ(suffix(R"({"bits":8})"), "-8bit");
  EXPECT_EQ(suffix(R"({"mode":"mxfp4"})"), "-mxfp4");
  EXPECT_EQ(suffix(R"({"recipe":"mixed_3_6"})"), "-mixed_3_6");
  EXPECT_EQ(suffix(R"({"recipe":"auto"})"), "-4.5bpw");
  EXPECT_EQ(suffix(R"({"bits":16})"), "-plain");
  EXPECT_EQ(suffix(R"({"bits":16,"dtype":"bfloat16"})"), "-bfloat16");
  EXPECT_EQ(suffix(R"({"dequantize":true})"), "-plain");
}

}  // namespace
}  // namespace hearth::services
