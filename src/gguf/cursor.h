// Reads numbers and texts one after another, and never beyond the end.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/header.h"

namespace hearth::gguf {

/// The reading position in the head of a file. Little-endian throughout.
class Cursor {
 public:
  /// `read` must outlive the cursor.
  Cursor(std::uint64_t size, const ReadAt& read) : size_(size), read_(read) {}

  std::uint64_t position() const { return at_; }
  std::uint64_t left() const { return size_ - at_; }

  /// @returns CorruptData where the file ends before.
  template <class T>
  Result<T> number() {
    static_assert(std::endian::native == std::endian::little);
    T value;
    TRY(take(reinterpret_cast<std::byte*>(&value), sizeof(T)));
    return value;
  }

  /// A text with its length in front, of at most `limit` bytes.
  Result<std::string> text(std::uint64_t limit);

 private:
  Result<void> take(std::byte* out, std::size_t count);
  Result<void> refill();

  std::uint64_t size_;
  const ReadAt& read_;
  std::uint64_t at_ = 0;
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;  // of the buffer
};

}  // namespace hearth::gguf
