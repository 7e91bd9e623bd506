// What a handler sees of an HTTP request: no type of the library beneath.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace hearth::http {

enum class Method { Get, Head, Post, Put, Patch, Delete, Options, Other };

std::string_view name(Method method);

/// Header fields in the order received; names compare without case.
class Headers {
 public:
  void add(std::string name, std::string value);
  /// Replaces every field of that name.
  void set(std::string_view name, std::string value);
  /// The first field of that name, or nothing.
  std::optional<std::string_view> get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// One request, read whole. Immutable once a handler sees it.
struct Request {
  Method method = Method::Get;
  std::string target;  ///< as received: path and query, still encoded
  std::vector<std::string> path;  ///< decoded segments: split at '/' before decoding, so %2F stays within one
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  Headers headers;
  std::string body;
  std::string id;      ///< the client's X-Request-ID where valid, else `req_` + 12 hex digits
  std::string remote;  ///< address of the peer
  base::Instant received = {};

  /// The decoded value of a query parameter, or nothing.
  std::optional<std::string_view> query_value(std::string_view key) const;
  /// A route's `{name}` or `{name...}` part (the latter may hold slashes), set by the Router; empty if none.
  std::string_view route_value(std::string_view key) const;

  std::vector<std::pair<std::string, std::string>> route_values;
};

}  // namespace hearth::http
