// The table of contents of a safetensors file, checked before a byte of it is believed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth::base {

/// One tensor of the table.
struct TensorEntry {
  std::string dtype;                ///< as spelled in the file: F32, BF16, U32 ...
  std::vector<std::int32_t> shape;  ///< every dimension at least 0
  std::uint64_t offset = 0;         ///< of its first byte, from the start of the file
  std::uint64_t bytes = 0;          ///< product of the shape times the size of an element

  std::uint64_t elements() const;
};

using TensorTable = std::map<std::string, TensorEntry, std::less<>>;

/// The header's text begins after this many bytes, which hold its length (little-endian).
inline constexpr std::uint64_t kSafetensorsPrefix = 8;
inline constexpr std::uint64_t kSafetensorsMaxHeader = 100'000'000;

/// The length of the header text, read from the file's first 8 bytes.
/// @returns CorruptData where it exceeds the file or 100 MB.
Result<std::uint64_t> safetensors_header_bytes(std::string_view prefix, std::uint64_t file_size);

/// Reads the header's text. Every promise is checked: known dtypes, shapes whose product is the
/// tensor's bytes, tensors side by side without gap or overlap, ending exactly where the file ends.
///
/// @param text       the header alone, safetensors_header_bytes long
/// @param file_size  of the whole file
/// @returns          CorruptData that names the tensor; the caller adds the file.
Result<TensorTable> parse_safetensors_header(std::string_view text, std::uint64_t file_size);

}  // namespace hearth::base
