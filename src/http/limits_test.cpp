// What the server refuses over real sockets: too long, too slow, too many, strange hosts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server.h"
#include "http/server_fixture.h"

namespace hearth::http::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

TEST(Limits, RefusesBodiesOverTheRoutesLimitAndNamesIt) {
  TestServer server(sample_routes());
  const auto announced = server.ask("POST", "/echo", {}, std::string(1001, 'x'));
  EXPECT_EQ(announced.status, 413);
  EXPECT_THAT(announced.body, HasSubstr("1001 bytes, but this endpoint takes at most 1000"));
  EXPECT_EQ(announced.headers.get("connection"), "close");

  RawClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 11; ++i) client.send("64\r\n" + std::string(100, 'x') + "\r\n");
  const auto grown = client.read_answer();
  EXPECT_EQ(grown.status, 413);
  EXPECT_THAT(grown.body, HasSubstr("1000 bytes"));
  EXPECT_EQ(server.ask("POST", "/echo", {}, std::string(1000, 'x')).status, 200);
}

TEST(Limits, AnswersALargeRefusedUploadBeforeItHasEnded) {
  TestServer server(sample_routes());
  RawClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n\r\n");
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 80 && client.send(piece); ++i) {
  }
  EXPECT_EQ(client.read_answer().status, 413);
}

TEST(Limits, SaysContinueOnlyWhereItWantsTheBody) {
  TestServer server(sample_routes());
  RawClient client(server.port());
  const std::string_view head =
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: ";
  client.send(std::string(head) + "4\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  client.send("body");
  EXPECT_EQ(client.read_answer().body, "POST /echo body");

  client.send(std::string(head) + "4000\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 413);
  EXPECT_EQ(client.read_to_end(), "");
  const auto odd = server.ask("GET", "/hello", "Expect: a miracle\r\n");
  EXPECT_EQ(odd.status, 417);
}

TEST(Limits, RefusesLongHeaders) {
  TestServer server(sample_routes(),
                    [](ServerOptions& options) { options.limits.header_bytes = 2000; });
  const auto one = server.ask("GET", "/hello", "X-Long: " + std::string(3000, 'x') + "\r\n");
  EXPECT_EQ(one.status, 431);
  EXPECT_THAT(one.body, HasSubstr("2000 bytes"));
  std::string many;
  for (int i = 0; i < 200; ++i) many += fmt::format("X-{}: 1234567890\r\n", i);
  EXPECT_EQ(server.ask("GET", "/hello", many).status, 431);
  EXPECT_EQ(server.ask("GET", "/hello", "X: " + std::string(1000, 'x') + "\r\n").status, 200);
}

TEST(Limits, DropsSlowHeadersAndSlowBodiesWithAWord) {
  TestServer server(sample_routes(), [](ServerOptions& options) {
    options.limits.header_timeout = 50ms;
    options.limits.body_timeout = 50ms;
  });
  RawClient header(server.port());
  header.send("GET /hello HT");
  const auto slow_header = header.read_answer();
  EXPECT_EQ(slow_header.status, 408);
  EXPECT_THAT(slow_header.body, HasSubstr("headers did not arrive within 50 ms"));

  RawClient body(server.port());
  body.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nab");
  const auto slow_body = body.read_answer();
  EXPECT_EQ(slow_body.status, 408);
  EXPECT_THAT(slow_body.body, HasSubstr("body did not arrive within 50 ms"));
}

TEST(Limits, ClosesIdleConnectionsSilently) {
  TestServer server(sample_routes(),
                    [](ServerOptions& options) { options.limits.idle_timeout = 50ms; });
  RawClient client(server.port());
  client.send(kHello);
  EXPECT_EQ(client.read_answer().body, "hello");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Limits, TurnsConnectionsOverTheLimitAway) {
  TestServer server(sample_routes(),
                    [](ServerOptions& options) { options.limits.connections = 1; });
  RawClient first(server.port());
  first.send(kHello);
  EXPECT_EQ(first.read_answer().status, 200);
  RawClient second(server.port());
  const auto refused = second.read_answer();
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("too many open connections"));
  first.send(kHello);
  EXPECT_EQ(first.read_answer().status, 200);
}

TEST(Limits, LetsOnlyKnownHostsIn) {
  TestServer server(sample_routes(), [](ServerOptions& options) {
    options.allowed_hosts = {"hearth.example", "*.lan.example"};
  });
  const auto status = [&](std::string_view host) {
    RawClient client(server.port());
    client.send(fmt::format("GET /hello HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", host));
    return client.read_answer().status;
  };
  EXPECT_EQ(status("localhost"), 200);
  EXPECT_EQ(status("app.localhost:8000"), 200);
  EXPECT_EQ(status("127.0.0.1:8000"), 200);
  EXPECT_EQ(status("[::1]:8000"), 200);
  EXPECT_EQ(status("HEARTH.example."), 200);
  EXPECT_EQ(status("a.lan.example"), 200);
  EXPECT_EQ(status("evil.example"), 403);
  EXPECT_EQ(status("localhost.evil.example"), 403);
  EXPECT_EQ(status("192.168.1.5"), 403);
  EXPECT_EQ(status(""), 400);
  EXPECT_EQ(status("a b"), 400);
}

TEST(Limits, ChecksTheHostBeforeTheRoute) {
  TestServer server(sample_routes());
  RawClient client(server.port());
  client.send("GET /unknown HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("\"evil.example\" is not allowed"));
}

TEST(Limits, TakesAbsoluteTargetsOfAllowedHostsOnly) {
  TestServer server(sample_routes());
  EXPECT_EQ(server.ask("GET", "http://localhost:1/hello").body, "hello");
  EXPECT_EQ(server.ask("GET", "http://evil.example/hello").status, 403);
}

TEST(Limits, RefusesBadPercentEncoding) {
  TestServer server(sample_routes());
  const auto answer = server.ask("GET", "/things/50%zz");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("\"%zz\""));
  EXPECT_EQ(server.ask("GET", "/things/org%2Fname").body, "org/name");
  EXPECT_EQ(server.ask("GET", "/things/a/../b").status, 400);
}

}  // namespace
}  // namespace hearth::http::testing
