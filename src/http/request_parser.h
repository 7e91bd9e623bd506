// From the bytes of a connection to one request. Pure: no socket, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "http/fault.h"
#include "http/request.h"

namespace hearth::http {

/// Reads one request. Refuses what two parsers could read differently (request smuggling): a length
/// beside a transfer encoding, several lengths or hosts, an encoding other than chunked.
class RequestParser {
 public:
  enum class State { Head, Body, Done, Failed };

  /// @param head_limit  bytes of request line and header fields; more is 431.
  explicit RequestParser(std::size_t head_limit);
  ~RequestParser();
  RequestParser(RequestParser&&) = delete;
  RequestParser& operator=(RequestParser&&) = delete;

  /// Reads on from the front of `bytes` (all that came and was not used yet), but stops between
  /// head and body, so that the caller can choose a body limit.
  /// @returns how many bytes were used.
  std::size_t feed(std::string_view bytes);

  /// In state Body: how long the body may be. A longer one fails with TooLarge, at once where its
  /// length was announced.
  void limit_body(std::size_t bytes);

  State state() const;
  /// Why, in state Failed.
  const Fault& fault() const;

  /// Method, target, headers and body as far as they were read; the rest is the caller's to fill.
  Request& request();
  bool http10() const;
  /// Whether the client wants to send another request afterwards. After the head.
  bool keep_alive() const;
  bool expects_continue() const;

 private:
  class Reader;
  std::unique_ptr<Reader> reader_;
};

}  // namespace hearth::http
