// SHA-256: the name of a content, and the proof that a file is still what was written.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hearth::base {

/// The hash of bytes that come in pieces. One owner; any thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& add(std::span<const std::byte> bytes);
  Sha256& add(std::string_view text);

  /// 64 lower-case hexadecimal digits for all that was added. Once.
  std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace hearth::base
