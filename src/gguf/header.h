// The head of a GGUF file: metadata and the table of tensors, checked before a byte of it is
// believed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/tensor_type.h"
#include "gguf/value.h"

namespace hearth::gguf {

inline constexpr std::string_view kMagic = "GGUF";
inline constexpr std::uint64_t kUsualAlignment = 32;

/// One tensor of the table.
struct TensorInfo {
  TensorType type = TensorType::F32;
  std::vector<std::int32_t> shape;  ///< 1 to 4 lengths, each at least 1, the row's width last
  std::uint64_t offset = 0;         ///< of its first byte, from the start of the file
  std::uint64_t bytes = 0;
  std::size_t file = 0;  ///< which file of a split model

  std::int64_t width() const { return shape.back(); }
  std::int64_t rows() const;
  std::uint64_t row_bytes() const { return bytes / static_cast<std::uint64_t>(rows()); }
};

using TensorTable = std::map<std::string, TensorInfo, std::less<>>;

struct Header {
  std::uint32_t version = 3;
  Metadata metadata;
  TensorTable tensors;
};

/// Fills `out` with a file's bytes from `offset` on.
using ReadAt = std::function<Result<void>(std::uint64_t offset, std::span<std::byte> out)>;

/// Reads the head of a file of `file_size` bytes, of version 2 or 3. Every promise is checked:
/// counts against what the file can hold, types, depths, shapes, and tensors that lie inside the
/// file, aligned and apart. Memory stays in proportion to the bytes read.
///
/// @returns CorruptData, or UnsupportedArgument for a version or a tensor's type that Hearth does
///          not read; messages name the key or the tensor, the caller adds the file.
Result<Header> read_header(std::uint64_t file_size, const ReadAt& read);

}  // namespace hearth::gguf
