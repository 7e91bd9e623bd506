// Tokenizers out of metadata: equal to the files they came from, and to published ids.
#include "gguf/tokenizer_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gguf/merges.h"
#include "gguf/model_file.h"
#include "text/test_data.h"
#include "text/tokenizer.h"

namespace hearth::gguf {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using text::testing::read_file;
using text::testing::read_json;
using text::testing::shared_folder;

Value texts(const std::vector<std::string>& list) {
  std::vector<Value> items;
  items.reserve(list.size());
  for (const std::string& text : list) items.push_back(Value::text(text));
  return Value::array(ValueType::String, std::move(items));
}

Value kinds(const std::vector<int>& list) {
  std::vector<Value> items;
  items.reserve(list.size());
  for (const int kind : list) items.push_back(Value::i32(kind));
  return Value::array(ValueType::I32, std::move(items));
}

Value scores(const std::vector<float>& list) {
  std::vector<Value> items;
  items.reserve(list.size());
  for (const float score : list) items.push_back(Value::f32(score));
  return Value::array(ValueType::F32, std::move(items));
}

/// What a converter writes of the demo model's tokenizer.
Metadata demo_metadata(const json::object& tokenizer) {
  const json::object& model = tokenizer.at("model").as_object();
  std::map<std::int64_t, std::pair<std::string, int>> tokens;
  for (const auto& member : model.at("vocab").as_object())
    tokens[member.value().as_int64()] = {std::string(member.key()), 1};
  for (const json::value& added : tokenizer.at("added_tokens").as_array())
    tokens[added.at("id").as_int64()] = {std::string(added.at("content").as_string()),
                                         added.at("special").as_bool() ? 3 : 4};
  std::vector<std::string> all;
  std::vector<int> types;
  for (const auto& [id, token] : tokens) {
    EXPECT_EQ(id, std::ssize(all));
    all.push_back(token.first);
    types.push_back(token.second);
  }
  std::vector<std::string> merges;
  for (const json::value& merge : model.at("merges").as_array())
    merges.push_back(std::string(merge.at(0).as_string()) + " " +
                     std::string(merge.at(1).as_string()));
  Metadata metadata;
  metadata["tokenizer.ggml.model"] = Value::text("gpt2");
  metadata["tokenizer.ggml.pre"] = Value::text("qwen2");
  metadata["tokenizer.ggml.tokens"] = texts(all);
  metadata["tokenizer.ggml.token_type"] = kinds(types);
  metadata["tokenizer.ggml.merges"] = texts(merges);
  metadata["tokenizer.ggml.eos_token_id"] = Value::u32(2041);
  metadata["tokenizer.ggml.add_bos_token"] = Value::boolean(false);
  metadata["tokenizer.chat_template"] = Value::text("{{ messages }}");
  return metadata;
}

TEST(GgufTokenizer, GivesTheDemosTokenizerToTheLastMember) {
  const fs::path demo = fs::path(HEARTH_SOURCE_DIR) / "assets/hearth-demo";
  const json::value expected = read_json(demo / "tokenizer.json");
  const auto files = tokenizer_files(demo_metadata(expected.as_object()));
  ASSERT_TRUE(files) << files.error().message;
  for (const auto& member : expected.as_object())
    EXPECT_EQ(files->tokenizer.at(member.key()), member.value()) << std::string(member.key());
  EXPECT_EQ(files->tokenizer.size(), expected.as_object().size());
  EXPECT_EQ(files->config.at("eos_token"), "<|im_end|>");
  EXPECT_FALSE(files->config.contains("bos_token"));
  EXPECT_EQ(files->chat_template, "{{ messages }}");
}

std::shared_ptr<const text::Tokenizer> tokenizer_of(const fs::path& file) {
  const auto model = ModelFile::open(file);
  EXPECT_TRUE(model) << model.error().message;
  const auto files = tokenizer_files(model->metadata());
  EXPECT_TRUE(files) << files.error().message;
  auto tokenizer = text::Tokenizer::from_json(base::write_json(files->tokenizer), files->config);
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return *tokenizer;
}

TEST(GgufTokenizer, SplitsWordsAsPublished) {
  const fs::path file = shared_folder() / "tokenizers/expected/ggml-vocab-deepseek-coder.gguf";
  SKIP_WITHOUT(file);
  const auto tokenizer = tokenizer_of(file);
  const std::string input = read_file(file.string() + ".inp");
  std::istringstream output(read_file(file.string() + ".out"));
  const std::string mark = "\n__ggml_vocab_test__\n";
  std::size_t count = 0;
  for (std::size_t at = 0; at < input.size(); ++count) {
    const std::size_t end = std::min(input.find(mark, at), input.size());
    const std::string text = input.substr(at, end - at);
    at = end + mark.size();
    std::string line;
    std::getline(output, line);
    std::istringstream numbers(line);
    const std::vector<text::TokenId> expected{std::istream_iterator<text::TokenId>(numbers), {}};
    EXPECT_EQ(tokenizer->encode(text, text::AddSpecialTokens::No).value(), expected) << text;
  }
  EXPECT_GE(count, 40U);
}

TEST(GgufTokenizer, PutsPiecesTogetherAsSentencePieceDoes) {
  const fs::path stories = shared_folder() / "stories260K";
  SKIP_WITHOUT(stories);
  const auto made = tokenizer_of(stories / "stories260K.gguf");
  const auto original = text::testing::load_tokenizer(stories / "hf-f32");
  for (const std::string_view text :
       {"Once upon a time, there was a little girl named Lily.", "", " ", "   two  spaces",
        "the then there these", "Zoë said: \"héllo 😀\"\n\nEnd", "<s>a</s>b", "aaaaaaaaaaaaaa"})
    for (const auto add : {text::AddSpecialTokens::No, text::AddSpecialTokens::Yes}) {
      const auto ids = made->encode(text, add).value();
      EXPECT_EQ(ids, original->encode(text, add).value()) << text;
      EXPECT_EQ(made->decode(ids, text::SkipSpecial::Yes).value(),
                original->decode(ids, text::SkipSpecial::Yes).value());
    }
}

Metadata small_pieces() {
  Metadata metadata;
  metadata["tokenizer.ggml.model"] = Value::text("llama");
  metadata["tokenizer.ggml.tokens"] =
      texts({"<unk>", "<s>", "<0x41>", "a", "b", "c", "ab", "bc", "abc", "[X]"});
  metadata["tokenizer.ggml.token_type"] = kinds({2, 3, 6, 1, 1, 1, 1, 1, 1, 4});
  metadata["tokenizer.ggml.scores"] = scores({0, 0, 0, -8, -9, -10, -2, -1, -3, 0});
  metadata["tokenizer.ggml.unknown_token_id"] = Value::u32(0);
  metadata["tokenizer.ggml.bos_token_id"] = Value::u32(1);
  return metadata;
}

TEST(GgufTokenizer, FindsMergesByScore) {
  const Metadata metadata = small_pieces();
  const auto vocabulary = read_vocabulary(metadata);
  ASSERT_TRUE(vocabulary);
  const auto merges = merges_by_score(*vocabulary);
  ASSERT_TRUE(merges) << merges.error().message;
  // bc is the best piece, then ab; abc may come of either.
  EXPECT_EQ(*merges, (Merges{{"b", "c"}, {"a", "b"}, {"ab", "c"}, {"a", "bc"}}));
  const auto files = tokenizer_files(metadata);
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->config.at("unk_token"), "<unk>");
  EXPECT_EQ(files->config.at("add_bos_token"), true);
  EXPECT_EQ(files->tokenizer.at("model").at("byte_fallback"), true);
}

