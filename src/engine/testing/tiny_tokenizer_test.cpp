// The files of the tiny tokenizer.
#include "engine/testing/tiny_tokenizer.h"

#include <cctype>
#include <gtest/gtest.h>

#include "base/json.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace hearth::engine::testing {
namespace {

/// GPT-2's spelling of a byte: printable ones are themselves, the others follow from U+0100 on.
std::string spelling(int byte) {
  const auto printable = [](int b) {
    return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  };
  int code = byte;
  if (!printable(byte)) {
    code = 256;
    for (int b = 0; b < byte; ++b) code += printable(b) ? 0 : 1;
  }
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
}

json::object control_token(TokenId id, std::string_view text, bool special) {
  return {{"id", id},        {"content", text},     {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", special}};
}

}  // namespace

std::string tiny_tokenizer_json(TinyTokens tokens) {
  json::object vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    const bool itself = tokens == TinyTokens::Bytes || (byte < 128 && std::isalnum(byte) != 0);
    vocabulary[itself ? spelling(byte) : '[' + std::to_string(byte) + ']'] = byte;
  }
  const json::object byte_level = {{"type", "ByteLevel"},
                                   {"add_prefix_space", false},
                                   {"trim_offsets", true},
                                   {"use_regex", false}};
  return base::write_json(json::object{
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens",
       json::array{control_token(kEnd, "<|end|>", true), control_token(kThink, "<think>", false),
                   control_token(kThinkEnd, "</think>", false),
                   control_token(kUser, "<|user|>", true), control_token(kBot, "<|bot|>", true)}},
      {"normalizer", nullptr},
      {"pre_tokenizer", byte_level},
      {"post_processor", nullptr},
      {"decoder", byte_level},
      {"model", json::object{{"type", "BPE"},
                             {"dropout", nullptr},
                             {"unk_token", nullptr},
                             {"continuing_subword_prefix", nullptr},
                             {"end_of_word_suffix", nullptr},
                             {"fuse_unk", false},
                             {"byte_fallback", false},
                             {"vocab", vocabulary},
                             {"merges", json::array{}}}}});
}

std::string tiny_tokenizer_config() {
  return base::write_json(
      json::object{{"eos_token", "<|end|>"},
                   {"chat_template",
                    "{% for m in messages %}<|{{ 'user' if m.role == 'user' else 'bot' }}|>"
                    "{{ m.content.split('</think>')[-1] }}{% endfor %}"
                    "{% if add_generation_prompt %}<|bot|>{% if enable_thinking is defined and not "
                    "enable_thinking %}<think></think>{% endif %}{% endif %}"}});
}

namespace {

TEST(TinyTokenizer, BytesAndControlTokensHaveTheirIds) {
  const auto config = base::parse_json(tiny_tokenizer_config());
  const auto tokenizer = text::Tokenizer::from_json(tiny_tokenizer_json(), config->as_object());
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->vocab_size(), kVocabulary);
  std::string bytes = "aZ \n\xC3\xA4<think>";
  const auto ids = (*tokenizer)->encode(bytes, text::AddSpecialTokens::No);
  EXPECT_EQ(*ids, (std::vector<TokenId>{'a', 'Z', ' ', '\n', 0xC3, 0xA4, kThink}));
  EXPECT_EQ((*tokenizer)->special_id("eos_token"), kEnd);
  EXPECT_EQ((*tokenizer)->decode(*ids, text::SkipSpecial::Yes), bytes);
}

}  // namespace
}  // namespace hearth::engine::testing
