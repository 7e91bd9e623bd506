// Pieces of a cache, put together and taken apart.
#include "engine/prompts/cache_tensor.h"

#include <gtest/gtest.h>

namespace hearth::engine {
namespace {

CacheTensor pages(std::int32_t rows, std::vector<int> values) {
  CacheTensor tensor{.name = "keys", .dtype = "U8", .shape = {rows, 1}, .bytes = {}};
  for (const int value : values) tensor.bytes.push_back(static_cast<std::byte>(value));
  return tensor;
}

const CacheTensor kState{
    .name = "states.0", .dtype = "U8", .shape = {1, 1}, .bytes = {std::byte{9}}, .of_pages = false};

TEST(CacheTensors, PagesLieOneBehindTheOther) {
  std::vector<CacheTensor> whole{kState};
  append_pages(whole, {pages(2, {1, 2})});
  append_pages(whole, {pages(4, {3, 4, 5, 6})});
  ASSERT_EQ(whole.size(), 2U);
  EXPECT_EQ(whole[1], pages(6, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(take_pages(whole, 3, 1, 2), std::vector{pages(4, {3, 4, 5, 6})});
  EXPECT_EQ(take_pages(whole, 3, 0, 1), std::vector{pages(2, {1, 2})});
  EXPECT_EQ(take_states(whole), std::vector{kState});
}

TEST(CacheTensors, LayersWithoutRowsStayWithoutRows) {
  std::vector<CacheTensor> whole{pages(0, {})};
  append_pages(whole, {pages(0, {})});
  EXPECT_EQ(take_pages(whole, 2, 1, 1), std::vector{pages(0, {})});
}

}  // namespace
}  // namespace hearth::engine
