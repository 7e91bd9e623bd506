// One header of a tar archive: 512 bytes that say what follows.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::services {

inline constexpr std::size_t kTarBlock = 512;

struct TarHeader {
  std::string path;
  std::uint64_t bytes = 0;
  std::int64_t modified = 0;  ///< seconds since 1970
  char type = '0';  ///< '0' a file, '5' a folder, 'x' further facts of the next header ...
};

using TarBlock = std::array<char, kTarBlock>;

/// A ustar header for a file or for 'x'. A length beyond 8 GiB is written in binary, as GNU's and
/// Python's tar write and read it.
/// @param header  whose path has at most 100 bytes; longer ones need pax_path() before them
TarBlock write_tar_header(const TarHeader& header);

/// The body of an 'x' header that gives the next one this path.
std::string pax_path(std::string_view path);

/// @returns CorruptData where the block is no header or its sum is wrong
Result<TarHeader> read_tar_header(const TarBlock& block);

/// Puts what the body of an 'x' header says into the header that it belongs to. What says neither
/// path nor size is passed over. @returns CorruptData where it is malformed
Result<void> apply_pax(std::string_view body, TarHeader& header);

/// Whether the block is all zero: two of them end an archive.
bool is_tar_end(const TarBlock& block);

/// Bytes that fill `bytes` up to whole blocks.
inline std::uint64_t tar_padding(std::uint64_t bytes) {
  return (kTarBlock - bytes % kTarBlock) % kTarBlock;
}

}  // namespace hearth::services
