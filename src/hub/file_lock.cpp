// flock, with a look at whether the file is still the one that others will open.
#include "hub/file_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "hub/file_mode.h"

namespace hearth::hub {
namespace {

Error lock_error(const std::filesystem::path& file) {
  return {.code = ErrorCode::Io,
          .message = fmt::format("the lock {} cannot be taken: {}", file.string(),
                                 std::generic_category().message(errno))};
}

/// Other tools remove the file when they give the lock back: a lock on a removed file is none.
bool still_there(int locked, const std::filesystem::path& file) {
  struct stat ours = {};
  struct stat now = {};
  return ::fstat(locked, &ours) == 0 && ::stat(file.c_str(), &now) == 0 &&
         ours.st_ino == now.st_ino && ours.st_dev == now.st_dev;
}

}  // namespace

Result<std::optional<FileLock>> FileLock::try_take(const std::filesystem::path& path) {
  for (;;) {
    FileLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
    if (lock.file_ < 0) return fail(lock_error(path));
    if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK) return std::optional<FileLock>();
      return fail(lock_error(path));
    }
    if (still_there(lock.file_, path)) return std::optional<FileLock>(std::move(lock));
  }
}

FileLock::FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace hearth::hub
