// Requests and answers over real sockets: keep-alive, pipelining, ids, errors, methods.
#include "http/server.h"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "http/server_fixture.h"

namespace hearth::http::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

TEST(Server, KeepsAConnectionForSeveralRequests) {
  TestServer server(sample_routes());
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
  TestServer server(sample_routes());
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
  TestServer server(sample_routes());
  RawClient client(server.port());
  client.send(std::string(kHello) + std::string(kHello));
  client.half_close();
  EXPECT_EQ(client.read_answer().body, "hello");
  EXPECT_EQ(client.read_answer().body, "hello");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Server, ClosesWhereTheClientAsksForIt) {
  TestServer server(sample_routes());
  RawClient client(server.port());
  client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.headers.get("connection"), "close");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Server, SpeaksHttp10) {
  TestServer server(sample_routes());
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
  TestServer server(sample_routes());
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

TEST(Server, GivesEveryAnswerARequestId) {
  TestServer server(sample_routes());
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
  TestServer server(sample_routes());
  const auto unknown = server.ask("GET", "/nowhere?key=secret");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, "unknown_route: unknown URL: GET /nowhere");
  const auto wrong = server.ask("PUT", "/echo");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.get("allow"), "POST, DELETE, OPTIONS");
  EXPECT_EQ(server.ask("BREW", "/hello").headers.get("allow"), "GET, HEAD, OPTIONS");
}

TEST(Server, AnswersOptionsAndHead) {
  TestServer server(sample_routes());
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
  TestServer server(sample_routes());
  RawClient client(server.port());
  client.send("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto nothing = client.read_answer();
  EXPECT_EQ(nothing.status, 204);
  EXPECT_FALSE(nothing.headers.get("content-length"));
  client.send(kHello);
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST(Server, AHandlerThatThrowsIsAn500WithoutDetails) {
  TestServer server(sample_routes());
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
  TestServer server(sample_routes());
  const auto answer = server.ask("GET", "/rude");
  EXPECT_EQ(answer.headers.get("x-note"), "a  set-cookie: b");
  EXPECT_EQ(answer.headers.count("content-length"), 1);
  EXPECT_EQ(answer.body, "x");
}

TEST(Server, ReportsEveryRequestWithoutItsQuery) {
  TestServer server(sample_routes());
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
  TestServer first(sample_routes());
  ServerOptions options;
  options.port = first.port();
  const auto second = Server::listen(options, sample_routes(), write_test_error);
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
  const auto server = Server::listen(options, sample_routes(), write_test_error);
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error().message, HasSubstr("no network interface"));
  options.host = "";
  EXPECT_FALSE(Server::listen(options, sample_routes(), write_test_error));
  options.host = "no such host";
  EXPECT_THAT(Server::listen(options, sample_routes(), write_test_error).error().message,
              HasSubstr("\"no such host\""));
}

TEST(Server, ServesManyThreadsOfClients) {
  TestServer server(sample_routes());
  constexpr int kClients = 8;
  std::vector<std::thread> clients;
  clients.reserve(kClients);
  std::atomic<int> right = 0;
  for (int i = 0; i < kClients; ++i)
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
