// Paths of the cache, links, and references.
#include "hub/model_cache.h"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "base/id.h"

namespace hearth::hub {
namespace {

namespace fs = std::filesystem;

std::string folder_name(std::string_view repository) {
  std::string name = fmt::format("models--{}", repository);
  if (const auto slash = name.find('/'); slash != std::string::npos) name.replace(slash, 1, "--");
  return name;
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return {};
  return fail(ErrorCode::Io,
              "the folder {} cannot be made: {}; set HF_HUB_CACHE to a folder that you may write",
              folder.string(), error.message());
}

fs::path fresh_in(const fs::path& folder) {
  return folder / base::random_id(".hearth-", 12);
}

Result<void> move_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return {};
  std::error_code ignored;
  fs::remove(from, ignored);
  return fail(ErrorCode::Io, "{} cannot be written: {}", to.string(), error.message());
}

/// Whether links can be made in this folder.
Links links_in(const fs::path& folder) {
  const fs::path probe = fresh_in(folder);
  std::error_code error;
  fs::create_symlink("nowhere", probe, error);
  if (error) return Links::None;
  fs::remove(probe, error);
  return Links::Symbolic;
}

bool has(const fs::path& file, std::uint64_t bytes) {
  std::error_code error;
  const auto size = fs::file_size(file, error);  // of what a link leads to
  return !error && size == bytes && fs::is_regular_file(file, error);
}

/// What a snapshot's file says to find its blob: up out of the snapshot, down into the blobs.
fs::path link_target(std::string_view path, std::string_view hash) {
  fs::path target = "../..";
  for (auto deeper = std::ranges::count(path, '/'); deeper > 0; --deeper) target /= "..";
  return target / "blobs" / hash;
}

}  // namespace

fs::path ModelCache::folder_of(const fs::path& cache, std::string_view repository) {
  return cache / folder_name(repository);
}

Result<ModelCache> ModelCache::open(const fs::path& cache, std::string_view repository,
                                    std::optional<Links> links) {
  const std::string name = folder_name(repository);
  const fs::path folder = cache / name;
  const fs::path locks = cache / ".locks" / name;
  TRY(make_folder(folder / "blobs"));
  TRY(make_folder(locks));
  return ModelCache(folder, locks, links ? *links : links_in(folder));
}

fs::path ModelCache::fresh() const {
  return fresh_in(folder_);
}

fs::path ModelCache::blob(std::string_view hash) const {
  return folder_ / "blobs" / hash;
}

fs::path ModelCache::part(std::string_view hash) const {
  return folder_ / "blobs" / fmt::format("{}.hearth-part", hash);
}

fs::path ModelCache::part_map(std::string_view hash) const {
  return folder_ / "blobs" / fmt::format("{}.hearth-map", hash);
}

fs::path ModelCache::lock(std::string_view hash) const {
  return locks_ / fmt::format("{}.lock", hash);
}

fs::path ModelCache::snapshot(std::string_view commit) const {
  return folder_ / "snapshots" / commit;
}

bool ModelCache::has_file(std::string_view commit, std::string_view path,
                          std::uint64_t bytes) const {
  return has(snapshot(commit) / path, bytes);
}

bool ModelCache::has_blob(std::string_view hash, std::uint64_t bytes) const {
  return has(blob(hash), bytes);
}

Result<void> ModelCache::link(std::string_view commit, std::string_view path,
                              std::string_view hash) const {
  const fs::path file = snapshot(commit) / path;
  TRY(make_folder(file.parent_path()));
  if (links_ == Links::None) return move_file(blob(hash), file);
  const fs::path link = fresh();
  std::error_code error;
  fs::create_symlink(link_target(path, hash), link, error);
  if (error) return fail(ErrorCode::Io, "{} cannot be linked: {}", file.string(), error.message());
  return move_file(link, file);
}

Result<void> ModelCache::write_ref(std::string_view revision, std::string_view commit) const {
  const fs::path file = folder_ / "refs" / revision;
  TRY(make_folder(file.parent_path()));
  const fs::path note = fresh();
  std::ofstream out(note, std::ios::binary);
  out << commit;
  out.close();
  if (!out) return fail(ErrorCode::Io, "{} cannot be written: is the disk full?", file.string());
  return move_file(note, file);
}

}  // namespace hearth::hub
