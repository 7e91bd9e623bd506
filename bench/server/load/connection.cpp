// HTTP/1.1 over one socket; Beast parses heads and chunks, the body is read where it lies.
#include "load/connection.h"

#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <fmt/format.h>

#include "load/answer_reader.h"

namespace hearth::load {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

/// Hands each piece of a body to an AnswerReader without copying it.
class AnswerParser : public http::basic_parser<false> {
 public:
  AnswerParser(Record& record, bool streamed, const Target& target)
      : reader_(record, target.characters_per_token), streamed_(streamed) {
    eager(true);
    body_limit(boost::none);
  }

  void set_time(double now) { now_ = now; }
  void finish() { reader_.finish(status_, streamed_); }

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view, int, error_code&) override { status_ = code; }
  void on_field_impl(http::field, string_view, string_view, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  void on_finish_impl(error_code&) override {}
  std::size_t on_body_impl(string_view piece, error_code&) override {
    take({piece.data(), piece.size()});
    return piece.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) override {
    take({piece.data(), piece.size()});
    return piece.size();
  }

  void take(std::string_view piece) {
    if (streamed_ && status_ == 200)
      reader_.read_events(piece, now_);
    else
      reader_.read_body(piece);
  }

  AnswerReader reader_;
  bool streamed_;
  int status_ = 0;
  double now_ = 0;
};

std::string message(const Target& target, const Wanted& wanted) {
  const std::string body = request_body(target.model, wanted);
  return fmt::format(
      "POST /v1/completions HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      target.host, target.port, body.size(), body);
}

}  // namespace

Task<void> Connection::connect() {
  if (socket_.is_open()) co_return;
  const asio::ip::tcp::endpoint server(asio::ip::make_address(target_.host), target_.port);
  co_await socket_.async_connect(server, asio::use_awaitable);
  socket_.set_option(asio::ip::tcp::no_delay(true));
}

Task<void> Connection::run(Wanted wanted, Record& record) {
  const std::string request = message(target_, wanted);
  record.sent = watch_.now();
  // A server may close an idle connection at any time: a request on a used one that saw no byte of
  // an answer is sent again, once.
  for (bool used = socket_.is_open(), again = true; again; used = false) {
    again = false;
    const auto fault = co_await attempt(request, wanted.stream, record);
    if (!fault) continue;
    close();
    again = used && !answered_ && fault != asio::error::operation_aborted;
    if (!again && record.error.empty()) record.error = fault.message();
  }
  record.ended = watch_.now();
}

Task<boost::system::error_code> Connection::attempt(const std::string& request, bool streamed,
                                                    Record& record) {
  answered_ = false;
  try {
    co_await connect();
    co_await asio::async_write(socket_, asio::buffer(request), asio::use_awaitable);
    record.sent = watch_.now();
    co_await read_answer(streamed, record);
  } catch (const boost::system::system_error& fault) {
    co_return fault.code();
  }
  co_return error_code();
}

Task<void> Connection::read_answer(bool streamed, Record& record) {
  AnswerParser parser(record, streamed, target_);
  std::size_t held = 0;  // bytes of the buffer that the parser wants to see again
  while (!parser.is_done()) {
    held += co_await socket_.async_read_some(
        asio::buffer(buffer_.data() + held, buffer_.size() - held), asio::use_awaitable);
    answered_ = true;
    parser.set_time(watch_.now());
    std::size_t used = 0;
    error_code fault;
    while (used < held && !parser.is_done()) {
      const std::size_t taken = parser.put(asio::buffer(buffer_.data() + used, held - used), fault);
      used += taken;
      if (fault || taken == 0) break;
    }
    if (fault && fault != http::error::need_more) throw boost::system::system_error(fault);
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(used),
              buffer_.begin() + static_cast<std::ptrdiff_t>(held), buffer_.begin());
    held -= used;
  }
  parser.finish();
  if (!parser.keep_alive()) close();
}

void Connection::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace hearth::load
