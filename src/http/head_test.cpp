// The bytes of an answer's first lines.
#include "http/head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Head, WritesStatusFieldsAndLength) {
  const auto head = write_head(json("{}", 404), {.length = 2, .request_id = "req_1"});
  EXPECT_THAT(head,
              ::testing::StartsWith("HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\n"
                                    "content-length: 2\r\ndate: "));
  EXPECT_THAT(head, ::testing::EndsWith("x-request-id: req_1\r\nrequest-id: req_1\r\n\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("connection")));
}

TEST(Head, SaysHowTheBodyEndsAndTheConnectionGoesOn) {
  const auto head = [](Framing framing, bool http10, bool keep_alive) {
    return write_head(Response(), {.framing = framing, .http10 = http10, .keep_alive = keep_alive});
  };
  EXPECT_THAT(head(Framing::Chunked, false, true), HasSubstr("transfer-encoding: chunked\r\n"));
  EXPECT_THAT(head(Framing::NoBody, false, true), Not(HasSubstr("content-length")));
  EXPECT_THAT(head(Framing::UntilClose, true, false), HasSubstr("connection: close\r\n"));
  EXPECT_THAT(head(Framing::Length, true, true), HasSubstr("connection: keep-alive\r\n"));
}

TEST(Head, DatesAreThoseOfTheRfc) {
  EXPECT_EQ(http_date(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110, 5.6.7
  EXPECT_EQ(http_date(951'782'400), "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST(Headers, CompareNamesWithoutCase) {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("ACCEPT", "b");
  EXPECT_EQ(headers.get("accept"), "a");
  EXPECT_EQ(headers.count("aCCept"), 2U);
  headers.set("accept", "c");
  EXPECT_EQ(headers.count("Accept"), 1U);
  EXPECT_EQ(headers.get("Accept"), "c");
  headers.remove("ACCEPT");
  EXPECT_FALSE(headers.get("accept"));
}

TEST(Headers, MethodsAreKnownByTheirExactNames) {
  for (const auto method : {Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch,
                            Method::Delete, Method::Options})
    EXPECT_EQ(method_named(name(method)), method);
  for (const auto* other : {"get", "TRACE", "CONNECT", "OTHER", ""})
    EXPECT_EQ(method_named(other), Method::Other);
}

}  // namespace
}  // namespace hearth::http