std::string fault(Metadata metadata, const std::string& key, Value value) {
  metadata[key] = std::move(value);
  const auto files = tokenizer_files(metadata);
  EXPECT_FALSE(files) << key;
  return files ? std::string() : files.error().message;
}

TEST(GgufTokenizer, RefusesByNameWhatItCannotDoExactly) {
  const Metadata pieces = small_pieces();
  EXPECT_THAT(fault(pieces, "tokenizer.ggml.model", Value::text("t5")),
              HasSubstr("\"tokenizer.ggml.model\" is \"t5\" (supported: gpt2, llama)"));
  EXPECT_THAT(fault(pieces, "tokenizer.ggml.model", Value::u32(1)), HasSubstr("must be a text"));
  EXPECT_THAT(fault(pieces, "tokenizer.ggml.token_type", kinds({1})),
              HasSubstr("has 1 entries for 10 tokens"));
  EXPECT_THAT(fault(pieces, "tokenizer.ggml.token_type", kinds({2, 3, 6, 1, 1, 1, 1, 1, 1, 9})),
              HasSubstr("token 9 is of the unknown kind 9"));
  EXPECT_THAT(fault(pieces, "tokenizer.ggml.scores", scores({0, 0, 0, -8, -9, -10, -1, -1, -3, 0})),
              HasSubstr("\"ab\" and \"bc\" have the same score"));
  Metadata bytes = pieces;
  bytes["tokenizer.ggml.model"] = Value::text("gpt2");
  EXPECT_THAT(fault(bytes, "tokenizer.ggml.pre", Value::text("viking")),
              HasSubstr("\"tokenizer.ggml.pre\" is \"viking\""));
  bytes["tokenizer.ggml.pre"] = Value::text("gpt-2");
  EXPECT_THAT(fault(bytes, "tokenizer.ggml.merges", texts({"a b", "a q"})),
              HasSubstr("entry 1 does not make one token of two others"));
  std::vector<std::string> twice(10, "x");
  EXPECT_THAT(fault(bytes, "tokenizer.ggml.tokens", texts(twice)),
              HasSubstr("tokens 0 and 1 are both \"x\""));
  twice[0] = "\xFF";
  EXPECT_THAT(fault(bytes, "tokenizer.ggml.tokens", texts(twice)),
              HasSubstr("token 0 is no UTF-8"));
}

}  // namespace
}  // namespace hearth::gguf
