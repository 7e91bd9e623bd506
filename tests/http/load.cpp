// Thousands of slow readers of event streams, held open, while a small route must answer every
// time.
//
// Prints how long the answers took; judges only that all came. Exits with 77 (skipped) where this
// process may not open enough files.
#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/clock.h"
#include "http/client.h"
#include "http/server.h"

namespace http = hearth::http;
using namespace std::chrono_literals;

namespace {

constexpr int kProbes = 300;
constexpr std::size_t kEventBytes = 200;

/// Who is to be woken when there is something for all.
class Audience {
 public:
  void join(http::Waker waker) {
    const std::lock_guard lock(mutex_);
    wakers_.push_back(std::move(waker));
  }
  void wake_all() {
    const std::lock_guard lock(mutex_);
    for (const auto& waker : wakers_) waker();
  }
  std::atomic<int> listening = 0;

 private:
  std::mutex mutex_;
  std::vector<http::Waker> wakers_;  // guarded by mutex_
};

/// One event per wake.
class Ticker final : public http::BodyStream {
 public:
  explicit Ticker(Audience& audience) : audience_(audience) { ++audience_.listening; }
  ~Ticker() override { --audience_.listening; }
  void start(http::Waker wake) override { audience_.join(std::move(wake)); }
  State pull(std::string& out) override {
    out.append("data: ").append(kEventBytes, 'x').append("\n\n");
    return State::More;
  }
  std::string_view heartbeat() const override { return ": ping\n\n"; }

 private:
  Audience& audience_;
};

int open_reader(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const int small = 4096;  // so that a reader who stops is felt soon
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  constexpr std::string_view kRequest = "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::send(socket, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) {
    ::close(socket);
    return -1;
  }
  return socket;
}

/// Reads a little from each in turn: every reader is far slower than its stream.
void read_slowly(const std::vector<int>& sockets, const std::atomic<bool>& stop) {
  std::string bytes(64, '\0');
  while (!stop) {
    for (const int socket : sockets) ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    std::this_thread::sleep_for(50ms);
  }
}

std::vector<double> probe(std::uint16_t port) {
  std::vector<double> taken_ms;
  const http::ClientRequest request{.url = fmt::format("http://127.0.0.1:{}/healthz", port),
                                    .timeout = 60s};
  for (int i = 0; i < kProbes; ++i) {
    const auto start = hearth::base::SteadyClock::now();
    const auto answer = http::fetch(request);
    if (answer && answer->status == 200 && answer->body == "ok")
      taken_ms.push_back(hearth::base::elapsed_ms(start));
    std::this_thread::sleep_for(5ms);
  }
  std::sort(taken_ms.begin(), taken_ms.end());
  return taken_ms;
}

bool wait_for(const std::atomic<int>& count, int wanted) {
  for (int i = 0; i < 6000 && count != wanted; ++i) std::this_thread::sleep_for(10ms);
  return count == wanted;
}

http::Router routes(Audience& audience) {
  http::Router router;
  router.add(
      {http::Method::Get, "/healthz", [](const http::Request&) { return http::text("ok"); }});
  router.add({http::Method::Get, "/stream", [&audience](const http::Request&) {
                return http::event_stream(std::make_unique<Ticker>(audience));
              }});
  return router;
}

bool may_open(std::size_t files) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < files) limit.rlim_cur = std::min<rlim_t>(files, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur >= files;
}

/// Whether everything that had to happen did.
bool run(int readers) {
  Audience audience;
  http::ServerOptions options;
  options.port = 0;
  auto listening = http::Server::listen(options, routes(audience),
                                        [](const http::Request&, const hearth::Error& error) {
                                          return http::text(error.message, 500);
                                        });
  if (!listening) {
    fmt::print("{}\n", listening.error().message);
    return false;
  }
  auto& server = **listening;
  server.start();

  std::vector<int> sockets;
  sockets.reserve(static_cast<std::size_t>(readers));
  for (int i = 0; i < readers; ++i) sockets.push_back(open_reader(server.port()));
  const bool all_listen = wait_for(audience.listening, readers);
  fmt::print("{} of {} readers hold a stream\n", audience.listening.load(), readers);

  std::atomic<bool> stop = false;
  std::thread producer([&] {
    while (!stop) {
      audience.wake_all();
      std::this_thread::sleep_for(100ms);
    }
  });
  std::thread reader([&] { read_slowly(sockets, stop); });
  const auto taken_ms = probe(server.port());
  stop = true;
  producer.join();
  reader.join();
  fmt::print("{} of {} probes answered", taken_ms.size(), kProbes);
  if (!taken_ms.empty())
    fmt::print("; ms: median {:.2f}, 99 % {:.2f}, longest {:.2f}", taken_ms[taken_ms.size() / 2],
               taken_ms[taken_ms.size() * 99 / 100], taken_ms.back());
  const bool all_stayed = audience.listening == readers;
  for (const int socket : sockets) ::close(socket);
  const bool all_gone = wait_for(audience.listening, 0);
  fmt::print("\n{}\n",
             all_gone ? "all streams ended with their readers" : "streams outlive their readers");
  return all_listen && all_stayed && all_gone && taken_ms.size() == kProbes;
}

}  // namespace

int main(int argc, char** argv) {
  const int readers = argc > 1 ? std::atoi(argv[1]) : 2000;
  if (!may_open(static_cast<std::size_t>(readers) * 2 + 500)) {
    fmt::print("skipped: this process may not open {} files (ulimit -n)\n", readers * 2 + 500);
    return 77;
  }
  return run(readers) ? 0 : 1;
}
