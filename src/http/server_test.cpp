// Requests and answers over real sockets: keep-alive, pipelining, limits, hosts, ids, errors.
#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>

#include "http/server_fixture.h"

namespace hearth::http::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using namespace std::chrono_literals;

Response echo(const Request& request) {
  return text(fmt::format("{} {} {}", name(request.method), request.target, request.body));
}

Router routes() {
  Router router;
  router.add({Method::Get, "/hello", [](const Request&) { return text("hello"); }});
  router.add({Method::Post, "/echo", echo, 1000});
  router.add({Method::Delete, "/echo", echo, 1000});
  router.add({Method::Get, "/things/{id...}",
              [](const Request& request) { return text(std::string(request.route_value("id"))); }});
  router.add({Method::Get, "/broken",
              [](const Request&) -> Response { throw std::runtime_error("lamp out of oil"); }});
  router.add({Method::Get, "/rude", [](const Request&) {
                auto response = text("x");
                response.headers.set("x-note", "a\r\nset-cookie: b");
                response.headers.set("content-length", "99");
                return response;
              }});
  router.add({Method::Get, "/nothing", [](const Request&) { return text("", 204); }});
  return router;
}

constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: localhost:8000\r\n\r\n";

TEST(Server, KeepsAConnectionForSeveralRequests) {
  TestServer server(routes());
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.send(kHello);
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_FALSE(answer.headers.get("connection"));
    EXPECT_EQ(answer.headers.get("content-type"), "text/plain; charset=utf-8");
  }
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  TestServer server(routes());
  RawClient client(server.port());
  std::string requests;
  for (int i = 0; i < 50; ++i)
    requests += fmt::format("GET /things/{} HTTP/1.1\r\nHost: localhost\r\n\r\n", i);
  requests += "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody";
  client.send(requests);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.read_answer().body, std::to_string(i));
  EXPECT_EQ(client.read_answer().body, "POST /echo body");
}

