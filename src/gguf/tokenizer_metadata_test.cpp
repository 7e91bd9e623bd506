// Tokenizers as metadata, and back: the same ids.
#include "gguf/tokenizer_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/tokenizer.h"

namespace hearth::gguf {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kSize = 16;  // one more than there are tokens

/// Of Gemma's kind: pieces with signs for spaces, and runs of them that the user defined. Their
/// merges come first, since their score is 0.
json::object gemma_like() {
  const std::vector<std::string> texts{"<pad>", "<eos>", "<bos>",  "<unk>", "\n\n",
                                       "▁▁",    "▁▁▁",   "<0x0A>", "▁",     "a",
                                       "b",     "ab",    "▁a",     "▁ab",   "\n"};
  json::object vocabulary;
  for (std::size_t id = 0; id < texts.size(); ++id) vocabulary[texts[id]] = id;
  json::array added;
  for (std::size_t id = 0; id < 7; ++id)
    added.push_back(json::object{{"id", id},
                                 {"content", texts[id]},
                                 {"single_word", false},
                                 {"lstrip", false},
                                 {"rstrip", false},
                                 {"normalized", false},
                                 {"special", id < 4}});
  const json::value merges = json::parse(
      R"([["\n","\n"],["▁","▁"],["▁▁","▁"],["▁","▁▁"],["a","b"],["▁","a"],["▁a","b"],["▁","ab"]])");
  return {{"version", "1.0"},
          {"added_tokens", added},
          {"normalizer", {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}}},
          {"pre_tokenizer",
           {{"type", "Split"},
            {"pattern", {{"String", " "}}},
            {"behavior", "MergedWithPrevious"},
            {"invert", false}}},
          {"post_processor", nullptr},
          {"decoder",
           {{"type", "Sequence"},
            {"decoders",
             json::array{{{"type", "Replace"}, {"pattern", {{"String", "▁"}}}, {"content", " "}},
                         {{"type", "ByteFallback"}},
                         {{"type", "Fuse"}}}}}},
          {"model",
           {{"type", "BPE"},
            {"unk_token", "<unk>"},
            {"fuse_unk", true},
            {"byte_fallback", true},
            {"vocab", vocabulary},
            {"merges", merges}}}};
}

/// As they are read from files, where whole numbers have a sign.
TokenizerFiles files_of(const json::object& tokenizer) {
  return {.tokenizer = json::parse(json::serialize(tokenizer)).as_object(),
          .config = {{"bos_token", "<bos>"},
                     {"eos_token", {{"content", "<eos>"}}},
                     {"unk_token", {{"content", "<unk>"}}},
                     {"pad_token", "<pad>"},
                     {"add_bos_token", true}},
          .chat_template = "{{ messages }}"};
}

std::shared_ptr<const text::Tokenizer> load(const TokenizerFiles& files) {
  auto tokenizer = text::Tokenizer::from_json(base::write_json(files.tokenizer), files.config);
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return *tokenizer;
}

const Value& item(const Metadata& metadata, const char* key, std::size_t id) {
  return metadata.at(std::string("tokenizer.ggml.") + key).list()->items.at(id);
}

TEST(TokenizerMetadata, GemmasRunsOfSpacesComeBackWithTheSameIds) {
  const TokenizerFiles files = files_of(gemma_like());
  const auto metadata = tokenizer_metadata(files, kSize);
  ASSERT_TRUE(metadata) << metadata.error().message;
  EXPECT_EQ(*metadata->at("tokenizer.ggml.model").string(), "llama");
  EXPECT_EQ(metadata->at("tokenizer.ggml.add_space_prefix").truth(), false);
  EXPECT_EQ(metadata->at("tokenizer.ggml.add_bos_token").truth(), true);
  EXPECT_EQ(metadata->at("tokenizer.ggml.unknown_token_id").whole(), 3);
  EXPECT_EQ(*item(*metadata, "tokens", 5).string(), "  ");
  EXPECT_EQ(*item(*metadata, "tokens", 15).string(), "[PAD15]");
  const std::vector<int> kinds{3, 3, 3, 2, 4, 4, 4, 6, 1, 1, 1, 1, 1, 1, 1, 5};
  for (std::size_t id = 0; id < kinds.size(); ++id)
    EXPECT_EQ(item(*metadata, "token_type", id).whole(), kinds[id]) << id;
  EXPECT_GT(item(*metadata, "scores", 11).number(), item(*metadata, "scores", 12).number());

  const auto back = tokenizer_files(*metadata);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->chat_template, files.chat_template);
  const auto original = load(files);
  const auto made = load(*back);
  for (const std::string_view text :
       {"ab", "a b ab", "a  b", "a   ab", "  ", "   a", "a\n\nb\n", "<bos>a", " a  ", ""}) {
    const auto ids = made->encode(text, text::AddSpecialTokens::No).value();
    EXPECT_EQ(ids, original->encode(text, text::AddSpecialTokens::No).value()) << text;
    EXPECT_EQ(made->decode(ids, text::SkipSpecial::No).value(),
              original->decode(ids, text::SkipSpecial::No).value())
        << text;
  }
}

std::string fault(const json::object& tokenizer) {
  const auto metadata = tokenizer_metadata(files_of(tokenizer), kSize);
  EXPECT_FALSE(metadata);
  return metadata ? std::string() : metadata.error().message;
}

json::object with_merges(const char* merges) {
  json::object tokenizer = gemma_like();
  tokenizer["model"].as_object()["merges"] = json::parse(merges);
  return tokenizer;
}

TEST(TokenizerMetadata, RefusesByNameWhatScoresCannotSay) {
  EXPECT_THAT(fault(with_merges(R"([["a","b"],["▁","▁"]])")),
              HasSubstr("makes the added token \"▁▁\" after other pieces"));
  EXPECT_THAT(fault(with_merges(R"([["▁a","b"],["a","b"],["▁","a"],["▁","ab"]])")),
              HasSubstr("merges do not follow from scores"));
  EXPECT_THAT(fault(with_merges(R"([["a","c"]])")), HasSubstr("model.merges[0] does not make"));
  json::object twice = gemma_like();
  twice["added_tokens"].as_array()[4].as_object()["content"] = "ab";
  EXPECT_THAT(fault(twice), HasSubstr("has \"ab\" as 4, but it is token 11"));
  json::object beyond = gemma_like();
  beyond["model"].as_object()["vocab"].as_object()["z"] = 16;
  EXPECT_THAT(fault(beyond), HasSubstr("no id below 16"));
  json::object unigram = gemma_like();
  unigram["model"].as_object()["type"] = "Unigram";
  EXPECT_THAT(fault(unigram), HasSubstr("its model is \"Unigram\""));
}

}  // namespace
}  // namespace hearth::gguf
