// Are ids the reference's, and is what cannot be loaded refused by name?
#include "text/tokenizer.h"

#include <gmock/gmock.h>
#include <random>

#include "text/test_data.h"

namespace hearth::text {
namespace {

using namespace testing;  // NOLINT: the tests' own helpers
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SmallTokenizer : public ::testing::TestWithParam<const char*> {};

TEST_P(SmallTokenizer, GivesTheReferencesIds) {
  const auto tokenizer = small_tokenizer(GetParam());
  const json::value golden =
      read_json(golden_folder() / "tokenizers" / GetParam() / "expected.json");
  for (const json::value& entry : golden.at("texts").as_array()) {
    const std::string_view text = entry.at("text").as_string();
    EXPECT_EQ(tokenizer->encode(text, AddSpecialTokens::No).value(), to_ids(entry.at("ids")))
        << text;
    const auto framed = tokenizer->encode(text, AddSpecialTokens::Yes).value();
    const auto bos = tokenizer->special_tokens().find("bos_token");
    const bool starts_with_bos =
        bos != tokenizer->special_tokens().end() && text.starts_with(bos->second);
    if (!starts_with_bos) EXPECT_EQ(framed, to_ids(entry.at("framed"))) << text;
  }
}

TEST_P(SmallTokenizer, DecodesAsTheReferenceDoes) {
  const auto tokenizer = small_tokenizer(GetParam());
  const json::value golden =
      read_json(golden_folder() / "tokenizers" / GetParam() / "expected.json");
  for (const json::value& entry : golden.at("streams").as_array()) {
    const auto skip = entry.at("skip").as_bool() ? SkipSpecial::Yes : SkipSpecial::No;
    EXPECT_EQ(tokenizer->decode(to_ids(entry.at("ids")), skip).value(),
              std::string_view(entry.at("text").as_string()));
  }
}

TEST_P(SmallTokenizer, EncodesAgainFromItsCache) {
  const auto tokenizer = small_tokenizer(GetParam());
  const std::string text = "The river is under the bridge and the light is green.";
  const auto first = tokenizer->encode(text, AddSpecialTokens::No).value();
  EXPECT_EQ(tokenizer->encode(text, AddSpecialTokens::No).value(), first);
}

INSTANTIATE_TEST_SUITE_P(Text, SmallTokenizer,
                         ::testing::Values("byte_bpe", "sentence_bpe", "unigram", "word_piece"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Tokenizer, KnowsItsTokens) {
  const auto tokenizer = small_tokenizer("byte_bpe");
  const TokenId end = tokenizer->token_id("<|im_end|>").value();
  EXPECT_EQ(tokenizer->special_id("eos_token"), end);
  EXPECT_EQ(tokenizer->token_text(end), "<|im_end|>");
  EXPECT_TRUE(tokenizer->is_special(end));
  EXPECT_FALSE(tokenizer->is_special(tokenizer->token_id("<think>").value()));
  EXPECT_EQ(tokenizer->vocab_size(), tokenizer->token_id("</tool_call>").value() + 1);
  EXPECT_FALSE(tokenizer->token_id("no such token").has_value());
  EXPECT_EQ(tokenizer->token_text(999'999), "");
  EXPECT_EQ(tokenizer->vocabulary().bytes(tokenizer->token_id("\u0120the").value()), " the");
}

TEST(Tokenizer, DoesNotDoubleTheBeginning) {
  const auto tokenizer = small_tokenizer("sentence_bpe");
  const auto plain = tokenizer->encode("river", AddSpecialTokens::Yes).value();
  EXPECT_EQ(plain.front(), 1u);
  const auto written = tokenizer->encode("<s>river", AddSpecialTokens::Yes).value();
  EXPECT_EQ(written.front(), 1u);
  EXPECT_NE(written.at(1), 1u);
}

TEST(Tokenizer, ConfigurationDecidesOverBeginningAndEnd) {
  const std::string json = read_file(golden_folder() / "tokenizers/sentence_bpe/tokenizer.json");
  const json::object config{{"bos_token", "<s>"},
                            {"eos_token", "</s>"},
                            {"add_bos_token", false},
                            {"add_eos_token", true}};
  const auto tokenizer = Tokenizer::from_json(json, config).value();
  const auto ids = tokenizer->encode("river", AddSpecialTokens::Yes).value();
  EXPECT_NE(ids.front(), 1u);
  EXPECT_EQ(ids.back(), 2u);
}

TEST(Tokenizer, AddsTokensThatOnlyTheConfigurationHas) {
  const std::string json = read_file(golden_folder() / "tokenizers/byte_bpe/tokenizer.json");
  const json::object late{{"content", "<late>"}, {"special", true},      {"lstrip", false},
                          {"rstrip", false},     {"single_word", false}, {"normalized", false}};
  const json::object config{{"added_tokens_decoder", json::object{{"427", late}}},
                            {"additional_special_tokens", json::array{"<later>", "<think>"}}};
  const auto tokenizer = Tokenizer::from_json(json, config).value();
  const TokenId id = tokenizer->token_id("<late>").value();
  EXPECT_THAT(tokenizer->encode("<late>", AddSpecialTokens::No).value(), ElementsAre(id));
  EXPECT_TRUE(tokenizer->is_special(tokenizer->token_id("<later>").value()));
  EXPECT_FALSE(tokenizer->is_special(tokenizer->token_id("<think>").value()));
}

TEST(Tokenizer, PlainEncodingHasNoControlTokens) {
  for (const char* name : {"byte_bpe", "sentence_bpe", "unigram", "word_piece"}) {
    const auto tokenizer = small_tokenizer(name);
    for (const AddedToken& token : tokenizer->vocabulary().added()) {
      const auto ids = tokenizer->encode_plain("a " + token.text + " b").value();
      const bool is_unknown = token.text == "<unk>" || token.text == "[UNK]";
      if (!is_unknown) {
        EXPECT_THAT(ids, ::testing::Not(::testing::Contains(token.id))) << name << token.text;
      }
    }
    const auto plain = tokenizer->encode("The river is green.", AddSpecialTokens::No).value();
    EXPECT_EQ(tokenizer->encode_plain("The river is green.").value(), plain) << name;
  }
}

TEST(Tokenizer, RefusesBytesThatAreNotText) {
  const auto ids = small_tokenizer("byte_bpe")->encode("a\xFF", AddSpecialTokens::No);
  ASSERT_FALSE(ids.has_value());
  EXPECT_EQ(ids.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(ids.error().message, HasSubstr("UTF-8"));
}

TEST(Tokenizer, AMissingFileIsNamed) {
  const TemporaryFolder folder;
  const auto missing = Tokenizer::load(folder.path());
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("tokenizer.json"));
  EXPECT_THAT(missing.error().message, HasSubstr(folder.path().string()));
}

TEST(Tokenizer, OtherFormsAreRefusedByName) {
  for (const char* name : {"tokenizer.model", "tekken.json", "qwen.tiktoken"}) {
    const TemporaryFolder folder;
    write_file(folder.path() / name, "x");
    const auto other = Tokenizer::load(folder.path());
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().code, ErrorCode::UnsupportedCapability);
    EXPECT_THAT(other.error().message, HasSubstr(name));
  }
}

TEST(Tokenizer, BrokenFilesAreErrors) {
  const TemporaryFolder folder;
  for (const char* text : {"", "{", "{}", "[1]", R"({"model": {"type": "Unheard"}})"}) {
    write_file(folder.path() / "tokenizer.json", text);
    const auto broken = Tokenizer::load(folder.path());
    ASSERT_FALSE(broken.has_value()) << text;
    EXPECT_THAT(broken.error().message, HasSubstr("tokenizer.json"));
  }
}

std::vector<std::string> split_at(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (std::size_t next; (next = text.find(separator, at)) != std::string::npos;
       at = next + separator.size()) {
    parts.push_back(text.substr(at, next - at));
  }
  parts.push_back(text.substr(at));
  return parts;
}

std::vector<TokenId> ids_of_line(const std::string& line) {
  std::vector<TokenId> ids;
  std::istringstream stream(line);
  for (TokenId id; stream >> id;) ids.push_back(id);
  return ids;
}

/// The texts with their ids; a text ends at the separator's line.
void expect_published_ids(const Tokenizer& tokenizer, const std::filesystem::path& stem) {
  const auto texts = split_at(read_file(stem.string() + ".inp"), "\n__ggml_vocab_test__\n");
  const auto lines = split_at(read_file(stem.string() + ".out"), "\n");
  ASSERT_GE(texts.size(), 46u);
  ASSERT_GE(lines.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto ids = tokenizer.encode(texts[i], AddSpecialTokens::No).value();
    EXPECT_EQ(ids, ids_of_line(lines[i])) << "text " << i << ": " << texts[i];
  }
}

struct Published {
  const char* folder;
  const char* stem;
};
class SharedTokenizer : public ::testing::TestWithParam<Published> {};

TEST_P(SharedTokenizer, GivesThePublishedIds) {
  const auto tokenizers = shared_folder() / "tokenizers";
  const auto folder = tokenizers / GetParam().folder;
  SKIP_WITHOUT(folder / "tokenizer.json");
  const auto tokenizer = load_tokenizer(folder);
  expect_published_ids(*tokenizer, tokenizers / "expected" / GetParam().stem);
}

INSTANTIATE_TEST_SUITE_P(Text, SharedTokenizer,
                         ::testing::Values(Published{"gpt2", "ggml-vocab-gpt-2.gguf"},
                                           Published{"qwen2.5", "ggml-vocab-qwen2.gguf"},
                                           Published{"deepseek-coder",
                                                     "ggml-vocab-deepseek-coder.gguf"}),
                         [](const auto& info) {
                           return info.param.folder == std::string("qwen2.5") ? "qwen2"
                                  : info.param.folder == std::string("gpt2")  ? "gpt2"
                                                                              : "deepseek_coder";
                         });

TEST(Tokenizer, TheSharedSentencePieceFileIsRefusedByName) {
  SKIP_WITHOUT(shared_folder() / "tokenizers/mistral");
  const auto other = Tokenizer::load(shared_folder() / "tokenizers/mistral");
  ASSERT_FALSE(other.has_value());
  EXPECT_THAT(other.error().message, HasSubstr("SentencePiece"));
}

}  // namespace
}  // namespace hearth::text
