// Hash jobs, one after another.
#include "hub/hasher.h"

#include <algorithm>
#include <system_error>

namespace hearth::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kJobBytes = std::uint64_t{8} << 20;
constexpr std::size_t kReadBytes = std::size_t{1} << 20;

}  // namespace

void Hasher::run() {
  buffer_.resize(kReadBytes);
  while (const auto job = board_.take_hash_job(kJobBytes))
    if (auto done = work(*job); !done) board_.stop(std::move(done));
}

Result<void> Hasher::work(const HashJob& job) {
  const WantedFile& wanted = job.transfer->wanted;
  auto found = running_.find(job.transfer);
  if (found == running_.end() || found->second.epoch != job.epoch) {
    running_.erase(job.transfer);
    found =
        running_.emplace(job.transfer, Running{ContentHash(wanted.kind, wanted.bytes), job.epoch})
            .first;
  }
  TRY(add(job, found->second.hash));
  board_.hashed(job);
  if (!job.last) return {};
  const std::string hash = found->second.hash.hex();
  running_.erase(found);
  return hash == wanted.hash ? publish(job) : refuse(job, hash);
}

Result<void> Hasher::add(const HashJob& job, ContentHash& hash) {
  for (std::uint64_t at = job.range.begin; at < job.range.end;) {
    const auto bytes = std::min<std::uint64_t>(buffer_.size(), job.range.end - at);
    const auto some = std::span(buffer_).first(bytes);
    TRY(job.transfer->part->read(at, some));
    hash.add(some);
    at += bytes;
  }
  return {};
}

/// The blob appears whole or not at all; the map goes after it, so that a part without a map never
/// stands beside a blob that is missing.
Result<void> Hasher::publish(const HashJob& job) {
  const WantedFile& wanted = job.transfer->wanted;
  TRY(job.transfer->part->sync());
  std::error_code error;
  fs::rename(cache_.part(wanted.hash), cache_.blob(wanted.hash), error);
  if (error)
    return fail(ErrorCode::Io, "{} cannot be put into the cache: {}", wanted.path, error.message());
  fs::remove(cache_.part_map(wanted.hash), error);
  TRY(cache_.link(wanted.commit, wanted.path, wanted.hash));
  board_.finished(job);
  return {};
}

Result<void> Hasher::refuse(const HashJob& job, const std::string& hash) {
  if (board_.mismatched(job)) return {};
  const WantedFile& wanted = job.transfer->wanted;
  std::error_code ignored;
  fs::remove(cache_.part(wanted.hash), ignored);
  fs::remove(cache_.part_map(wanted.hash), ignored);
  return fail(ErrorCode::CorruptData,
              "{} was fetched twice, and its content is not what the Hub lists (its hash is {}, it "
              "should be {}): something on the way changes it; try again without mirror or proxy",
              wanted.path, hash, wanted.hash);
}

}  // namespace hearth::hub
