// When operations are computed, and that it makes no difference to what they give.
#include "kernels/host_operation.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/random.h>
#include <mlx/transforms.h>
#include <span>
#include <stdexcept>
#include <vector>

#include "kernels/norm.h"

namespace hearth::kernels {
namespace {

namespace mx = mlx::core;

TEST(HostOperation, ComputesAtOnceWhatItsInputsAllow) {
  mx::array x = mx::random::normal({3, 64});
  x.eval();
  EXPECT_TRUE(norm(x, {}).is_available());
  const mx::array later = mx::add(x, mx::array(0.0F));
  EXPECT_FALSE(norm(later, {}).is_available());
}

TEST(HostOperation, GivesTheSameBitsAtOnceAndInAGraph) {
  mx::array x = mx::random::normal({3, 64});
  x.eval();
  auto now = norm_of_sum(x, x, {});
  auto later = norm_of_sum(mx::add(x, mx::array(0.0F)), x, {});
  EXPECT_FALSE(later.normed.is_available());
  mx::eval(later.sum, later.normed);
  EXPECT_TRUE(std::ranges::equal(std::span(now.normed.data<float>(), 192),
                                 std::span(later.normed.data<float>(), 192)));
  EXPECT_TRUE(std::ranges::equal(std::span(now.sum.data<float>(), 192),
                                 std::span(later.sum.data<float>(), 192)));
}

TEST(HostOperation, ResultsTakePartInGraphs) {
  mx::array x = mx::full({2, 4}, 3.0F);
  x.eval();
  mx::array y = mx::add(norm(x, {.epsilon = 0.0F}), mx::array(1.0F));
  y.eval();
  for (int i = 0; i < 8; ++i) EXPECT_FLOAT_EQ(y.data<float>()[i], 2.0F);
}

TEST(Reshaped, IsTheSameMemoryWhereNumbersLieInOrder) {
  mx::array x = mx::arange(0, 6, mx::float32);
  x.eval();
  mx::array view = reshaped(x, {2, 3});
  ASSERT_TRUE(view.is_available());
  EXPECT_EQ(view.data<float>(), x.data<float>());
  EXPECT_EQ(view.shape(), (mx::Shape{2, 3}));
  EXPECT_EQ(view.strides(), (mx::Strides{3, 1}));
  EXPECT_THROW(reshaped(x, {2, 4}), std::invalid_argument);
}

TEST(Reshaped, LeavesTheRestToTheGraph) {
  mx::array turned = mx::transpose(mx::reshape(mx::arange(0, 6, mx::float32), {2, 3}));
  turned.eval();
  mx::array flat = reshaped(turned, {6});
  flat.eval();
  const std::vector<float> expected{0, 3, 1, 4, 2, 5};
  EXPECT_TRUE(std::ranges::equal(std::span(flat.data<float>(), 6), expected));
}

TEST(InOrder, CopiesOnlyWhatDoesNotLieSo) {
  mx::array x = mx::reshape(mx::arange(0, 6, mx::float32), {2, 3});
  x.eval();
  EXPECT_EQ(in_order(x).id(), x.id());
  mx::array turned = mx::transpose(x);
  turned.eval();
  mx::array copy = in_order(turned);
  copy.eval();
  EXPECT_TRUE(copy.flags().row_contiguous);
  EXPECT_EQ(copy.data<float>()[1], 3.0F);
}

}  // namespace
}  // namespace hearth::kernels
