// Requests out of bytes: any split gives the same, and what could be smuggled is refused.
#include "http/request_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::http {
namespace {

using ::testing::HasSubstr;
using State = RequestParser::State;

/// A parser that has eaten `bytes` in pieces of `step`, with a body limit of 1000.
struct Parsed {
  explicit Parsed(std::string_view bytes, std::size_t step = SIZE_MAX,
                  std::size_t head_limit = 4096)
      : parser(head_limit) {
    std::string inbox;
    bool limited = false;
    while (true) {
      const auto piece = bytes.substr(0, step);
      bytes.remove_prefix(piece.size());
      inbox += piece;
      std::size_t used = 0;
      do {
        used = running() ? parser.feed(inbox) : 0;
        inbox.erase(0, used);
        if (parser.state() == State::Body && !std::exchange(limited, true)) parser.limit_body(1000);
      } while (used > 0 && running());
      if (bytes.empty() || !running()) break;
    }
    rest = inbox + std::string(bytes);
  }

  bool running() const { return parser.state() == State::Head || parser.state() == State::Body; }
  State state() const { return parser.state(); }
  int status() const { return parser.fault().status; }

  RequestParser parser;
  std::string rest;
};

constexpr std::string_view kPost =
    "POST /v1/x?y=z HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhelloGET /";
constexpr std::string_view kChunked =
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n"
    "5;name=\"v\"\r\nhello\r\nA\r\n 123456789\r\n0\r\nX-Trailer: no\r\n\r\nNEXT";

TEST(RequestParser, AnySplitGivesTheSame) {
  for (std::size_t step = 1; step <= kPost.size(); ++step) {
    Parsed parsed(kPost, step);
    ASSERT_EQ(parsed.state(), State::Done) << step;
    const auto& request = parsed.parser.request();
    EXPECT_EQ(request.method, Method::Post);
    EXPECT_EQ(request.target, "/v1/x?y=z");
    EXPECT_EQ(request.headers.get("x-a"), "1");
    EXPECT_EQ(request.body, "hello");
    EXPECT_EQ(parsed.rest, "GET /");
    EXPECT_TRUE(parsed.parser.keep_alive());
  }
}

TEST(RequestParser, ReadsChunksWhateverTheSplitAndDropsTrailers) {
  for (std::size_t step = 1; step <= kChunked.size(); ++step) {
    Parsed parsed(kChunked, step);
    ASSERT_EQ(parsed.state(), State::Done) << step << ": " << parsed.parser.fault().error.message;
    EXPECT_EQ(parsed.parser.request().body, "hello 123456789");
    EXPECT_FALSE(parsed.parser.request().headers.get("x-trailer"));
    EXPECT_EQ(parsed.rest, "NEXT");
  }
}

TEST(RequestParser, KnowsWhoWantsToStay) {
  const auto stays = [](std::string_view head) { return Parsed(head).parser.keep_alive(); };
  EXPECT_TRUE(stays("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(stays("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(stays("GET / HTTP/1.0\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(stays("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestParser, SkipsEmptyLinesBeforeARequest) {
  EXPECT_EQ(Parsed("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").state(), State::Done);
}

TEST(RequestParser, RefusesAmbiguousFraming) {
  const std::string_view head = "POST / HTTP/1.1\r\nHost: a\r\n";
  for (const std::string_view fields : {
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nContent-Length: 6\r\n",
           "Content-Length: 5\r\nContent-Length: 5\r\n",
           "Content-Length: 5, 6\r\n",
           "Content-Length: -1\r\n",
           "Content-Length: +5\r\n",
           "Content-Length: 0x5\r\n",
           "Content-Length: 5 5\r\n",
           "Content-Length:\r\n",
           "Content-Length: 99999999999999999999999\r\n",
           "Transfer-Encoding: gzip\r\n",
           "Transfer-Encoding: chunked, gzip\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
           "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: xchunked\r\n",
           "Transfer-Encoding : chunked\r\n",
           "Transfer-Encoding:\013chunked\r\n",
           "Host: b\r\n",
           " X: folded\r\n",
           "X: a\r\n\tfolded\r\n",
           "X\r\n",
           "X: a\nY: b\r\n",
           "X: a\rb\r\n",
           ": empty\r\n",
       }) {
    const Parsed parsed(std::string(head) + std::string(fields) + "\r\nhello");
    EXPECT_EQ(parsed.state(), State::Failed) << fields;
    EXPECT_EQ(parsed.parser.fault().error.code, ErrorCode::InvalidArgument) << fields;
  }
}

TEST(RequestParser, RefusesChunksOverHttp10) {
  EXPECT_EQ(Parsed("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").state(),
            State::Failed);
}

TEST(RequestParser, RefusesBrokenRequestLines) {
  for (const std::string_view line :
       {"GET /\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "G@T / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\n\n",
        "GET / HTTP/x.y\r\n\r\n", " GET / HTTP/1.1\r\n\r\n", "GET / a HTTP/1.1\r\n\r\n"})
    EXPECT_EQ(Parsed(line).state(), State::Failed) << line;
  EXPECT_EQ(Parsed("GET / HTTP/2.0\r\n\r\n").status(), 505);
  EXPECT_EQ(Parsed("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status(), 505);
}

TEST(RequestParser, RefusesBrokenChunks) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string_view body :
       {"x\r\n", "-1\r\n", "5\r\nhelloXYZW", "5 \r\nhello\r\n", "fffffffffffffffff\r\n",
        "5;\r\nhello\r\n", "\r\n", "0\r\nContent-Length: 3\r\n\r\n", "0\r\nbad trailer\r\n\r\n"})
    EXPECT_EQ(Parsed(head + std::string(body)).state(), State::Failed) << body;
}

TEST(RequestParser, LimitsHeadAndBody) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  EXPECT_EQ(Parsed(head + std::string(600, 'x'), SIZE_MAX, 500).status(), 431);
  EXPECT_EQ(Parsed(head + std::string(600, 'x') + "\r\n\r\n", SIZE_MAX, 500).status(), 431);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 100; ++i) many += "X: 12345\r\n";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{SIZE_MAX}})
    EXPECT_EQ(Parsed(many, step, 500).status(), 431) << step;

  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const Parsed announced(post + "Content-Length: 1001\r\n\r\n");
  EXPECT_EQ(announced.parser.fault().error.code, ErrorCode::TooLarge);
  const Parsed huge_chunk(post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n");
  EXPECT_EQ(huge_chunk.parser.fault().error.code, ErrorCode::TooLarge);
  const Parsed endless_extension(post + "Transfer-Encoding: chunked\r\n\r\n5;" +
                                 std::string(5000, 'x'));
  EXPECT_EQ(endless_extension.state(), State::Failed);
  std::string trailers = post + "Transfer-Encoding: chunked\r\n\r\n0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "X: 12345\r\n";
  EXPECT_EQ(Parsed(trailers).state(), State::Failed);
}

TEST(RequestParser, KnowsExpectations) {
  Parsed parsed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_TRUE(parsed.parser.expects_continue());
  EXPECT_EQ(Parsed("GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n").status(), 417);
}

}  // namespace
}  // namespace hearth::http
