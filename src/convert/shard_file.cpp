// Writing, hashing and syncing.
#include "convert/shard_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "nn/file.h"

namespace hearth::convert {

namespace {

constexpr std::size_t kWriteBytes = std::size_t{1} << 26;  // in one call
constexpr std::size_t kHashBytes = std::size_t{1} << 22;

std::string reason() {
  return std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
}

Result<int> open_to_write(const std::filesystem::path& path, int flags) {
  constexpr int kMode = 0644;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, kMode);
  if (descriptor < 0) return fail(ErrorCode::Io, "{}: cannot write: {}", path.string(), reason());
  return descriptor;
}

}  // namespace

Result<ShardFile> ShardFile::create(const std::filesystem::path& path) {
  return ShardFile(TRY(open_to_write(path, O_CREAT | O_TRUNC)), path.filename().string(), 0);
}

Result<ShardFile> ShardFile::reopen(const std::filesystem::path& path, std::uint64_t bytes) {
  ShardFile file(TRY(open_to_write(path, 0)), path.filename().string(), bytes);
  const auto end = static_cast<::off_t>(bytes);
  if (::ftruncate(file.descriptor_, end) != 0 || ::lseek(file.descriptor_, end, SEEK_SET) != end)
    return fail(ErrorCode::Io, "{}: cannot write: {}", path.string(), reason());
  return file;
}

ShardFile::ShardFile(ShardFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      name_(std::move(other.name_)),
      size_(other.size_),
      hash_(std::move(other.hash_)) {}

ShardFile::~ShardFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> ShardFile::append(std::span<const std::byte> bytes) {
  hash_.add(bytes);
  while (!bytes.empty()) {
    const ssize_t done = ::write(descriptor_, bytes.data(), std::min(bytes.size(), kWriteBytes));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail(ErrorCode::Io, "{}: cannot write: {}", name_, reason());
    size_ += static_cast<std::uint64_t>(done);
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return {};
}

Result<void> ShardFile::append(std::string_view text) {
  return append(std::as_bytes(std::span(text)));
}

std::string ShardFile::take_hash() {
  return std::exchange(hash_, base::Sha256()).hex();
}

Result<std::string> ShardFile::finish() {
  if (::fsync(descriptor_) != 0)
    return fail(ErrorCode::Io, "{}: cannot bring it to the disk: {}", name_, reason());
  ::close(std::exchange(descriptor_, -1));
  return take_hash();
}

Result<std::string> file_hash(const std::filesystem::path& path) {
  return file_hash(path, 0, TRY(nn::File::open(path)).size());
}

Result<std::string> file_hash(const std::filesystem::path& path, std::uint64_t first,
                              std::uint64_t bytes) {
  const nn::File file = TRY(nn::File::open(path));
  std::vector<std::byte> piece(kHashBytes);
  base::Sha256 hash;
  for (std::uint64_t done = 0; done < bytes;) {
    const std::size_t count = std::min<std::uint64_t>(kHashBytes, bytes - done);
    TRY(file.read(first + done, std::span(piece).first(count)));
    hash.add(std::span(piece).first(count));
    done += count;
  }
  return hash.hex();
}

Result<void> write_whole(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path fresh = path.string() + ".new";
  ShardFile file = TRY(ShardFile::create(fresh));
  TRY(file.append(text));
  TRY(file.finish());
  std::error_code error;
  std::filesystem::rename(fresh, path, error);
  if (error) return fail(ErrorCode::Io, "{}: cannot write: {}", path.string(), error.message());
  return {};
}

}  // namespace hearth::convert
