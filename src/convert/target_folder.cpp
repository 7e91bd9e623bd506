// Temporary names, a lock, and the final rename.
#include "convert/target_folder.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include "convert/consumed_source.h"

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

constexpr const char* kLock = ".lock";

fs::path plain_path(const fs::path& path) {
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(fs::absolute(path, ignored), ignored);
  return whole.has_filename() ? whole : whole.parent_path();
}

Result<void> rename_folder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
    return fail(ErrorCode::Io, "cannot rename {} to {}: {}", from.string(), to.string(),
                error.message());
  return {};
}

}  // namespace

Result<void> TargetFolder::check(const fs::path& source, const fs::path& target, bool force) {
  const fs::path place = plain_path(target);
  const fs::path from = plain_path(source);
  if (place == from)
    return fail(ErrorCode::InvalidArgument,
                "the source is the target; name another folder with --out");
  if (from.string().starts_with(place.string() + "/"))
    return fail(ErrorCode::InvalidArgument, "the source lies inside the target {}", place.string());
  std::error_code error;
  if (!fs::exists(fs::symlink_status(target, error))) return {};
  if (!force)
    return fail(ErrorCode::InvalidArgument,
                "{} is there already; --force replaces it, --out names another folder",
                target.string());
  if (!fs::is_directory(target, error) ||
      !(fs::exists(target / "config.json", error) || fs::is_empty(target, error)))
    return fail(ErrorCode::InvalidArgument, "{} is no model folder; --force replaces only those",
                target.string());
  return {};
}

Result<void> TargetFolder::discard(const fs::path& target) {
  const fs::path hidden = hidden_place(target);
  std::error_code error;
  if (!fs::exists(hidden, error)) return {};
  if (ConsumedSource::begun(hidden))
    return fail(ErrorCode::InvalidArgument,
                "{} holds what was made of weight files that are gone; finish that conversion, or "
                "remove the folder yourself",
                hidden.string());
  const TargetFolder mine = TRY(open(target));
  fs::remove_all(hidden, error);
  if (error) return fail(ErrorCode::Io, "cannot remove {}: {}", hidden.string(), error.message());
  return {};
}

fs::path TargetFolder::hidden_place(const fs::path& target) {
  const fs::path place = plain_path(target);
  return place.parent_path() / fmt::format(".{}.converting", place.filename().string());
}

Result<TargetFolder> TargetFolder::open(const fs::path& target) {
  const fs::path hidden = hidden_place(target);
  std::error_code error;
  fs::create_directories(hidden, error);
  if (error)
    return fail(ErrorCode::Io, "cannot make the folder {}: {}", hidden.string(), error.message());
  constexpr int kMode = 0644;
  const int lock = ::open((hidden / kLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode);
  if (lock < 0)
    return fail(ErrorCode::Io, "cannot write in {}: {}", hidden.string(),
                std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return fail(ErrorCode::Overloaded, "another conversion to {} is running", target.string());
  }
  return TargetFolder(plain_path(target), hidden, lock);
}

TargetFolder::TargetFolder(TargetFolder&& other) noexcept
    : target_(std::move(other.target_)),
      hidden_(std::move(other.hidden_)),
      lock_(std::exchange(other.lock_, -1)) {}

TargetFolder::~TargetFolder() {
  if (lock_ >= 0) ::close(lock_);
}

Result<void> TargetFolder::clear() const {
  std::error_code error;
  for (const auto& item : fs::directory_iterator(hidden_, error)) {
    std::error_code failed;
    if (item.path().filename() != kLock) fs::remove_all(item.path(), failed);
    if (failed)
      return fail(ErrorCode::Io, "cannot remove {}: {}", item.path().string(), failed.message());
  }
  return {};
}

Result<void> TargetFolder::publish() {
  std::error_code error;
  fs::remove(hidden_ / kLock, error);
  const fs::path old =
      target_.parent_path() / fmt::format(".{}.replaced", target_.filename().string());
  const bool replaces = fs::exists(target_, error);
  fs::remove_all(old, error);
  if (replaces) TRY(rename_folder(target_, old));
  if (auto done = rename_folder(hidden_, target_); !done) {
    if (replaces) TRY(rename_folder(old, target_));
    return done;
  }
  fs::remove_all(old, error);
  if (error)
    return fail(ErrorCode::Io, "the model is ready, but {} could not be removed: {}", old.string(),
                error.message());
  return {};
}

}  // namespace hearth::convert
