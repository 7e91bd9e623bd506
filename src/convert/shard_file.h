// One file of the converted model while it is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sha256.h"

namespace hearth::convert {

/// Takes a file's bytes from front to back and hashes them on the way.
class ShardFile {
 public:
  /// Starts the file anew. @returns Io.
  static Result<ShardFile> create(const std::filesystem::path& path);

  /// Goes on behind the first `bytes` of a file; what lies behind them is dropped. @returns Io.
  static Result<ShardFile> reopen(const std::filesystem::path& path, std::uint64_t bytes);

  ShardFile(ShardFile&& other) noexcept;
  ShardFile& operator=(ShardFile&&) = delete;
  ~ShardFile();

  /// @returns Io with the system's reason (a full disk).
  Result<void> append(std::span<const std::byte> bytes);
  Result<void> append(std::string_view text);
  std::uint64_t size() const { return size_; }

  /// SHA-256 of what was appended since the beginning or the last call.
  std::string take_hash();

  /// Makes sure that all is on the disk. @returns what take_hash() returns.
  Result<std::string> finish();

 private:
  ShardFile(int descriptor, std::string name, std::uint64_t size)
      : descriptor_(descriptor), name_(std::move(name)), size_(size) {}

  int descriptor_ = -1;
  std::string name_;
  std::uint64_t size_ = 0;
  base::Sha256 hash_;
};

/// SHA-256 of a file, read in pieces.
Result<std::string> file_hash(const std::filesystem::path& path);
/// Of a part of it. @returns also CorruptData where the file is shorter.
Result<std::string> file_hash(const std::filesystem::path& path, std::uint64_t first,
                              std::uint64_t bytes);

/// Writes a small file whole or not at all. @returns Io.
Result<void> write_whole(const std::filesystem::path& path, std::string_view text);

}  // namespace hearth::convert
