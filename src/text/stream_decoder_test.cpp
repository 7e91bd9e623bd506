// Is incremental decoding the reference's at every token, and never half a character?
#include "text/stream_decoder.h"

#include <hearth_bridge.h>
#include <random>

#include "base/utf8.h"
#include "text/bridge_call.h"
#include "text/test_data.h"

namespace hearth::text {
namespace {

using namespace testing;  // NOLINT: the tests' own helpers

/// The crate's own stream, whatever the decoder's kind.
class CrateStream {
 public:
  CrateStream(const Tokenizer& tokenizer, SkipSpecial skip) {
    hearth_stream* stream = nullptr;
    hearth_stream_create(tokenizer.bridge(), skip == SkipSpecial::Yes, &stream, nullptr);
    stream_.reset(stream);
  }
  std::string push(TokenId id) {
    BridgeOutput output;
    EXPECT_EQ(hearth_stream_push(stream_.get(), id, output.slot()), HEARTH_OK) << output.view();
    return output.text();
  }

 private:
  BridgeHandle<hearth_stream> stream_;
};

class StreamOfSmallTokenizer : public ::testing::TestWithParam<const char*> {};

TEST_P(StreamOfSmallTokenizer, IsTheReferencesAtEveryToken) {
  const auto tokenizer = small_tokenizer(GetParam());
  const json::value golden =
      read_json(golden_folder() / "tokenizers" / GetParam() / "expected.json");
  for (const json::value& entry : golden.at("streams").as_array()) {
    const auto skip = entry.at("skip").as_bool() ? SkipSpecial::Yes : SkipSpecial::No;
    const auto ids = to_ids(entry.at("ids"));
    const json::array& steps = entry.at("steps").as_array();
    StreamDecoder decoder(tokenizer, skip);
    for (std::size_t i = 0; i < std::min(ids.size(), steps.size()); ++i) {
      EXPECT_EQ(decoder.push(ids[i]), std::string_view(steps[i].as_string()))
          << "step " << i << " of " << json::serialize(entry.at("ids"));
    }
    // A shorter list says that the reference gave up: text that was out would have changed.
    if (steps.size() > ids.size()) {
      EXPECT_EQ(decoder.finish(), std::string_view(steps.back().as_string()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Text, StreamOfSmallTokenizer,
                         ::testing::Values("byte_bpe", "sentence_bpe", "unigram", "word_piece"),
                         [](const auto& info) { return std::string(info.param); });

TEST(StreamDecoder, GivesCharactersWhole) {
  const auto tokenizer = small_tokenizer("byte_bpe");
  const auto ids = tokenizer->encode("a🦙é", AddSpecialTokens::No).value();
  ASSERT_EQ(ids.size(), 7u);  // no merges for these: one token a byte
  StreamDecoder decoder(tokenizer, SkipSpecial::Yes);
  std::vector<std::string> given;
  given.reserve(ids.size());
  for (const TokenId id : ids) given.emplace_back(decoder.push(id));
  EXPECT_EQ(given, (std::vector<std::string>{"a", "", "", "", "🦙", "", "é"}));
}

TEST(StreamDecoder, GivesUnfinishedCharactersAtTheEnd) {
  const auto tokenizer = small_tokenizer("byte_bpe");
  auto ids = tokenizer->encode("a🦙", AddSpecialTokens::No).value();
  ids.pop_back();
  StreamDecoder decoder(tokenizer, SkipSpecial::Yes);
  std::string text;
  for (const TokenId id : ids) text += decoder.push(id);
  text += decoder.finish();
  EXPECT_EQ(text, tokenizer->decode(ids, SkipSpecial::Yes).value());
  EXPECT_EQ(text, "a\uFFFD");
  EXPECT_EQ(decoder.push(ids[0]), "a");  // as new
}

TEST(StreamDecoder, HidesSpecialTokensButThoseToBeShown) {
  const auto tokenizer = small_tokenizer("byte_bpe");
  const TokenId start = tokenizer->token_id("<|im_start|>").value();
  const TokenId end = tokenizer->token_id("<|im_end|>").value();
  StreamDecoder decoder(tokenizer, SkipSpecial::Yes, {start});
  EXPECT_EQ(decoder.push(start), "<|im_start|>");
  EXPECT_EQ(decoder.push(end), "");
  EXPECT_EQ(decoder.push(tokenizer->token_id("<think>").value()), "<think>");
  EXPECT_EQ(decoder.push(123'456), "");
}

class StreamOfSharedTokenizer : public ::testing::TestWithParam<const char*> {};

void expect_crates_stream(const std::shared_ptr<const Tokenizer>& tokenizer,
                          const std::vector<TokenId>& ids, SkipSpecial skip) {
  StreamDecoder decoder(tokenizer, skip);
  CrateStream crate(*tokenizer, skip);
  std::string text;
  for (const TokenId id : ids) {
    const std::string given(decoder.push(id));
    EXPECT_TRUE(base::is_utf8(given));
    ASSERT_EQ(given, crate.push(id));
    text += given;
  }
  text += decoder.finish();
  EXPECT_EQ(text, tokenizer->decode(ids, skip).value());
}

TEST_P(StreamOfSharedTokenizer, IsTheCratesAtEveryToken) {
  const auto folder = shared_folder() / GetParam();
  SKIP_WITHOUT(folder / "tokenizer.json");
  const auto tokenizer = load_tokenizer(folder);
  std::string text =
      "Grüße 🦙👩‍👩‍👧 日本語 — نص ½ \u200b\n\n  \tx = {\"k\": [1, 2.5]}; "
      "<|im_end|> "
      "</s>";
  const auto texts = shared_folder() / "tokenizers/expected/ggml-vocab-gpt-2.gguf.inp";
  if (std::filesystem::exists(texts)) text += read_file(texts);
  const auto ids = tokenizer->encode(text, AddSpecialTokens::Yes).value();
  expect_crates_stream(tokenizer, ids, SkipSpecial::Yes);
  expect_crates_stream(tokenizer, ids, SkipSpecial::No);
}

TEST_P(StreamOfSharedTokenizer, IsTheCratesForRandomTokens) {
  const auto folder = shared_folder() / GetParam();
  SKIP_WITHOUT(folder / "tokenizer.json");
  const auto tokenizer = load_tokenizer(folder);
  if (tokenizer->vocabulary().decoder() == DecoderKind::SentencePiece) {
    GTEST_SKIP() << "random runs of bytes make the crate give up; the small tokenizers cover them";
  }
  std::mt19937 random(3);
  for (int round = 0; round < 30; ++round) {
    std::vector<TokenId> ids(40);
    for (TokenId& id : ids) id = random() % tokenizer->vocab_size();
    expect_crates_stream(tokenizer, ids, round % 2 == 0 ? SkipSpecial::Yes : SkipSpecial::No);
  }
}

INSTANTIATE_TEST_SUITE_P(Text, StreamOfSharedTokenizer,
                         ::testing::Values("tokenizers/gpt2", "tokenizers/qwen2.5",
                                           "tokenizers/whisper-tiny", "tokenizers/t5-small",
                                           "tokenizers/all-MiniLM-L6-v2", "stories260K/hf-f32"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = std::isalnum(c) ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace hearth::text
