// Rows by expert, in order and out of it.
#include "kernels/expert_rows.h"

#include <gmock/gmock.h>
#include <tuple>
#include <vector>

namespace hearth::kernels {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Group = std::tuple<int, int, int>;

std::vector<Group> groups_of(const RowsByExpert& rows) {
  std::vector<Group> groups;
  groups.reserve(rows.groups.size());
  for (const ExpertGroup& group : rows.groups)
    groups.emplace_back(group.expert, group.first, group.count);
  return groups;
}

TEST(RowsByExpert, RowsOfOneExpertComeTogetherInTheirOrder) {
  const std::vector<std::uint32_t> experts{3, 0, 3, 5, 0, 3};
  const RowsByExpert rows = rows_by_expert(experts, 6);
  EXPECT_THAT(groups_of(rows), ElementsAre(Group{0, 0, 2}, Group{3, 2, 3}, Group{5, 5, 1}));
  EXPECT_THAT(rows.order, ElementsAre(1, 4, 0, 2, 5, 3));
}

TEST(RowsByExpert, RowsThatAreInOrderStayInPlace) {
  const std::vector<std::uint32_t> experts{1, 1, 2, 7};
  const RowsByExpert rows = rows_by_expert(experts, 8);
  EXPECT_THAT(groups_of(rows), ElementsAre(Group{1, 0, 2}, Group{2, 2, 1}, Group{7, 3, 1}));
  EXPECT_THAT(rows.order, IsEmpty());
}

TEST(RowsByExpert, NoRowsMeetNobody) {
  const RowsByExpert rows = rows_by_expert({}, 4);
  EXPECT_THAT(rows.groups, IsEmpty());
  EXPECT_THAT(rows.order, IsEmpty());
}

}  // namespace
}  // namespace hearth::kernels
