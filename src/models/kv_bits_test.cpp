// Packed keys and values: whatever is lost is lost once, and alike however the tokens arrive.
#include <algorithm>
#include <gtest/gtest.h>

#include "models/testing/golden.h"

namespace hearth::models::testing {
namespace {

struct Case {
  const char* golden;
  int bits;
};

/// Windows, sinks, a head that fills no group of its own, and the plain kind.
class KvBits : public ::testing::TestWithParam<Case> {
 protected:
  KvBits() : golden_(read_golden(GetParam().golden)) {
    write_checkpoint(folder_, golden_);
    plain_ = load(0);
    packed_ = load(GetParam().bits);
    while (golden_.ids.size() < 70)  // three pages
      golden_.ids.push_back(golden_.ids[golden_.ids.size() % 13]);
  }

  std::unique_ptr<Model> load(int bits) {
    auto model = load_model(folder_.path(), {.kv_bits = bits});
    EXPECT_TRUE(model) << model.error().message;
    return model ? *std::move(model) : nullptr;
  }

  Golden golden_;
  TemporaryFolder folder_;
  std::unique_ptr<Model> plain_, packed_;
};

TEST_P(KvBits, LogitsStayClose) {
  const auto expected = one_pass(*plain_, golden_.ids);
  const auto logits = one_pass(*packed_, golden_.ids);
  std::vector<float> errors;
  errors.reserve(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) errors.push_back(logits[i] - expected[i]);
  const float share = standard_deviation(errors) / standard_deviation(expected);
  RecordProperty("error_per_std", fmt::format("{:.4f}", share));
  const float most = GetParam().bits == 16 ? 0.001F : GetParam().bits == 8 ? 0.02F : 0.3F;
  EXPECT_LE(share, most);
  EXPECT_GT(share, 0.0F) << "they are packed at all";
  EXPECT_LT(packed_->page_bytes(), plain_->page_bytes());
}

TEST_P(KvBits, ChunksEqualOnePass) {
  const auto whole = one_pass(*packed_, golden_.ids);
  for (const int chunk : {1, 9, 40}) {
    auto cache = packed_->make_cache(8);
    std::vector<Stream> streams{{.ids = golden_.ids, .pages = {5, 2, 7}}};
    std::vector<float> pieces;
    for (int left = std::ssize(golden_.ids); left > 0; left -= chunk) {
      const auto piece = feed(*packed_, *cache, streams, {std::min(chunk, left)});
      pieces.insert(pieces.end(), piece.begin(), piece.end());
    }
    // A key that lies between two codes may fall to either: one code's step in one place.
    EXPECT_LE(largest_difference(pieces, whole), 0.05F * standard_deviation(whole)) << chunk;
  }
}

TEST_P(KvBits, ACopiedPageServesAnotherSequence) {
  auto cache = packed_->make_cache(8);
  std::vector<Stream> streams{{.ids = golden_.ids, .pages = {0, 1, 2}}};
  feed(*packed_, *cache, streams, {40});
  cache->copy_pages(std::vector<PageCopy>{{.from = 1, .to = 4}});
  std::vector<Stream> other{{.ids = golden_.ids, .pages = {0, 4, 5}, .cached = 40}};
  const auto copied = feed(*packed_, *cache, other, {30});
  EXPECT_EQ(copied, feed(*packed_, *cache, streams, {30}));
}

INSTANTIATE_TEST_SUITE_P(Golden, KvBits,
                         ::testing::Values(Case{"qwen3/plain", 16}, Case{"gpt_oss/plain", 16},
                                           Case{"mistral/window", 16}, Case{"qwen3/plain", 8},
                                           Case{"qwen3/plain", 4}, Case{"llama/wide_heads", 8},
                                           Case{"mistral/window", 4}, Case{"gpt_oss/plain", 8},
                                           Case{"gpt_oss/plain", 4}));

TEST(KvBits, OtherWidthsAreRefused) {
  const auto model = load_model("anywhere", {.kv_bits = 3});
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::UnsupportedArgument);
}

}  // namespace
}  // namespace hearth::models::testing
