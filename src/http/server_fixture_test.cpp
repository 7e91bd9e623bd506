// The test server, and sources of bodies under a test's control.
#include "http/server_fixture.h"

#include <gtest/gtest.h>
#include <stdexcept>
#include <utility>

namespace hearth::http::testing {

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

namespace {

Response echo(const Request& request) {
  return text(fmt::format("{} {} {}", name(request.method), request.target, request.body));
}

}  // namespace

Router sample_routes() {
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
