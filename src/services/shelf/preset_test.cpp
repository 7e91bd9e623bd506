// Presets: what is let in, and what of them reaches a request.
#include "services/shelf/preset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::services {
namespace {

using ::testing::HasSubstr;

Result<Preset> preset_in(std::string_view text) {
  return read_preset(*base::parse_json(text), "preset");
}

TEST(Preset, GoesInAndComesOut) {
  const std::string_view text =
      R"({"temperature":0.5,"top_k":40,"system":"Be brief.","max_tokens":100,"keep_alive":"300"})";
  EXPECT_EQ(base::write_json(write_preset(*preset_in(text))), text);
  EXPECT_EQ(base::write_json(write_preset(*preset_in(R"({"top_p":null})"))), "{}");
  EXPECT_EQ(preset_in(R"({"keep_alive":"1h30m"})")->keep_alive->after, std::chrono::minutes(90));
}

TEST(Preset, NamesAllThatIsWrong) {
  const auto wrong = preset_in(
      R"({"temperature":3,"top_k":"many","temprature":1,"max_tokens":0,"keep_alive":"soon"})");
  ASSERT_FALSE(wrong);
  std::vector<std::string> paths;
  for (const auto& field : wrong.error().fields) paths.push_back(field.path);
  EXPECT_THAT(paths, ::testing::UnorderedElementsAre("preset.temperature", "preset.top_k",
                                                     "preset.temprature", "preset.max_tokens",
                                                     "preset.keep_alive"));
  EXPECT_FALSE(preset_in("[]"));
}

TEST(Preset, FillsWhatARequestLeavesOutAndNothingElse) {
  const Preset preset = *preset_in(
      R"({"temperature":0.5,"top_p":0,"min_p":0.1,"repetition_context_size":64,"max_tokens":100})");
  engine::Request request;
  request.sampling.temperature = 0;
  fill_in(preset, request);
  EXPECT_EQ(request.sampling.temperature, 0);
  EXPECT_EQ(request.sampling.top_p, 1e-9);
  EXPECT_EQ(request.sampling.min_p, 0.1);
  EXPECT_EQ(request.sampling.repetition_window, 64);
  EXPECT_EQ(request.sampling.top_k, std::nullopt);
  EXPECT_EQ(request.max_tokens, 100U);
  request.max_tokens = 7;
  fill_in(preset, request);
  EXPECT_EQ(request.max_tokens, 7U);
}

TEST(Preset, WhatMeansOffOrTheLikeliestReachesTheEngineAsItTakesIt) {
  engine::Request request;
  fill_in(*preset_in(R"({"top_k":-1,"top_n_sigma":-1,"typical_p":0,"xtc_probability":0.5})"),
          request);
  EXPECT_EQ(request.sampling.top_k, 0);
  EXPECT_EQ(request.sampling.top_n_sigma, 0);
  EXPECT_EQ(request.sampling.typical_p, 1e-9) << "the range is open at 0";
  EXPECT_EQ(request.sampling.xtc_probability, 0.5);
}

TEST(Preset, TheSystemPromptComesFirstUnlessThereIsOne) {
  const Preset preset = *preset_in(R"({"system":"Be brief."})");
  const auto messages = [&](std::string_view text) {
    engine::Request request{.input =
                                engine::ChatInput{.messages = base::parse_json(text)->as_array()}};
    fill_in(preset, request);
    return base::write_json(std::get<engine::ChatInput>(request.input).messages);
  };
  EXPECT_EQ(messages(R"([{"role":"user","content":"hi"}])"),
            R"([{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}])");
  for (const auto* own : {R"([{"role":"system","content":""},{"role":"user","content":"hi"}])",
                          R"([{"role":"user","content":"a"},{"role":"developer","content":"b"}])"})
    EXPECT_EQ(messages(own), own);
  engine::Request raw{.input = engine::TextInput{"hi"}};
  fill_in(preset, raw);
  EXPECT_EQ(std::get<engine::TextInput>(raw.input).text, "hi");
}

TEST(Preset, AChangeReplacesWhatItNames) {
  const Preset preset =
      changed(*preset_in(R"({"temperature":0.5,"top_k":4})"), *preset_in(R"({"top_k":8})"));
  EXPECT_EQ(base::write_json(write_preset(preset)), R"({"temperature":0.5,"top_k":8})");
}

}  // namespace
}  // namespace hearth::services
