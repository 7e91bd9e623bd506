// A text head of fixed length, then a byte for each block: '#' whole, anything else not.
#include "hub/part_map.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "hub/file_mode.h"

namespace hearth::hub {
namespace {

constexpr std::size_t kHeadBytes = 512;
constexpr std::size_t kLongestEtag = 300;
constexpr char kWhole = '#';
constexpr char kNotWhole = '.';

std::string head_begin(std::uint64_t bytes, std::uint64_t block_bytes) {
  return fmt::format("hearth-map 1\nbytes {}\nblock {}\netag ", bytes, block_bytes);
}

Error map_error(const std::filesystem::path& path) {
  return {.code = ErrorCode::Io,
          .message = fmt::format("{} cannot be written: {}", path.string(),
                                 std::generic_category().message(errno))};
}

}  // namespace

PartMap::PartMap(int file, std::filesystem::path path, std::uint64_t bytes,
                 std::uint64_t block_bytes)
    : file_(file),
      path_(std::move(path)),
      bytes_(bytes),
      block_bytes_(block_bytes),
      blocks_((bytes + block_bytes - 1) / block_bytes, Block::Missing) {}

PartMap::PartMap(PartMap&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      path_(std::move(other.path_)),
      bytes_(other.bytes_),
      block_bytes_(other.block_bytes_),
      blocks_(std::move(other.blocks_)),
      etag_(std::move(other.etag_)),
      whole_bytes_(other.whole_bytes_),
      missing_bytes_(other.missing_bytes_),
      prefix_blocks_(other.prefix_blocks_),
      first_missing_(other.first_missing_) {}

PartMap& PartMap::operator=(PartMap&& other) noexcept {
  PartMap moved(std::move(other));
  std::swap(file_, moved.file_);
  path_.swap(moved.path_);
  bytes_ = moved.bytes_;
  block_bytes_ = moved.block_bytes_;
  blocks_.swap(moved.blocks_);
  etag_.swap(moved.etag_);
  whole_bytes_ = moved.whole_bytes_;
  missing_bytes_ = moved.missing_bytes_;
  prefix_blocks_ = moved.prefix_blocks_;
  first_missing_ = moved.first_missing_;
  return *this;
}

PartMap::~PartMap() {
  if (file_ >= 0) ::close(file_);
}

Result<PartMap> PartMap::open(const std::filesystem::path& path, std::uint64_t bytes,
                              std::uint64_t block_bytes) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (file < 0) return fail(map_error(path));
  PartMap map(file, path, bytes, block_bytes);
  map.read();
  map.count();
  if (map.whole_bytes_ == 0) TRY(map.clear());
  return map;
}

/// Takes over what the file says, if it is about this length and block size.
void PartMap::read() {
  std::string text(kHeadBytes + blocks_.size(), '\0');
  const auto got = ::pread(file_, text.data(), text.size(), 0);
  const std::string begin = head_begin(bytes_, block_bytes_);
  if (got != static_cast<ssize_t>(text.size()) || !text.starts_with(begin)) return;
  const auto end = text.find('\n', begin.size());
  if (end == std::string::npos || end >= kHeadBytes) return;
  etag_ = text.substr(begin.size(), end - begin.size());
  for (std::size_t i = 0; i < blocks_.size(); ++i)
    if (text[kHeadBytes + i] == kWhole) blocks_[i] = Block::Whole;
}

void PartMap::count() {
  whole_bytes_ = missing_bytes_ = prefix_blocks_ = first_missing_ = 0;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    if (blocks_[i] == Block::Whole) whole_bytes_ += bytes_of(i);
    if (blocks_[i] == Block::Missing) missing_bytes_ += bytes_of(i);
  }
  while (prefix_blocks_ < blocks_.size() && blocks_[prefix_blocks_] == Block::Whole)
    ++prefix_blocks_;
}

Result<void> PartMap::write(std::string_view text, std::uint64_t offset) const {
  const auto wrote = ::pwrite(file_, text.data(), text.size(), static_cast<off_t>(offset));
  if (wrote == static_cast<ssize_t>(text.size())) return {};
  return fail(map_error(path_));
}

Result<void> PartMap::write_head() const {
  std::string head = head_begin(bytes_, block_bytes_) + etag_ + "\n";
  head.resize(kHeadBytes, ' ');
  return write(head, 0);
}

Result<void> PartMap::clear() {
  std::ranges::fill(blocks_, Block::Missing);
  etag_.clear();
  count();
  if (::ftruncate(file_, 0) != 0) return fail(map_error(path_));
  TRY(write_head());
  return write(std::string(blocks_.size(), kNotWhole), kHeadBytes);
}

Result<void> PartMap::set_etag(std::string etag) {
  if (etag.size() > kLongestEtag) etag.clear();  // too odd to be kept: resuming does without
  etag_ = std::move(etag);
  return write_head();
}

std::uint64_t PartMap::end_of(std::uint64_t blocks) const {
  return std::min(blocks * block_bytes_, bytes_);
}

std::uint64_t PartMap::bytes_of(std::uint64_t block) const {
  return end_of(block + 1) - end_of(block);
}

std::optional<ByteRange> PartMap::take(std::uint64_t most_bytes) {
  const std::size_t most = std::max<std::uint64_t>(most_bytes / block_bytes_, 1);
  while (first_missing_ < blocks_.size() && blocks_[first_missing_] != Block::Missing)
    ++first_missing_;
  if (first_missing_ == blocks_.size()) return std::nullopt;
  const std::size_t begin = first_missing_;
  while (first_missing_ < blocks_.size() && first_missing_ - begin < most &&
         blocks_[first_missing_] == Block::Missing) {
    blocks_[first_missing_] = Block::Taken;
    missing_bytes_ -= bytes_of(first_missing_++);
  }
  return ByteRange{end_of(begin), end_of(first_missing_)};
}

void PartMap::give_back(const ByteRange& range) {
  for (std::size_t i = range.begin / block_bytes_; end_of(i) < range.end; ++i) {
    if (blocks_[i] != Block::Taken) continue;
    blocks_[i] = Block::Missing;
    missing_bytes_ += bytes_of(i);
    first_missing_ = std::min<std::uint64_t>(first_missing_, i);
  }
}

Result<void> PartMap::arrived(std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t i = from / block_bytes_; i < blocks_.size() && end_of(i + 1) <= to; ++i) {
    if (blocks_[i] == Block::Whole) continue;
    if (blocks_[i] == Block::Missing) missing_bytes_ -= bytes_of(i);
    blocks_[i] = Block::Whole;
    whole_bytes_ += bytes_of(i);
    TRY(write({&kWhole, 1}, kHeadBytes + i));
  }
  while (prefix_blocks_ < blocks_.size() && blocks_[prefix_blocks_] == Block::Whole)
    ++prefix_blocks_;
  return {};
}

}  // namespace hearth::hub
