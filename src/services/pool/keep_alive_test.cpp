// Durations as clients send them.
#include "services/pool/keep_alive.h"

#include <gtest/gtest.h>

namespace hearth::services {
namespace {

using namespace std::chrono_literals;

TEST(KeepAlive, ReadsSecondsAndGoDurations) {
  EXPECT_EQ(parse_keep_alive("300")->after, 300s);
  EXPECT_EQ(parse_keep_alive("5m")->after, 300s);
  EXPECT_EQ(parse_keep_alive("1h30m")->after, 5400s);
  EXPECT_EQ(parse_keep_alive("1.5h")->after, 5400s);
  EXPECT_EQ(parse_keep_alive("300ms")->after, 300ms);
  EXPECT_EQ(parse_keep_alive("1m1s1ms")->after, 61001ms);
  EXPECT_EQ(parse_keep_alive("0")->after, 0ms);
  EXPECT_EQ(parse_keep_alive("0s")->after, 0ms);
  EXPECT_EQ(parse_keep_alive("+10s")->after, 10s);
}

TEST(KeepAlive, NegativeMeansForEver) {
  for (const char* text : {"-1", "-1s", "-5m", "-0.5", "9999999999"})
    EXPECT_FALSE(parse_keep_alive(text)->after.has_value()) << text;
}

TEST(KeepAlive, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "-", "m", "5 m", "5x", "1h30", "5m!", "--1", "1e3", "nan", "inf"}) {
    const auto read = parse_keep_alive(text);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::InvalidArgument);
  }
}

TEST(KeepAlive, ABodyHoldsANumberOrAText) {
  EXPECT_EQ(read_keep_alive(json::value(2.5))->after, 2500ms);
  EXPECT_EQ(read_keep_alive(json::value(0))->after, 0ms);
  EXPECT_FALSE(read_keep_alive(json::value(-1))->after.has_value());
  EXPECT_EQ(read_keep_alive(json::value("10s"))->after, 10s);
  EXPECT_FALSE(read_keep_alive(json::value(true)).has_value());
  EXPECT_FALSE(read_keep_alive(json::array{}).has_value());
}

TEST(KeepAlive, WhatIsWrittenIsReadBack) {
  for (const char* text : {"-1", "0", "1800", "1500ms"}) {
    const KeepAlive keep = *parse_keep_alive(text);
    EXPECT_EQ(keep_alive_text(keep), text);
    EXPECT_EQ(*parse_keep_alive(keep_alive_text(keep)), keep);
  }
}

}  // namespace
}  // namespace hearth::services
