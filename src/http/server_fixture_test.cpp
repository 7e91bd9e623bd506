// The test helpers: raw sockets, a controlled stream, a controlled pending answer.
#include "http/server_fixture.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "http/ascii.h"

namespace hearth::http::testing {

RawClient::RawClient(std::uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  if (receive_buffer > 0)
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    ADD_FAILURE() << "cannot connect to port " << port;
}

RawClient::~RawClient() {
  close();
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::read_more() {
  pollfd ready{socket_, POLLIN, 0};
  const auto patience = std::chrono::milliseconds(kPatience).count();
  if (::poll(&ready, 1, static_cast<int>(patience)) <= 0) {
    ADD_FAILURE() << "the server neither sent nor closed";
    return false;
  }
  std::array<char, 16384> bytes;
  const auto count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  inbox_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> RawClient::take(std::size_t bytes) {
  while (inbox_.size() < bytes)
    if (!read_more()) return std::nullopt;
  std::string taken = inbox_.substr(0, bytes);
  inbox_.erase(0, bytes);
  return taken;
}

std::optional<std::string> RawClient::take_line() {
  auto line = read_until("\r\n");
  if (line.empty()) return std::nullopt;
  line.resize(line.size() - 2);
  return line;
}

std::string RawClient::read_until(std::string_view text) {
  while (true) {
    const auto at = inbox_.find(text);
    if (at != std::string::npos) return take(at + text.size()).value();
    if (!read_more()) return {};
  }
}

std::string RawClient::read_to_end() {
  while (read_more()) {
  }
  return std::exchange(inbox_, {});
}

bool RawClient::read_chunks(std::string& body) {
  while (true) {
    const auto line = take_line();
    if (!line) return false;
    std::size_t size = 0;
    std::from_chars(line->data(), line->data() + line->size(), size, 16);
    const auto chunk = take(size + 2);
    if (!chunk) return false;
    if (size == 0) return true;
    body.append(*chunk, 0, size);
  }
}

Answer RawClient::read_answer(bool to_head) {
  Answer answer;
  const auto status = take_line();
  if (!status || !status->starts_with("HTTP/1.1 ")) return answer;
  answer.status = std::stoi(status->substr(9, 3));
  while (true) {
    const auto line = take_line();
    if (!line) return answer;
    if (line->empty()) break;
    const auto colon = line->find(": ");
    answer.headers.add(line->substr(0, colon), line->substr(colon + 2));
  }
  const auto length = answer.headers.get("content-length");
  if (to_head || answer.status == 204 || answer.status == 304 || answer.status == 100) {
    answer.complete = true;
  } else if (answer.headers.get("transfer-encoding")) {
    answer.complete = read_chunks(answer.body);
  } else if (length) {
    auto body = take(std::stoul(std::string(*length)));
    answer.complete = body.has_value();
    answer.body = body.value_or("");
  } else {
    answer.body = read_to_end();
    answer.complete = true;
  }
  return answer;
}

void RawClient::half_close() {
  ::shutdown(socket_, SHUT_WR);
}

void RawClient::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

Response write_test_error(const Request&, const Error& error) {
  int status = 500;
  switch (error.code) {
    case ErrorCode::InvalidArgument:
      status = 400;
      break;
    case ErrorCode::Forbidden:
      status = 403;
      break;
    case ErrorCode::UnknownRoute:
      status = 404;
      break;
    case ErrorCode::MethodNotAllowed:
      status = 405;
      break;
    case ErrorCode::Timeout:
      status = 408;
      break;
    case ErrorCode::TooLarge:
      status = 413;
      break;
    case ErrorCode::Overloaded:
      status = 503;
      break;
    default:
      break;
  }
  return text(fmt::format("{}: {}", base::name(error.code), error.message), status);
}

TestServer::TestServer(Router router, const Adjust& adjust) {
  ServerOptions options;
  options.port = 0;
  if (adjust) adjust(options);
  auto listening = Server::listen(options, std::move(router), write_test_error);
  if (!listening) throw std::runtime_error(listening.error().message);
  server = std::move(*listening);
  server->on_access([records = records_](const AccessRecord& record) {
    const std::lock_guard lock(records->mutex);
    records->all.push_back(record);
    records->changed.notify_all();
  });
  server->start();
}

std::optional<AccessRecord> TestServer::record(std::string_view request_id) {
  std::unique_lock lock(records_->mutex);
  std::optional<AccessRecord> found;
  records_->changed.wait_for(lock, kPatience, [&] {
    for (const auto& record : records_->all)
      if (record.request_id == request_id) found = record;
    return found.has_value();
  });
  return found;
}

Answer TestServer::ask(std::string_view method, std::string_view target, std::string_view headers,
                       std::string_view body) const {
  RawClient client(port());
  std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}",
                                    method, target, headers);
  if (!body.empty()) request += fmt::format("Content-Length: {}\r\n", body.size());
  client.send(request + "\r\n" + std::string(body));
  return client.read_answer(method == "HEAD");
}

class FeedStream final : public BodyStream {
 public:
  explicit FeedStream(std::shared_ptr<Feed> feed) : feed_(std::move(feed)) {}
  ~FeedStream() override {
    const std::lock_guard lock(feed_->mutex_);
    feed_->destroyed_ = true;
    feed_->changed_.notify_all();
  }
  void start(Waker wake) override {
    const std::lock_guard lock(feed_->mutex_);
    feed_->wake_ = std::move(wake);
    feed_->changed_.notify_all();
  }
  State pull(std::string& out) override {
    const std::lock_guard lock(feed_->mutex_);
    ++feed_->pulls_;
    feed_->taken_ += feed_->ready_.size();
    out += std::exchange(feed_->ready_, {});
    return feed_->state_;
  }
  std::string_view heartbeat() const override { return feed_->heartbeat; }

