// A real trained model, where the shared test data is there: stories260K and its traps.
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/testing/golden.h"

namespace hearth::models::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const fs::path kStories = fs::path(HEARTH_SOURCE_DIR) / "../shared/data/stories260K";

class Stories : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kStories)) GTEST_SKIP() << "the shared test data is not on this machine";
    model_ = *load_model(kStories / "hf-f32");
    cases_ = base::parse_json(file_text(kStories / "golden.json"))->at("cases").as_array();
  }

  std::vector<float> logits(const std::vector<std::int32_t>& ids) const {
    return one_pass(*model_, ids);
  }

  std::unique_ptr<Model> model_;
  json::array cases_;
};

std::vector<std::int32_t> ids_of(const json::value& list) {
  return json::value_to<std::vector<std::int32_t>>(list);
}

/// -log softmax(row)[token]
double loss(const float* row, int vocab, std::int32_t token) {
  double sum = 0.0;
  for (int i = 0; i < vocab; ++i) sum += std::exp(double{row[i]});
  return std::log(sum) - row[token];
}

TEST_F(Stories, LastLogitsEqualTheIndependentPass) {
  for (const auto& item : cases_) {
    const auto expected = json::value_to<std::vector<float>>(item.at("last_logits"));
    const auto all = logits(ids_of(item.at("ids")));
    EXPECT_LE(largest_difference({all.end() - 512, all.end()}, expected), 1e-3F);
  }
}

TEST_F(Stories, GreedyIdsEqualTheIndependentPass) {
  for (const auto& item : cases_) {
    const auto prompt = ids_of(item.at("ids"));
    const auto expected = ids_of(item.at("greedy_ids"));
    const auto cache = model_->make_cache(16);
    std::vector<Stream> streams{{.ids = prompt, .pages = {}}};
    for (int page = 15; page >= 0; --page) streams[0].pages.push_back(page);
    int rows = static_cast<int>(prompt.size());
    std::vector<std::int32_t> greedy;
    while (greedy.size() < expected.size()) {
      greedy.push_back(argmax_rows(feed(*model_, *cache, streams, {rows}), 512).back());
      streams[0].ids.push_back(greedy.back());
      rows = 1;
    }
    EXPECT_EQ(greedy, expected);
  }
}

TEST_F(Stories, LossPerTokenEqualsTheIndependentPass) {
  for (const auto& item : cases_) {
    auto ids = ids_of(item.at("ids"));
    const auto more = ids_of(item.at("greedy_ids"));
    ids.insert(ids.end(), more.begin(), more.end());
    const auto all = logits(ids);
    const auto& expected = item.at("token_nll").as_array();
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(loss(all.data() + i * 512, 512, ids[i + 1]), expected[i].to_number<double>(),
                  1e-3);
  }
}

TEST_F(Stories, GenerationConfigNamesBothEndTokens) {
  EXPECT_THAT(model_->facts().eos_ids, ElementsAre(1, 2));
}

TEST_F(Stories, FactsAreTheDataSheets) {
  const ModelFacts& facts = model_->facts();
  EXPECT_EQ(facts.parameters, 260'032);
  EXPECT_EQ(facts.layers, 5);
  EXPECT_EQ(facts.head_dim, 8);
  EXPECT_EQ(facts.kv_heads, 4);
  EXPECT_EQ(facts.context_length, 512);
  EXPECT_TRUE(facts.tied_head);
}

TEST(StoriesTrap, AWidthThatNoGroupDividesCannotBePacked) {
  const TemporaryFolder folder;  // an inner width of 172, claimed to be packed in groups of 32
  folder.write("config.json", R"({"model_type":"llama","hidden_size":64,"intermediate_size":172,
      "num_hidden_layers":5,"num_attention_heads":8,"num_key_value_heads":4,"vocab_size":512,
      "tie_word_embeddings":true,"quantization":{"bits":8,"group_size":32}})");
  folder.write(
      "model.safetensors",
      nn::testing::safetensors({{"model.layers.0.mlp.down_proj.weight",
                                 "U32",
                                 {64, 43},
                                 std::string(std::size_t{64} * 43 * 4, '\0')},
                                nn::testing::f32("model.layers.0.mlp.down_proj.scales", {64, 5}),
                                nn::testing::f32("model.layers.0.mlp.down_proj.biases", {64, 5})}));
  const auto model = load_model(folder.path());
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::CorruptData);
}

}  // namespace
}  // namespace hearth::models::testing
