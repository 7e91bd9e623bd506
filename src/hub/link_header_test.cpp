// Link headers as servers write them.
#include "hub/link_header.h"

#include <gtest/gtest.h>

namespace hearth::hub {
namespace {

TEST(NextPage, FindsIt) {
  EXPECT_EQ(next_page(R"(<https://h/api?cursor=a%3D,b>; rel="next")"),
            "https://h/api?cursor=a%3D,b");
  EXPECT_EQ(next_page(R"(</first>; rel=first, </second>; title="a, b"; REL=Next)"), "/second");
  EXPECT_EQ(next_page(R"(</x>; rel="last next")"), "/x");
}

TEST(NextPage, OrNothing) {
  for (const auto* header : {"", "<", "</x>", R"(</x>; rel="prev")", R"(</x>; rel="nextish")",
                             R"(</x>; title="rel=next")"})
    EXPECT_FALSE(next_page(header)) << header;
}

}  // namespace
}  // namespace hearth::hub
