// What a handler sees of an HTTP request: no type of the library beneath.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace hearth::http {

enum class Method { Get, Head, Post, Put, Patch, Delete, Options, Other };

/// `GET`, `POST` ...; `OTHER` for what this server never takes.
std::string_view name(Method method);
/// The method a client names; Method::Other for names this server does not know. Case counts.
Method method_named(std::string_view text);

/// Header fields in the order received; names compare without case.
class Headers {
 public:
  void add(std::string name, std::string value);
  /// Replaces every field of that name.
  void set(std::string_view name, std::string value);
  /// The first field of that name, or nothing.
  std::optional<std::string_view> get(std::string_view name) const;
  /// How many fields have that name.
  std::size_t count(std::string_view name) const;
  /// Drops every field of that name.
  void remove(std::string_view name);
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// One request, read whole. Immutable once a handler sees it.
struct Request {
  Method method = Method::Get;
  std::string target;  ///< as received: path and query, still encoded
  /// Decoded segments: split at '/' before decoding, so %2F stays within one.
  std::vector<std::string> path;
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  Headers headers;
  std::string body;
  std::string id;      ///< the client's X-Request-ID where valid, else `req_` + 12 hex digits
  std::string remote;  ///< address of the peer
  base::Instant received = {};

  /// The decoded value of a query parameter, or nothing.
  std::optional<std::string_view> query_value(std::string_view key) const;
  /// A route's `{name}` or `{name...}` part (the latter may hold slashes); empty if none.
  std::string_view route_value(std::string_view key) const;

  std::vector<std::pair<std::string, std::string>> route_values;
};

}  // namespace hearth::http
