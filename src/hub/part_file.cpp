// pread, pwrite and their errors.
#include "hub/part_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "hub/file_mode.h"

namespace hearth::hub {
namespace {

Error part_error(const std::filesystem::path& path, std::string_view doing) {
  if (errno == ENOSPC || errno == EDQUOT)
    return {
        .code = ErrorCode::Io,
        .message = fmt::format("the disk that holds {} is full: make room and start again; what "
                               "is here is kept",
                               path.parent_path().string())};
  return {.code = ErrorCode::Io,
          .message = fmt::format("{} cannot be {}: {}", path.string(), doing,
                                 std::generic_category().message(errno))};
}

}  // namespace

Result<PartFile> PartFile::open(const std::filesystem::path& path, std::uint64_t bytes,
                                bool& was_whole_length) {
  PartFile part(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode), path);
  struct stat info = {};
  if (part.file_ < 0 || ::fstat(part.file_, &info) != 0) return fail(part_error(path, "opened"));
  was_whole_length = std::cmp_equal(info.st_size, bytes);
  if (!was_whole_length && ::ftruncate(part.file_, static_cast<off_t>(bytes)) != 0)
    return fail(part_error(path, "made"));
  return part;
}

PartFile::PartFile(PartFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)), path_(std::move(other.path_)) {}

PartFile& PartFile::operator=(PartFile&& other) noexcept {
  std::swap(file_, other.file_);
  path_.swap(other.path_);
  return *this;
}

PartFile::~PartFile() {
  if (file_ >= 0) ::close(file_);
}

Result<void> PartFile::write(std::uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto wrote = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return fail(part_error(path_, "written"));
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

Result<void> PartFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const auto got = ::pread(file_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO;  // somebody made it shorter
    if (got <= 0) return fail(part_error(path_, "read"));
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

Result<void> PartFile::sync() const {
  if (::fsync(file_) == 0) return {};
  return fail(part_error(path_, "written"));
}

}  // namespace hearth::hub
