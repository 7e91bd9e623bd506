// Which blocks of a file are whole on disk: what survives a killed process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace hearth::hub {

/// A range of bytes, `end` not included.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t bytes() const { return end - begin; }
};

/// The blocks of one file: missing, taken by somebody who fetches them, or whole. What is whole
/// stands in a file beside the part, a byte for each block, so that noting one is a single write
/// that cannot be half done. The content must be written before. One owner.
class PartMap {
 public:
  static constexpr std::uint64_t kBlockBytes = std::uint64_t{256} * 1024;

  /// Reads the map of a file of `bytes`, or makes one. A map of another length, version or block
  /// size counts as none.
  static Result<PartMap> open(const std::filesystem::path& file, std::uint64_t bytes,
                              std::uint64_t block_bytes = kBlockBytes);
  PartMap(PartMap&& other) noexcept;
  PartMap& operator=(PartMap&& other) noexcept;
  ~PartMap();

  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t whole_bytes() const { return whole_bytes_; }
  std::uint64_t missing_bytes() const { return missing_bytes_; }  ///< neither whole nor taken
  bool whole() const { return whole_bytes_ == bytes_; }
  /// Length of the beginning that is whole without a gap.
  std::uint64_t prefix_bytes() const { return end_of(prefix_blocks_); }

  /// The first missing blocks that lie together, at most `most_bytes` but at least one block; they
  /// are taken from now on.
  std::optional<ByteRange> take(std::uint64_t most_bytes);
  /// What was taken and did not become whole is missing again.
  void give_back(const ByteRange& range);
  /// Bytes [from, to) are on disk, which were written after those before them in the same block:
  /// notes the blocks that end there.
  Result<void> arrived(std::uint64_t from, std::uint64_t to);
  /// Nothing is whole any more, and nothing taken.
  Result<void> clear();

  /// The strong ETag under which the storage gave these bytes; empty if it named none.
  const std::string& etag() const { return etag_; }
  Result<void> set_etag(std::string etag);

 private:
  enum class Block : std::uint8_t { Missing, Taken, Whole };

  PartMap(int file, std::filesystem::path path, std::uint64_t bytes, std::uint64_t block_bytes);
  void read();
  Result<void> write_head() const;
  Result<void> write(std::string_view text, std::uint64_t offset) const;
  void count();
  std::uint64_t end_of(std::uint64_t blocks) const;
  std::uint64_t bytes_of(std::uint64_t block) const;

  int file_ = -1;
  std::filesystem::path path_;
  std::uint64_t bytes_;
  std::uint64_t block_bytes_;
  std::vector<Block> blocks_;
  std::string etag_;
  std::uint64_t whole_bytes_ = 0;
  std::uint64_t missing_bytes_ = 0;
  std::uint64_t prefix_blocks_ = 0;
  std::uint64_t first_missing_ = 0;  // no block before it is missing
};

}  // namespace hearth::hub
