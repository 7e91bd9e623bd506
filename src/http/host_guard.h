// Which host names a request may carry: the guard against DNS rebinding. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth::http {

/// A page of a stranger can point its own host name at 127.0.0.1 and talk to us from a browser; its
/// requests then carry that name. So only names that cannot be a stranger's are let in.
class HostGuard {
 public:
  /// @param bound_host  what the server listens on. Where that is not loopback, every numeric
  /// address is let in too
  ///                    (an address cannot be rebound), and `bound_host` itself.
  /// @param allowed     further names; `*.example.org` takes every name below, `*` takes all.
  HostGuard(std::string_view bound_host, const std::vector<std::string>& allowed);

  /// Judges a Host field (`name`, `name:port`, `[::1]:port`).
  /// @returns InvalidArgument where it is empty or malformed, Forbidden where it is not listed.
  Result<void> check(std::string_view host_field) const;

 private:
  bool listed(std::string_view name) const;

  std::vector<std::string> names_;  // lower case
  bool any_address_ = false;
};

/// Whether the text is 127.0.0.0/8, `::1`, `localhost` or a name below it.
bool is_loopback(std::string_view name);

}  // namespace hearth::http
