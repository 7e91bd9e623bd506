// Errors, results, ids and the mailbox.
#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "base/id.h"
#include "base/mailbox.h"
#include "base/result.h"
#include "base/thread.h"

namespace hearth::base {
namespace {

Result<int> half(int x) {
  if (x % 2 != 0) return fail(ErrorCode::InvalidArgument, "{} is odd", x);
  return x / 2;
}

Result<int> quarter(int x) {
  return TRY_IN("quarter", half(TRY(half(x))));
}

TEST(Result, TryHandsUpValuesAndErrors) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(7).error().message, "7 is odd");
  EXPECT_EQ(quarter(6).error().message, "quarter: 3 is odd");
}

TEST(Error, NamesAreUniqueAndReversible) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(ErrorCode::CorruptData); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    EXPECT_EQ(error_code(name(code)), code);
    EXPECT_TRUE(names.insert(name(code)).second) << name(code);
  }
}

TEST(Error, FoldNamesEveryFieldAndTheFirstAsParam) {
  const Error error =
      fold({{"model", "is required", ErrorCode::MissingArgument}, {"n", "must be 1"}});
  EXPECT_EQ(error.param, "model");
  EXPECT_EQ(error.message, "model: is required; n: must be 1");
}

TEST(Id, HasPrefixAndFreshHexDigits) {
  const std::string id = random_id("req_", 12);
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef", 4), std::string::npos);
  EXPECT_NE(random_id("x"), random_id("x"));
}

TEST(Mailbox, KeepsTheOrderOfEachSenderAndEndsOnClose) {
  Mailbox<int> box;
  Thread sender("sender", [&] {
    for (int i = 0; i < 1000; ++i) box.post(i);
    box.close();
  });
  int expected = 0;
  while (const auto message = box.wait()) EXPECT_EQ(*message, expected++);
  EXPECT_EQ(expected, 1000);
  EXPECT_FALSE(box.post(1));
}

}  // namespace
}  // namespace hearth::base
