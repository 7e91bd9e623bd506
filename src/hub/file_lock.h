// The lock that keeps two programs from fetching the same file, as all the Hub's tools take it.
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"

namespace hearth::hub {

/// An exclusive flock on a file that is made for it. Given back with the object, or by the kernel
/// when the process ends, however it ends. Move-only.
class FileLock {
 public:
  /// Takes the lock, or nothing where somebody else has it. Never waits.
  static Result<std::optional<FileLock>> try_take(const std::filesystem::path& file);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace hearth::hub
