// The names of the widths, and what is said about others.
#include "kernels/activation_digits.h"

#include <gtest/gtest.h>

namespace hearth::kernels {
namespace {

TEST(ActivationDigits, AreNamedByTheirBits) {
  EXPECT_EQ(choose_digits("").value(), 1);
  EXPECT_EQ(choose_digits("24-bit").value(), 3);
  EXPECT_EQ(choose_digits("16-bit").value(), 2);
  EXPECT_EQ(choose_digits("8-bit").value(), 1);
}

TEST(ActivationDigits, OtherNamesAreAnError) {
  for (const char* wanted : {"8", "32-bit", "float"}) {
    const auto digits = choose_digits(wanted);
    ASSERT_FALSE(digits) << wanted;
    EXPECT_NE(digits.error().message.find(wanted), std::string::npos);
    EXPECT_NE(digits.error().message.find("8-bit, 16-bit or 24-bit"), std::string::npos);
  }
}

}  // namespace
}  // namespace hearth::kernels
