// The bytes of a file that is on its way: full length from the start, filled in any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/result.h"

namespace hearth::hub {

/// Reads and writes from any thread. What is never written takes no room on disk.
class PartFile {
 public:
  /// Opens or makes it. @param was_whole_length  set to whether it had this length before: only
  /// then may an old map of it be believed.
  static Result<PartFile> open(const std::filesystem::path& path, std::uint64_t bytes,
                               bool& was_whole_length);
  PartFile(PartFile&& other) noexcept;
  PartFile& operator=(PartFile&& other) noexcept;
  ~PartFile();

  /// @returns Io; a full disk says how to go on.
  Result<void> write(std::uint64_t offset, std::string_view bytes) const;
  /// Fills all of `out`.
  Result<void> read(std::uint64_t offset, std::span<std::byte> out) const;
  /// Returns when the bytes would survive a power cut.
  Result<void> sync() const;

 private:
  PartFile(int file, std::filesystem::path path) : file_(file), path_(std::move(path)) {}
  int file_ = -1;
  std::filesystem::path path_;
};

}  // namespace hearth::hub