 private:
  std::shared_ptr<Feed> feed_;
};

void Feed::push(std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    ready_ += bytes;
  }
  wake();
}

void Feed::finish(BodyStream::State how) {
  {
    const std::lock_guard lock(mutex_);
    state_ = how;
  }
  wake();
}

void Feed::wake() {
  Waker wake;
  {
    const std::lock_guard lock(mutex_);
    wake = wake_;
  }
  if (wake) wake();
}

bool Feed::started() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return static_cast<bool>(wake_); });
}

bool Feed::destroyed() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return destroyed_; });
}

int Feed::pulls() {
  const std::lock_guard lock(mutex_);
  return pulls_;
}

std::size_t Feed::taken() {
  const std::lock_guard lock(mutex_);
  return taken_;
}

std::unique_ptr<BodyStream> stream_of(std::shared_ptr<Feed> feed) {
  return std::make_unique<FeedStream>(std::move(feed));
}

class PromisedResponse final : public PendingResponse {
 public:
  explicit PromisedResponse(std::shared_ptr<Promise> promise) : promise_(std::move(promise)) {}
  ~PromisedResponse() override {
    const std::lock_guard lock(promise_->mutex_);
    promise_->destroyed_ = true;
    promise_->changed_.notify_all();
  }
  void start(Waker wake) override {
    const std::lock_guard lock(promise_->mutex_);
    promise_->wake_ = std::move(wake);
    promise_->changed_.notify_all();
  }
  std::optional<Response> poll() override {
    const std::lock_guard lock(promise_->mutex_);
    ++promise_->polls_;
    if (promise_->make_) return promise_->make_();
    if (promise_->deadline && base::SteadyClock::now() >= *promise_->deadline)
      return promise_->at_deadline();
    return std::nullopt;
  }
  std::optional<base::Instant> deadline() const override { return promise_->deadline; }

 private:
  std::shared_ptr<Promise> promise_;
};

void Promise::answer(std::function<Response()> make) {
  Waker wake;
  {
    const std::lock_guard lock(mutex_);
    make_ = std::move(make);
    wake = wake_;
  }
  if (wake) wake();
}

bool Promise::started() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return static_cast<bool>(wake_); });
}

bool Promise::destroyed() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return destroyed_; });
}

int Promise::polls() {
  const std::lock_guard lock(mutex_);
  return polls_;
}

std::unique_ptr<PendingResponse> pending_of(std::shared_ptr<Promise> promise) {
  return std::make_unique<PromisedResponse>(std::move(promise));
}

}  // namespace hearth::http::testing
