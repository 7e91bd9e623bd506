// JSON text: escapes, numbers, depth, and what is refused.
#include "base/json.h"

#include <gtest/gtest.h>
#include <limits>
#include <string>

namespace hearth::base {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string number(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

TEST(Json, EscapesWhatCutsEventStreams) {
  EXPECT_EQ(quoted("a\"b\\c\n\t\x01"), R"("a\"b\\c\n\t\u0001")");
  EXPECT_EQ(quoted("\xC2\x85|\xE2\x80\xA8|\xE2\x80\xA9"), R"("\u0085|\u2028|\u2029")");
  EXPECT_EQ(quoted("h\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
            "\"h\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}

TEST(Json, InvalidBytesBecomeReplacementCharacters) {
  EXPECT_EQ(quoted("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(quoted("\xF0\x9F\x98"), "\"\xEF\xBF\xBD\"");  // cut off: one replacement
  EXPECT_EQ(quoted("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");  // a surrogate
}

TEST(Json, NumbersReadAsPeopleWriteThem) {
  EXPECT_EQ(number(0.7), "0.7");
  EXPECT_EQ(number(2.0), "2");
  EXPECT_EQ(number(-9999.0), "-9999");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "null");
}

TEST(Json, KeepsMemberOrderAndRoundTrips) {
  const std::string text = R"({"z":1,"a":[true,null,-2,"x"],"m":{"k":0.5}})";
  EXPECT_EQ(write_json(parse_json(text).value()), text);
}

TEST(Json, NamesThePlaceOfAFault) {
  const auto result = parse_json(R"({"a": tru})");
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("not valid JSON at byte"), std::string::npos);
  EXPECT_FALSE(parse_json("{} {}"));
  EXPECT_FALSE(parse_json(""));
}

TEST(Json, NestsDeeplyButNotForEver) {
  EXPECT_TRUE(parse_json(std::string(100, '[') + std::string(100, ']')));
  EXPECT_FALSE(parse_json(std::string(200, '[') + std::string(200, ']')));
}

}  // namespace
}  // namespace hearth::base
