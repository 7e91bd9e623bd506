// Our answers beside recorded ones of the vendor: nothing missing, nothing of another kind.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>

#include "api/testing/api_world.h"

namespace hearth::api::openai {
namespace {

namespace fs = std::filesystem;
using testing::ApiWorld;

/// What the recordings have and we have no use for: a paid tier, padding, links, audio.
const std::set<std::string> kTheirs = {"service_tier",
                                       "obfuscation",
                                       "annotations",
                                       "audio_tokens",
                                       "accepted_prediction_tokens",
                                       "rejected_prediction_tokens"};

fs::path recording(const std::string& name) {
  return fs::path(HEARTH_SOURCE_DIR) / "../shared/data/api-captures/openai" / name;
}

std::string read_recording(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<json::value> lines(const fs::path& file) {
  std::vector<json::value> all;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) all.push_back(json::parse(line));
  return all;
}

/// Every member of `recorded` stands in `ours` too, and of the same kind.
void expect_same_shape(const json::value& ours, const json::value& recorded,
                       const std::string& path) {
  const bool both_numbers = ours.is_number() && recorded.is_number();
  ASSERT_TRUE(both_numbers || ours.kind() == recorded.kind())
      << path << ": " << json::serialize(ours) << " beside " << json::serialize(recorded);
  if (recorded.is_array() && !recorded.get_array().empty()) {
    ASSERT_FALSE(ours.get_array().empty()) << path;
    expect_same_shape(ours.at(0), recorded.at(0), path + "[0]");
  }
  if (!recorded.is_object()) return;
  for (const auto& member : recorded.get_object()) {
    const std::string name(member.key());
    if (kTheirs.contains(name)) continue;
    ASSERT_TRUE(ours.get_object().contains(name)) << path << "." << name << " is missing";
    expect_same_shape(ours.at(name), member.value(), fmt::format("{}.{}", path, name));
  }
}

class Captures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(recording("chat")))
      GTEST_SKIP() << "the recorded answers are not here (../shared/data/api-captures/openai)";
  }
  /// First chunk, one in the middle, the end of the choice, and the usage: each beside ours.
  static void compare_streams(const std::vector<json::value>& ours,
                              const std::vector<json::value>& recorded) {
    ASSERT_GE(ours.size(), 4u);
    ASSERT_GE(recorded.size(), 4u);
    ASSERT_TRUE(ours.back().is_null()) << "[DONE], which the recordings leave out";
    expect_same_shape(ours.front(), recorded.front(), "first");
    expect_same_shape(ours[ours.size() - 4], recorded[1], "middle");
    expect_same_shape(ours[ours.size() - 3], recorded[recorded.size() - 2], "end");
    expect_same_shape(ours[ours.size() - 2], recorded.back(), "usage");
  }

  ApiWorld world_;
  const std::string stream_ = R"("stream":true,"stream_options":{"include_usage":true})";
};

TEST_F(Captures, AChatCompletion) {
  auto answer = world_.chat(R"({"messages":[{"role":"user","content":"hi"}]})");
  world_.play(0, "Hello");
  const fs::path file = recording("chat/__fixtures__/openai-text.json");
  expect_same_shape(answer.finish().body(), json::parse(read_recording(file)), "body");
}

TEST_F(Captures, ATextCompletion) {
  auto answer = world_.complete(R"({"prompt":"hi"})");
  world_.play(0, "Hello", {.reason = engine::FinishReason::Length});
  const fs::path file = recording("completion/__fixtures__/openai-completion-text.json");
  expect_same_shape(answer.finish().body(), json::parse(read_recording(file)), "body");
}

TEST_F(Captures, AStreamOfTextCompletion) {
  auto answer = world_.complete(R"({"prompt":"hi",)" + stream_ + "}");
  world_.play(0, "Hello", {.reason = engine::FinishReason::Length});
  // The recording ends its choice together with its last text: the end is compared by itself.
  auto recorded = lines(recording("completion/__fixtures__/openai-completion-text.chunks.txt"));
  compare_streams(answer.finish().events(), recorded);
}

TEST_F(Captures, AStreamOfChat) {
  auto answer = world_.chat(R"({"messages":[{"role":"user","content":"hi"}],)" + stream_ + "}");
  world_.play(0, "Hello");
  auto recorded = lines(recording("chat/__fixtures__/openai-text.chunks.txt"));
  // The vendor repeats "refusal" in the first delta; clients take its absence for null.
  recorded.front().at("choices").at(0).at("delta").as_object().erase("refusal");
  compare_streams(answer.finish().events(), recorded);
}

TEST_F(Captures, AnError) {
  auto answer =
      world_.chat(R"({"messages":[{"role":"user","content":"hi"}],"audio":{"voice":"x"}})");
  const json::value recorded = json::parse(
      read_recording(recording("chat/__fixtures__/reasoning-model-legacy-parameter-error.json")));
  expect_same_shape(answer.finish().body(), recorded, "body");
  EXPECT_EQ(answer.error().at("type"), recorded.at("error").at("type"));
  EXPECT_EQ(answer.error().at("code"), recorded.at("error").at("code"));
}

}  // namespace
}  // namespace hearth::api::openai
