// Is the cache exact, bounded, and off where it cannot be exact?
#include "text/piece_cache.h"

#include "text/test_data.h"

namespace hearth::text {
namespace {

using namespace testing;  // NOLINT: the tests' own helpers

TEST(PieceCache, CutsAtAddedTokens) {
  const auto tokenizer = small_tokenizer("byte_bpe");
  PieceCache cache(tokenizer->vocabulary(), 1 << 20);
  const auto parts = cache.split("<|im_start|>user\nHi<|im_end|>");
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].token, tokenizer->token_id("<|im_start|>"));
  EXPECT_EQ(parts[1].text, "user\nHi");
  EXPECT_FALSE(parts[1].token.has_value());
}

TEST(PieceCache, StaysWithinItsBoundAndForgetsTheOldest) {
  PieceCache cache(Vocabulary(), 4096);
  for (int i = 0; i < 1000; ++i) {
    cache.keep(fmt::format("piece number {:04}", i), {1, 2, 3});
    EXPECT_LE(cache.bytes(), 4096u);
  }
  EXPECT_FALSE(cache.find("piece number 0000").has_value());
  EXPECT_EQ(cache.find("piece number 0999").value(), (std::vector<TokenId>{1, 2, 3}));
}

TEST(PieceCache, IsOffWherePiecesDependOnTheirNeighbours) {
  const json::object plain{{"pre_tokenizer", json::object{{"type", "ByteLevel"}}}};
  const json::object metaspace{{"type", "Metaspace"}, {"prepend_scheme", "first"}};
  const json::object first{
      {"pre_tokenizer",
       json::object{{"type", "Sequence"}, {"pretokenizers", json::array{metaspace}}}}};
  EXPECT_TRUE(PieceCache::is_exact(small_tokenizer("byte_bpe")->vocabulary(), plain));
  EXPECT_FALSE(PieceCache::is_exact(small_tokenizer("byte_bpe")->vocabulary(), first));
  json::object about{{"decoder", nullptr}, {"pre_tokenizer", nullptr}};
  about["added_tokens"] = json::array{json::object{{"id", 0}, {"content", "x"}, {"lstrip", true}}};
  EXPECT_FALSE(PieceCache::is_exact(Vocabulary::read({}, about).value(), about));
}

}  // namespace
}  // namespace hearth::text
