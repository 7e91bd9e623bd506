// Damaged requests against the real server: it always answers or closes, and goes on serving.
#include <gtest/gtest.h>
#include <random>

#include "http/server_fixture.h"

namespace hearth::http::testing {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

const std::vector<std::string>& seeds() {
  const auto post = [](std::string_view fields, std::string_view body) {
    return fmt::format("POST /echo HTTP/1.1\r\nHost: localhost\r\n{}\r\n\r\n{}", fields, body);
  };
  static const std::vector<std::string> all = {
      "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
      post("Content-Length: 11", "hello world"),
      post("Transfer-Encoding: chunked",
           "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n"),
      post("Expect: 100-continue\r\nContent-Length: 2", "ab"),
      "GET /hello?a=%20b&c HTTP/1.0\r\nHost: [::1]:80\r\nConnection: keep-alive\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\nHEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
  };
  return all;
}

/// Changes, drops, doubles or inserts a few bytes; the same generator state gives the same damage.
std::string damaged(std::string text, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return random() % std::max<std::size_t>(bound, 1); };
  static constexpr std::string_view kSpice = "\r\n:;, \t\0%/*0aZ-\377"sv;
  for (std::size_t change = 0, changes = 1 + below(4); change < changes; ++change) {
    const std::size_t at = below(text.size());
    switch (below(5)) {
      case 0:
        text[at] = kSpice[below(kSpice.size())];
        break;
      case 1:
        text.erase(at, 1 + below(8));
        break;
      case 2:
        text.insert(at, text.substr(below(text.size()), 1 + below(20)));
        break;
      case 3:
        text.insert(at, 1, kSpice[below(kSpice.size())]);
        break;
      default:
        text[at] = static_cast<char>(random());
    }
    if (text.empty()) text = "x";
  }
  return text;
}

TEST(Framing, DamagedRequestsAreAnsweredOrClosed) {
  Router router;
  router.add({Method::Get, "/hello", [](const Request&) { return text("hello"); }});
  router.add(
      {Method::Post, "/echo", [](const Request& request) { return text(request.body); }, 64});
  TestServer server(std::move(router), [](ServerOptions& options) {
    options.limits.header_timeout = 1s;
    options.limits.body_timeout = 1s;
    options.limits.idle_timeout = 1s;
  });
  std::mt19937 random(20'260'101);
  for (int round = 0; round < 2000; ++round) {
    const auto request = damaged(seeds()[random() % seeds().size()], random);
    RawClient client(server.port());
    if (!client.send(request)) continue;
    client.half_close();  // so that nothing waits for bytes that will not come
    const auto answer = client.read_to_end();
    if (!answer.empty())
      EXPECT_TRUE(answer.starts_with("HTTP/1.1 ")) << request << "\n->\n" << answer;
    if (HasFailure()) return;
  }
  EXPECT_EQ(server.ask("GET", "/hello").body, "hello");
}

}  // namespace
}  // namespace hearth::http::testing
