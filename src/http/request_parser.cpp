// Beast's parser with our limits and refusals on top.
#include "http/request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>

#include "http/ascii.h"

namespace hearth::http {
namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using View = boost::beast::string_view;

namespace {

std::string_view plain(View view) {
  return {view.data(), view.size()};
}

// Beast joins folded fields, but a proxy before us may have read the second line as a field of its
// own.
bool is_folded(std::string_view lines) {
  return lines.contains("\r\n ") || lines.contains("\r\n\t");
}

Fault fault_of(beast_http::error error, std::size_t head_limit) {
  using E = beast_http::error;
  const auto bad = [](std::string message, int status = 0) {
    return Fault{
        Error{ErrorCode::InvalidArgument, "bad request: " + std::move(message)}, status, {}};
  };
  switch (error) {
    case E::header_limit:
      return {Error{ErrorCode::TooLarge,
                    fmt::format("the request line and headers exceed {} bytes", head_limit)},
              431,
              {}};
    case E::bad_version:
      return bad("this server speaks HTTP/1.0 and HTTP/1.1", 505);
    case E::bad_method:
      return bad("the method is malformed");
    case E::bad_target:
      return bad("the request target is malformed");
    case E::bad_content_length:
    case E::multiple_content_length:
      return bad("Content-Length is malformed or contradictory");
    case E::bad_transfer_encoding:
      return bad("Transfer-Encoding is malformed or contradictory");
    case E::bad_chunk:
    case E::bad_chunk_extension:
      return bad("a chunk of the body is malformed");
    default:
      return bad("a header field is malformed");
  }
}

}  // namespace

class RequestParser::Reader final : public beast_http::basic_parser<true> {
 public:
  explicit Reader(std::size_t head_limit) : head_limit_(head_limit) {
    header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(head_limit, UINT32_MAX)));
    body_limit(boost::none);
    eager(false);
  }

  std::size_t feed(std::string_view bytes) {
    std::size_t used = 0;
    const State before = state;
    if (!got_some()) used = std::min(bytes.find_first_not_of("\r\n"), bytes.size());
    while (state == before && used < bytes.size()) {
      error_code error;
      const auto step = put({bytes.data() + used, bytes.size() - used}, error);
      if (before == State::Head && is_folded(bytes.substr(used, step)))
        refuse_head("header fields must not be folded over several lines");
      used += step;
      advance(error, step, bytes.size() - used);
      if (error == beast_http::error::need_more) break;
    }
    return used;
  }

  void limit(std::size_t bytes) {
    body_bytes = bytes;
    const auto announced = content_length();
    if (announced && *announced > bytes)
      refuse_body(fmt::format("the body has {} bytes, but this endpoint takes at most {}",
                              *announced, bytes));
    else
      body_limit(bytes);
  }

  void refuse(Fault why) {
    fault = std::move(why);
    state = State::Failed;
  }

  State state = State::Head;
  Fault fault;
  Request request;
  bool http10 = false;
  bool expects_continue = false;
  std::size_t body_bytes = 0;

 private:
  void advance(const error_code& error, std::size_t used, std::size_t left) {
    if (state == State::Head) head_bytes_ += used;
    if (error == beast_http::error::body_limit)
      return refuse_body(
          fmt::format("the body exceeds the {} bytes this endpoint takes", body_bytes));
    if (error && error != beast_http::error::need_more)
      return refuse(fault_of(static_cast<beast_http::error>(error.value()), head_limit_));
    // Beast limits each line, not the sum; and a chunk's size line not at all.
    const bool stuck = error == beast_http::error::need_more;
    if (state == State::Head && head_bytes_ + (stuck ? left : 0) > head_limit_)
      return refuse(fault_of(beast_http::error::header_limit, head_limit_));
    if (state == State::Body && stuck && left > head_limit_)
      return refuse(fault_of(beast_http::error::bad_chunk, head_limit_));
    if (state == State::Head && is_header_done()) {
      check_head();
      if (state != State::Failed) state = State::Body;
    }
    if (state == State::Body && is_done()) state = State::Done;
  }

  void refuse_body(std::string message) {
    refuse({Error{ErrorCode::TooLarge, std::move(message)}, 0, {}});
  }

  void refuse_head(std::string_view message, int status = 0) {
    refuse(
        {Error{ErrorCode::InvalidArgument, fmt::format("bad request: {}", message)}, status, {}});
  }

  void check_head() {
    const Headers& headers = request.headers;
    if (headers.count("host") > 1) refuse_head("there must be one Host header");
    if (headers.count("content-length") > 1) refuse_head("there must be one Content-Length header");
    if (const auto encoding = headers.get("transfer-encoding")) {
      if (http10 || headers.count("transfer-encoding") > 1 ||
          !equals_ignoring_case(trimmed(*encoding), "chunked"))
        refuse_head("Transfer-Encoding must be \"chunked\", once, over HTTP/1.1");
    }
    const auto expectation = headers.get("expect");
    if (expectation && !equals_ignoring_case(*expectation, "100-continue"))
      refuse_head("Expect can only be \"100-continue\"", 417);
    expects_continue = expectation.has_value() && !http10;
  }

  void on_request_impl(beast_http::verb, View method, View target, int version,
                       error_code&) override {
    request.method = method_named(plain(method));
    request.target = plain(target);
    http10 = version == 10;
  }
  void on_response_impl(int, View, int, error_code&) override {}
  void on_field_impl(beast_http::field, View name, View value, error_code&) override {
    if (state != State::Head) return;  // a trailer must not pass for a header
    request.headers.add(std::string(plain(name)), std::string(plain(value)));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    // An announced length is only a promise: what is set aside for it stays small.
    request.body.reserve(std::min<std::uint64_t>(length.value_or(0), std::uint64_t{1024} * 1024));
  }
  std::size_t on_body_impl(View bytes, error_code&) override { return append(bytes); }
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, error_code&) override {
    return append(bytes);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t append(View bytes) {
    request.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  std::size_t head_limit_;
  std::size_t head_bytes_ = 0;
};

RequestParser::RequestParser(std::size_t head_limit)
    : reader_(std::make_unique<Reader>(head_limit)) {}
RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(std::string_view bytes) {
  return reader_->feed(bytes);
}
void RequestParser::limit_body(std::size_t bytes) {
  reader_->limit(bytes);
}
RequestParser::State RequestParser::state() const {
  return reader_->state;
}
const Fault& RequestParser::fault() const {
  return reader_->fault;
}
Request& RequestParser::request() {
  return reader_->request;
}
bool RequestParser::http10() const {
  return reader_->http10;
}
bool RequestParser::keep_alive() const {
  return reader_->keep_alive();
}
bool RequestParser::expects_continue() const {
  return reader_->expects_continue;
}

}  // namespace hearth::http
