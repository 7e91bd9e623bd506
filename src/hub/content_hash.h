// The hash that proves a file: SHA-256 of large ones, git's name of the blob for small ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace hearth::hub {

enum class HashKind {
  Sha256,  ///< of the content: what LFS and Xet name a file by
  GitBlob  ///< SHA-1 of `blob <bytes>`, a NUL and the content: what git names it by
};

/// The hash of a file that comes in pieces, in order. One owner; any thread.
class ContentHash {
 public:
  /// @param bytes  length of the whole content, which git hashes first
  ContentHash(HashKind kind, std::uint64_t bytes);
  ~ContentHash();
  ContentHash(ContentHash&&) noexcept;
  ContentHash& operator=(ContentHash&&) noexcept;

  void add(std::span<const std::byte> bytes);
  /// Lower-case hexadecimal digits (64 or 40) for all that was added. Once.
  std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace hearth::hub
