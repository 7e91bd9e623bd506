// The fake Hub.
#include "hub/fake_hub.h"

#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>

#include "hub/content_hash.h"

namespace hearth::hub::testing {
namespace {

using http::Request;
using http::Response;

/// The beginning of a body, and then trouble.
class BrokenStream : public http::BodyStream {
 public:
  BrokenStream(std::string bytes, State then) : bytes_(std::move(bytes)), then_(then) {}
  void start(http::Waker wake) override {
    wake_ = std::move(wake);
    wake_();
  }
  State pull(std::string& out) override {
    if (std::exchange(begun_, true)) return then_;
    out += bytes_;
    if (then_ == State::Abort) wake_();  // what is sent with an Abort is dropped
    return State::More;
  }

 private:
  std::string bytes_;
  State then_;
  bool begun_ = false;
  http::Waker wake_;
};

std::string hash_of(HashKind kind, const std::string& content) {
  ContentHash hash(kind, content.size());
  hash.add(std::as_bytes(std::span(content)));
  return hash.hex();
}

Asked asked(const Request& request) {
  const auto header = [&](std::string_view name) {
    return std::string(request.headers.get(name).value_or(""));
  };
  return {request.target, header("range"), header("if-range"), header("authorization")};
}

Response refusal(int status, const std::string& code) {
  Response response = http::json(R"({"error":"because"})", status);
  if (!code.empty()) response.headers.add("X-Error-Code", code);
  return response;
}

std::unique_ptr<http::Server> serve(std::function<Response(const Request&)> answer) {
  http::Router router;
  router.fallback(std::move(answer));
  auto server = http::Server::listen(
      {.port = 0, .io_threads = 1}, std::move(router),
      [](const Request&, const Error& error) { return http::text(error.message, 500); });
  (*server)->start();
  return std::move(*server);
}

std::string origin(const http::Server& server) {
  return fmt::format("http://127.0.0.1:{}", server.port());
}

}  // namespace

const std::string FakeHub::kCommit = std::string(40, 'c');

FakeHub::~FakeHub() {
  if (!hub_) return;
  hub_->drain(std::chrono::milliseconds(0));
  storage_->drain(std::chrono::milliseconds(0));
}

void FakeHub::add(const std::string& path, std::string content, bool lfs) {
  const std::string git_hash = hash_of(HashKind::GitBlob, content);
  const std::string hash = lfs ? hash_of(HashKind::Sha256, content) : git_hash;
  files_[path] = {std::move(content), hash, git_hash, lfs};
}

Places FakeHub::places() {
  if (!hub_) {
    const std::lock_guard lock(mutex_);  // nobody is answered before both are there
    storage_ = serve([this](const Request& request) { return answer_storage(request); });
    hub_ = serve([this](const Request& request) { return answer_hub(request); });
  }
  return {.endpoint = origin(*hub_), .token = token, .cache = cache.path()};
}

std::vector<Asked> FakeHub::asked_hub() const {
  const std::lock_guard lock(mutex_);
  return asked_hub_;
}

std::vector<Asked> FakeHub::asked_storage() const {
  const std::lock_guard lock(mutex_);
  return asked_storage_;
}

std::uint64_t FakeHub::sent() const {
  const std::lock_guard lock(mutex_);
  return sent_;
}

Response FakeHub::answer_hub(const Request& request) {
  const std::lock_guard lock(mutex_);
  asked_hub_.push_back(asked(request));
  if (hub_fault)
    if (auto faulty = hub_fault(request)) return std::move(*faulty);
  if (!token.empty() && request.headers.get("authorization") != "Bearer " + token)
    return refusal(401, "GatedRepo");
  const std::string path = request.target.substr(0, request.target.find('?'));
  for (const auto& revision : {std::string("main"), kCommit}) {
    if (path == "/api/models/org/model/revision/" + revision) return model_info();
    if (path == "/api/models/org/model/tree/" + revision) return tree(request);
    const std::string resolved = "/org/model/resolve/" + revision + "/";
    if (path.starts_with(resolved)) return resolve(path.substr(resolved.size()));
  }
  return refusal(404, path.contains("org/model") ? "RevisionNotFound" : "RepoNotFound");
}

Response FakeHub::model_info() const {
  return http::json(fmt::format(R"({{"id":"org/model","sha":"{}","gated":false}})", kCommit));
}

Response FakeHub::tree(const Request& request) const {
  std::size_t first = 0;
  const std::string_view cursor = request.query_value("cursor").value_or("0");
  std::from_chars(cursor.data(), cursor.data() + cursor.size(), first);
  std::string list;
  std::size_t number = 0;
  for (const auto& [path, file] : files_) {
    const std::size_t place = number++;
    if (place < first || place >= first + page_size) continue;
    list += fmt::format(R"({}{{"type":"file","path":"{}","size":{},"oid":"{}")",
                        list.empty() ? "" : ",", path, file.content.size(), file.git_hash);
    if (file.lfs)
      list += fmt::format(R"(,"lfs":{{"oid":"{}","size":{}}})", file.hash, file.content.size());
    list += "}";
  }
  Response response = http::json("[" + list + "]");
  if (first + page_size < files_.size())
    response.headers.add("Link",
                         fmt::format(R"(<{}/api/models/org/model/tree/{}?cursor={}>; rel="next")",
                                     origin(*hub_), kCommit, first + page_size));
  return response;
}

Response FakeHub::resolve(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end()) return refusal(404, "EntryNotFound");
  if (!found->second.lfs) return http::text(found->second.content);
  Response response = http::text("", 302);
  response.headers.add("Location", fmt::format("{}/{}?signature={}", origin(*storage_), path,
                                               uses_.size() + asked_hub_.size()));
  response.headers.add("X-Linked-Size", std::to_string(found->second.content.size()));
  return response;
}

