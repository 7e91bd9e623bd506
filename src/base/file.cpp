// Whole reads: pread until everything is there.
#include "base/file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace hearth::base {

namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 26;  // one call; some systems cap at 2 GiB

std::string reason() {
  return std::strerror(errno);
}  // NOLINT(concurrency-mt-unsafe)

}  // namespace

Result<File> File::open(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) return fail(ErrorCode::NotFound, "{}: there is no such file", name);
    return fail(ErrorCode::Io, "{}: cannot open: {}", name, reason());
  }
  struct stat status{};
  File file(descriptor, 0, name);
  if (::fstat(descriptor, &status) != 0)
    return fail(ErrorCode::Io, "{}: cannot tell its size: {}", name, reason());
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::Io, "{}: is not a plain file", name);
  file.size_ = static_cast<std::uint64_t>(status.st_size);
  return file;
}

File::File(File&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      name_(std::move(other.name_)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  size_ = other.size_;
  name_ = other.name_;
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> File::read(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const std::size_t wanted = std::min(out.size(), kReadBytes);
    const ssize_t got = ::pread(descriptor_, out.data(), wanted, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorCode::Io, "{}: cannot read: {}", name_, reason());
    if (got == 0)
      return fail(ErrorCode::CorruptData,
                  "{}: ends at byte {}, {} bytes early (is it still being "
                  "written?)",
                  name_, offset, out.size());
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

Result<std::string> File::text(std::uint64_t limit) const {
  if (size_ > limit)
    return fail(ErrorCode::TooLarge, "{}: has {} bytes, more than the {} that such a file may have",
                name_, size_, limit);
  std::string content(static_cast<std::size_t>(size_), '\0');
  if (auto done = read(0, std::as_writable_bytes(std::span(content))); !done)
    return fail(std::move(done).error());
  return content;
}

}  // namespace hearth::base
