// Links into the Hub's cache, and who else has them.
#include "convert/freed_bytes.h"

#include <system_error>

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

std::unexpected<Error> refuse(const fs::path& file, std::string_view reason) {
  return fail(ErrorCode::UnsupportedArgument,
              "{} cannot be given up for its space: {}; convert without --in-place-space",
              file.filename().string(), reason);
}

/// Looks through all snapshots for another link to the blob.
Result<void> check_links(const fs::path& file, const fs::path& blob, const fs::path& snapshots) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(snapshots, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code dangling;
    if (at->path() == file || !at->is_symlink(dangling)) continue;
    if (fs::canonical(at->path(), dangling) != blob || dangling) continue;
    const fs::path other = at->path().lexically_relative(snapshots);
    if (*other.begin() == file.parent_path().filename())
      return refuse(file, fmt::format("{} is the same file", at->path().filename().string()));
    return refuse(file, fmt::format("the snapshot {} has it too", other.begin()->string()));
  }
  if (!error) return {};
  return fail(ErrorCode::Io, "cannot look through {}: {}", snapshots.string(), error.message());
}

/// The blob of SNAPSHOTS/COMMIT/FILE, which lies in SNAPSHOTS/../blobs.
Result<fs::path> blob_of(const fs::path& file) {
  std::error_code error;
  fs::path blob = fs::canonical(file, error);
  if (error) return fail(ErrorCode::Io, "{} leads nowhere: {}", file.string(), error.message());
  const fs::path snapshots = file.parent_path().parent_path();
  if (snapshots.filename() != "snapshots" ||
      blob.parent_path() != snapshots.parent_path() / "blobs")
    return refuse(file, fmt::format("it is a link to {}, and what else needs that is not known",
                                    blob.string()));
  TRY(check_links(file, blob, snapshots));
  return blob;
}

}  // namespace

Result<fs::path> bytes_to_free(const fs::path& file) {
  std::error_code error;
  fs::path bytes = fs::is_symlink(file, error) ? TRY(blob_of(file)) : file;
  if (fs::hard_link_count(bytes, error) > 1 && !error)
    return refuse(file, "it has other names on the disk, which share its space");
  return bytes;
}

Result<void> free_bytes(const fs::path& file) {
  std::error_code error;
  if (fs::exists(file, error)) {
    const fs::path bytes = TRY(bytes_to_free(file));
    fs::resize_file(bytes, 0, error);  // it is open, and an open file keeps its space
    if (!error) fs::remove(bytes, error);
    if (error) return fail(ErrorCode::Io, "cannot remove {}: {}", bytes.string(), error.message());
  }
  fs::remove(file, error);  // the link, where an interruption left it alone
  if (error) return fail(ErrorCode::Io, "cannot remove {}: {}", file.string(), error.message());
  return {};
}

}  // namespace hearth::convert