Response FakeHub::answer_storage(const Request& request) {
  const std::lock_guard lock(mutex_);
  asked_storage_.push_back(asked(request));
  const std::string signature(request.query_value("signature").value_or(""));
  if (++uses_[signature] > signature_uses) return refusal(403, "");
  if (storage_fault)
    if (auto faulty = storage_fault(request)) return std::move(*faulty);
  return content(request);
}

Response FakeHub::content(const Request& request) {
  const auto found = files_.find(request.target.substr(1, request.target.find('?') - 1));
  if (found == files_.end()) return refusal(404, "");
  const std::string& whole = found->second.content;
  std::size_t begin = 0;
  std::size_t end = whole.size();
  const std::string range(request.headers.get("range").value_or(""));
  const bool current = request.headers.get("if-range").value_or(etag) == etag;
  const bool part = current && range.starts_with("bytes=");
  if (part) {
    const char* text = range.data() + 6;
    const auto dash = std::from_chars(text, range.data() + range.size(), begin).ptr;
    std::from_chars(dash + 1, range.data() + range.size(), end);
    end = std::min(end + 1, whole.size());
  }
  if (begin >= end) return refusal(416, "");
  Response response = http::text(whole.substr(begin, end - begin), part ? 206 : 200);
  if (part)
    response.headers.add("Content-Range",
                         fmt::format("bytes {}-{}/{}", begin, end - 1, whole.size()));
  response.headers.add("ETag", etag);
  sent_ += end - begin;
  return response;
}

Response cut(Response whole, std::size_t bytes) {
  whole.body = std::make_unique<BrokenStream>(std::get<std::string>(whole.body).substr(0, bytes),
                                              http::BodyStream::State::Abort);
  return whole;
}

Response stall(Response whole, std::size_t bytes) {
  whole.body = std::make_unique<BrokenStream>(std::get<std::string>(whole.body).substr(0, bytes),
                                              http::BodyStream::State::More);
  return whole;
}

DownloadOptions quick_options() {
  using std::chrono::milliseconds;
  DownloadOptions options;
  options.connections = 4;
  options.retries.first_wait = milliseconds(1);
  options.retries.longest_wait = milliseconds(5);
  return options;
}

std::string noise(std::size_t bytes, unsigned seed) {
  std::mt19937_64 random(seed);
  std::string text;
  while (text.size() < bytes) text += fmt::format("{:016x}", random());
  text.resize(bytes);
  return text;
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace hearth::hub::testing
