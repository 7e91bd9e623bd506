// The limits of pages and states, and memory that follows use.
#include "models/cache.h"

#include <gtest/gtest.h>
#include <stdexcept>

namespace hearth::models {
namespace {

const std::vector<nn::CacheShape> kHybrid{
    {.kv = nn::KvShape{.kv_heads = 2, .head_dim = 8}},
    {.states = {{.shape = {4, 3}}}},
    {.kv = nn::KvShape{.kv_heads = 1, .head_dim = 4}, .states = {{.shape = {2}}, {.shape = {5}}}},
    {},
};
constexpr std::size_t kPageBytes = 2 * sizeof(float) * nn::kPageTokens * (2 * 8 + 1 * 4);
constexpr std::size_t kStateBytes = sizeof(float) * (4 * 3 + 2 + 5);

nn::StepBatch one_token(std::int32_t page, int state) {
  return *nn::make_step({{0}}, {{.rows = 1, .pages = {page}, .state = state}}, {});
}

/// Pages that are reserved exist one by one; others come in doubling numbers.
std::size_t held(const Cache& cache, std::size_t reserved, std::size_t grown) {
  return cache.bytes_beside_mlx() > 0 ? reserved : grown;
}

TEST(Cache, GrowsWithTheHighestNumberUsed) {
  Cache cache(kHybrid, {.pages = 100, .states = 10});
  EXPECT_EQ(cache.bytes(), 0U);
  cache.begin(one_token(0, 0));
  EXPECT_EQ(cache.bytes(), held(cache, 1, 16) * kPageBytes + 4 * kStateBytes);
  cache.begin(one_token(16, 4));
  EXPECT_EQ(cache.bytes(), held(cache, 17, 32) * kPageBytes + 8 * kStateBytes);
  EXPECT_EQ(cache.bytes_beside_mlx(), held(cache, 17, 0) * kPageBytes);
  cache.copy_pages(std::vector<PageCopy>{{.from = 3, .to = 99}});
  cache.copy_states(std::vector<StateCopy>{{.from = 0, .to = 9}});
  EXPECT_EQ(cache.bytes(), 100 * kPageBytes + 10 * kStateBytes);
}

TEST(Cache, LayersWithAWindowGrowWithTheirOwnPages) {
  const std::vector<nn::CacheShape> layers{
      {.kv = nn::KvShape{.kv_heads = 2, .head_dim = 8}},
      {.kv = nn::KvShape{.kv_heads = 1, .head_dim = 4, .window = 40}},
      {.shares = 1}};
  constexpr std::size_t kAll = sizeof(float) * nn::kPageTokens * 2 * 2 * 8;
  constexpr std::size_t kWindow = sizeof(float) * nn::kPageTokens * 2 * 1 * 4;
  Cache cache(layers, {.pages = 100, .windows = 40});
  const auto step = nn::make_step({{0}},
                                  {{.rows = 1,
                                    .cached = 100,
                                    .pages = {0, 1, 2, 60},
                                    .window_pages = {30, 2, 4},
                                    .window_first = 1}},
                                  {});
  ASSERT_TRUE(step) << step.error().message;
  cache.begin(*step);
  EXPECT_EQ(cache.bytes(), 61 * kAll + 31 * kWindow);
  cache.copy_windows(std::vector<PageCopy>{{.from = 3, .to = 39}});
  EXPECT_EQ(cache.bytes(), 61 * kAll + 40 * kWindow);
  EXPECT_THROW(cache.copy_windows(std::vector<PageCopy>{{.from = 0, .to = 40}}),
               std::invalid_argument);
  EXPECT_EQ(cache.content(std::vector<std::int32_t>{5}, -1).size(), 2U);
  const auto content = cache.content(std::vector<std::int32_t>{5, 6}, -1, nn::PageTable::Window);
  ASSERT_EQ(content.size(), 2U);
  EXPECT_EQ(content.at("layers.1.keys").shape(), (nn::mx::Shape{2 * nn::kPageTokens, 4}));
  EXPECT_EQ(cache.replace(std::vector<std::int32_t>{7, 8}, -1, content, nn::PageTable::Window), "");
  EXPECT_NE(cache.replace(std::vector<std::int32_t>{7, 8}, -1, content), "");
}

TEST(Cache, RefusesNumbersBeyondItsLimits) {
  Cache cache(kHybrid, {.pages = 3, .states = 2});
  EXPECT_THROW(cache.begin(one_token(3, 0)), std::invalid_argument);
  EXPECT_THROW(cache.begin(one_token(0, 2)), std::invalid_argument);
  EXPECT_THROW(cache.begin(one_token(0, -1)), std::invalid_argument);
  const auto copy_page = [&](std::int32_t from, std::int32_t to) {
    cache.copy_pages(std::vector<PageCopy>{{from, to}});
  };
  EXPECT_THROW(copy_page(0, 3), std::invalid_argument);
  EXPECT_THROW(copy_page(-1, 0), std::invalid_argument);
  EXPECT_THROW(cache.copy_states(std::vector<StateCopy>{{.from = 2, .to = 0}}),
               std::invalid_argument);
  EXPECT_NO_THROW(copy_page(2, 0));
}

TEST(Cache, StatesDoNotMatterWhereEveryLayerAttends) {
  Cache cache({kHybrid.front()}, {.pages = 3});
  EXPECT_NO_THROW(cache.begin(one_token(0, -1)));
  EXPECT_NO_THROW(cache.copy_states(std::vector<StateCopy>{{.from = 7, .to = 8}}));
  EXPECT_EQ(cache.arrays().size(), 2U);
}

TEST(Cache, ContentOfAnotherKindOfCacheIsRefused) {
  Cache cache(kHybrid, {.pages = 4, .states = 2});
  const std::vector<std::int32_t> page{1};
  const auto content = cache.content(page, 0);
  EXPECT_EQ(content.size(), 7U);  // two layers' keys and values, three states
  EXPECT_EQ(cache.replace(page, 1, content), "");
  EXPECT_EQ(cache.replace(page, -1, content), "it has more layers");
  EXPECT_EQ(cache.replace(std::vector<std::int32_t>{0, 1}, 1, content),
            "\"layers.0.keys\" has another shape or dtype");
  Cache attending({kHybrid.front()}, {.pages = 4});
  EXPECT_EQ(attending.replace(page, -1, content), "it has more layers");
  Cache wider({{.kv = nn::KvShape{.kv_heads = 2, .head_dim = 16}}}, {.pages = 4});
  EXPECT_EQ(wider.replace(page, -1, attending.content(page, -1)),
            "\"layers.0.keys\" has another shape or dtype");
  EXPECT_EQ(cache.replace({}, 0, {}), "it has no \"layers.1.states.0\"");
  EXPECT_THROW(cache.content(std::vector<std::int32_t>{4}, -1), std::invalid_argument);
  EXPECT_THROW(cache.content({}, 2), std::invalid_argument);
}

}  // namespace
}  // namespace hearth::models