TEST(Server, AnswersAClientThatHasStoppedSending) {
  TestServer server(routes());
  RawClient client(server.port());
  client.send(std::string(kHello) + std::string(kHello));
  client.half_close();
  EXPECT_EQ(client.read_answer().body, "hello");
  EXPECT_EQ(client.read_answer().body, "hello");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Server, ClosesWhereTheClientAsksForIt) {
  TestServer server(routes());
  RawClient client(server.port());
  client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.headers.get("connection"), "close");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Server, SpeaksHttp10) {
  TestServer server(routes());
  RawClient once(server.port());
  once.send("GET /hello HTTP/1.0\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(once.read_answer().body, "hello");
  EXPECT_EQ(once.read_to_end(), "");

  RawClient kept(server.port());
  for (int i = 0; i < 2; ++i) {
    kept.send("GET /hello HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
    const auto answer = kept.read_answer();
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.headers.get("connection"), "keep-alive");
  }
}

TEST(Server, ReadsBodiesInPiecesAndInChunks) {
  TestServer server(routes());
  RawClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nab");
  client.send("cd");
  client.send("ef");
  EXPECT_EQ(client.read_answer().body, "POST /echo abcdef");

  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r");
  client.send("\n2\r\nde\r\n0\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "POST /echo abcde");
  client.send("DELETE /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nxy");
  EXPECT_EQ(client.read_answer().body, "DELETE /echo xy");
}

TEST(Server, RefusesBodiesOverTheRoutesLimitAndNamesIt) {
  TestServer server(routes());
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

TEST(Server, AnswersALargeRefusedUploadBeforeItHasEnded) {
  TestServer server(routes());
  RawClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n\r\n");
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 80 && client.send(piece); ++i) {
  }
  EXPECT_EQ(client.read_answer().status, 413);
}

TEST(Server, SaysContinueOnlyWhereItWantsTheBody) {
  TestServer server(routes());
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

TEST(Server, RefusesLongHeaders) {
  TestServer server(routes(), [](ServerOptions& options) { options.limits.header_bytes = 2000; });
  const auto one = server.ask("GET", "/hello", "X-Long: " + std::string(3000, 'x') + "\r\n");
  EXPECT_EQ(one.status, 431);
  EXPECT_THAT(one.body, HasSubstr("2000 bytes"));
  std::string many;
  for (int i = 0; i < 200; ++i) many += fmt::format("X-{}: 1234567890\r\n", i);
  EXPECT_EQ(server.ask("GET", "/hello", many).status, 431);
  EXPECT_EQ(server.ask("GET", "/hello", "X: " + std::string(1000, 'x') + "\r\n").status, 200);
}

TEST(Server, DropsSlowHeadersAndSlowBodiesWithAWord) {
  TestServer server(routes(), [](ServerOptions& options) {
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

TEST(Server, ClosesIdleConnectionsSilently) {
  TestServer server(routes(), [](ServerOptions& options) { options.limits.idle_timeout = 50ms; });
  RawClient client(server.port());
  client.send(kHello);
  EXPECT_EQ(client.read_answer().body, "hello");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Server, TurnsConnectionsOverTheLimitAway) {
  TestServer server(routes(), [](ServerOptions& options) { options.limits.connections = 1; });
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

TEST(Server, LetsOnlyKnownHostsIn) {
  TestServer server(routes(), [](ServerOptions& options) {
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

TEST(Server, ChecksTheHostBeforeTheRoute) {
  TestServer server(routes());
  RawClient client(server.port());
  client.send("GET /unknown HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("\"evil.example\" is not allowed"));
}

TEST(Server, TakesAbsoluteTargetsOfAllowedHostsOnly) {
  TestServer server(routes());
  EXPECT_EQ(server.ask("GET", "http://localhost:1/hello").body, "hello");
  EXPECT_EQ(server.ask("GET", "http://evil.example/hello").status, 403);
}

TEST(Server, GivesEveryAnswerARequestId) {
  TestServer server(routes());
  const auto kept = server.ask("GET", "/hello", "X-Request-ID: my-id_1.2\r\n");
  EXPECT_EQ(kept.headers.get("x-request-id"), "my-id_1.2");
  EXPECT_EQ(kept.headers.get("request-id"), "my-id_1.2");
  for (const std::string bad : {"X-Request-ID: no spaces\r\n", "X-Request-ID:\r\n", ""}) {
    const auto made = server.ask("GET", "/unknown", bad);
    EXPECT_THAT(std::string(made.headers.get("x-request-id").value_or("")),
                MatchesRegex("req_[0-9a-f]{12}"));
  }
  const auto long_id =
      server.ask("GET", "/hello", "X-Request-ID: " + std::string(129, 'a') + "\r\n");
  EXPECT_TRUE(long_id.headers.get("x-request-id")->starts_with("req_"));
}

TEST(Server, TellsUnknownPathsFromWrongMethods) {
  TestServer server(routes());
  const auto unknown = server.ask("GET", "/nowhere?key=secret");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, "unknown_route: unknown URL: GET /nowhere");
  const auto wrong = server.ask("PUT", "/echo");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.get("allow"), "POST, DELETE, OPTIONS");
  EXPECT_EQ(server.ask("BREW", "/hello").headers.get("allow"), "GET, HEAD, OPTIONS");
}

TEST(Server, AnswersOptionsAndHead) {
  TestServer server(routes());
  const auto options = server.ask("OPTIONS", "/echo");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.get("allow"), "POST, DELETE, OPTIONS");
  EXPECT_EQ(server.ask("OPTIONS", "*").status, 204);
  EXPECT_EQ(server.ask("OPTIONS", "/nowhere").status, 404);

  RawClient client(server.port());
  client.send("HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto head = client.read_answer(/*to_head=*/true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.get("content-length"), "5");
  client.send(kHello);
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST(Server, SendsNoBodyWithNoContent) {
  TestServer server(routes());
  RawClient client(server.port());
  client.send("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto nothing = client.read_answer();
  EXPECT_EQ(nothing.status, 204);
  EXPECT_FALSE(nothing.headers.get("content-length"));
  client.send(kHello);
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST(Server, AHandlerThatThrowsIsAn500WithoutDetails) {
  TestServer server(routes());
  RawClient client(server.port());
  client.send("GET /broken HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: lamp\r\n\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("internal"));
  EXPECT_THAT(answer.body, HasSubstr("lamp"));
  EXPECT_THAT(answer.body, ::testing::Not(HasSubstr("oil")));
  client.send(kHello);
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST(Server, AHandlerCannotBreakTheFraming) {
  TestServer server(routes());
  const auto answer = server.ask("GET", "/rude");
  EXPECT_EQ(answer.headers.get("x-note"), "a  set-cookie: b");
  EXPECT_EQ(answer.headers.count("content-length"), 1);
  EXPECT_EQ(answer.body, "x");
}

TEST(Server, RefusesBadPercentEncoding) {
  TestServer server(routes());
  const auto answer = server.ask("GET", "/things/50%zz");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("\"%zz\""));
  EXPECT_EQ(server.ask("GET", "/things/org%2Fname").body, "org/name");
  EXPECT_EQ(server.ask("GET", "/things/a/../b").status, 400);
}

TEST(Server, ReportsEveryRequestWithoutItsQuery) {
  TestServer server(routes());
  server.ask("GET", "/things/a?key=secret", "X-Request-ID: one\r\n");
  const auto found = server.record("one");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->target, "/things/a");
  EXPECT_EQ(found->route, "/things/{id...}");
  EXPECT_EQ(found->status, 200);
  EXPECT_EQ(found->method, Method::Get);
  EXPECT_EQ(found->remote, "127.0.0.1");
  EXPECT_GT(found->bytes_sent, 1U);
  EXPECT_FALSE(found->client_left);

  server.ask("GET", "/nowhere", "X-Request-ID: two\r\n");
  const auto unknown = server.record("two");
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->status, 404);
  EXPECT_EQ(unknown->route, "");
}

TEST(Server, NamesAPortInUseAndWhatToDo) {
  TestServer first(routes());
  ServerOptions options;
  options.port = first.port();
  const auto second = Server::listen(options, routes(), write_test_error);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Io);
  EXPECT_EQ(second.error().message,
            fmt::format("cannot listen on 127.0.0.1:{0}: port {0} is already in use: stop the "
                        "program that holds it, or choose another port",
                        first.port()));
}

TEST(Server, NamesAnAddressThatIsNotOurs) {
  ServerOptions options;
  options.host = "192.0.2.1";  // reserved for documentation
  const auto server = Server::listen(options, routes(), write_test_error);
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error().message, HasSubstr("no network interface"));
}

TEST(Server, ServesManyThreadsOfClients) {
  TestServer server(routes());
  std::vector<std::thread> clients;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i)
    clients.emplace_back([&] {
      RawClient client(server.port());
      for (int n = 0; n < 100; ++n) {
        client.send(kHello);
        if (client.read_answer().body == "hello") ++right;
      }
    });
  for (auto& client : clients) client.join();
  EXPECT_EQ(right, 800);
}

}  // namespace
}  // namespace hearth::http::testing
