// A file on disk that is read completely or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/result.h"

namespace hearth::base {

/// An open file. Reads are at explicit offsets and never short: a file that ends early is an error.
class File {
 public:
  /// @returns NotFound where nothing is there, Io where it cannot be read (a folder, permissions).
  static Result<File> open(const std::filesystem::path& path);

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  std::uint64_t size() const { return size_; }
  /// The name without its folder, for messages.
  const std::string& name() const { return name_; }

  /// Fills `out` with the bytes from `offset` on, however many reads that takes.
  /// @returns CorruptData where the file ends early (it was cut while open), Io where a read fails.
  Result<void> read(std::uint64_t offset, std::span<std::byte> out) const;

  /// The whole content. @returns TooLarge beyond `limit` bytes.
  Result<std::string> text(std::uint64_t limit) const;

 private:
  File(int descriptor, std::uint64_t size, std::string name)
      : descriptor_(descriptor), size_(size), name_(std::move(name)) {}

  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  std::string name_;
};

}  // namespace hearth::base
