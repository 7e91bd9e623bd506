// The first lines of an answer: status and header fields as bytes. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/response.h"

namespace hearth::http {

/// How a client knows where the body ends.
enum class Framing { Length, Chunked, UntilClose, NoBody };

struct HeadFacts {
  Framing framing = Framing::Length;
  std::size_t length = 0;  ///< with Framing::Length
  bool http10 = false;     ///< the client's version
  bool keep_alive = true;
  std::string_view request_id;
};

/// Status line, the handler's fields, then ours (length or encoding, connection, date, request ids)
/// and the empty line. Line breaks within a field's value become spaces: a value may repeat what a
/// client sent.
std::string write_head(const Response& response, const HeadFacts& facts);

/// `Sun, 06 Nov 1994 08:49:37 GMT`
std::string http_date(std::int64_t unix_seconds);

}  // namespace hearth::http
