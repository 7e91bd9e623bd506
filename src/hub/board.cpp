// Pieces and hash jobs, handed out under one mutex.
#include "hub/board.h"

#include <algorithm>
#include <utility>

namespace hearth::hub {
namespace {

using State = Transfer::State;

/// Smaller pieces would cost more in requests than they bring in balance.
constexpr std::uint64_t kLeastPieceBytes = 4 * PartMap::kBlockBytes;
constexpr int kMostRestarts = 3;
/// How often a file that another program fetches is looked at again.
constexpr std::chrono::milliseconds kLookElsewhere{200};

}  // namespace

Board::Board(std::vector<WantedFile> files, std::uint64_t most_piece_bytes, int connections)
    : most_piece_bytes_(most_piece_bytes), connections_(static_cast<std::uint64_t>(connections)) {
  for (WantedFile& file : files) transfers_.push_back(std::make_unique<Transfer>(std::move(file)));
}

/// What is missing is shared out so that every connection comes by twice: the pieces get smaller
/// towards the end, and nobody holds the last one for long.
std::uint64_t Board::piece_bytes(const Transfer& transfer) const {
  const std::uint64_t share = transfer.map->missing_bytes() / (2 * connections_);
  return std::clamp(share, kLeastPieceBytes, std::max(most_piece_bytes_, kLeastPieceBytes));
}

std::optional<Piece> Board::find_piece() {
  for (const auto& transfer : transfers_) {
    if (transfer->state != State::Open || transfer->restarting) continue;
    std::optional<ByteRange> range;
    if (transfer->ranges)
      range = transfer->map->take(piece_bytes(*transfer));
    else if (transfer->pieces == 0 && !transfer->map->whole())
      range = ByteRange{0, transfer->wanted.bytes};
    if (!range) continue;
    ++transfer->pieces;
    return Piece{transfer.get(), *range, transfer->ranges};
  }
  return std::nullopt;
}

std::optional<Piece> Board::take_piece() {
  std::unique_lock lock(mutex_);
  std::optional<Piece> piece;
  ++idle_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return stopped_ || (piece = find_piece()); });
  --idle_;
  return piece;
}

bool Board::arrived(const Piece& piece, std::uint64_t from, std::uint64_t to) {
  const std::lock_guard lock(mutex_);
  fetched_ += to - from;
  if (stopped_ || piece.transfer->restarting) return false;
  PartMap& map = *piece.transfer->map;
  const std::uint64_t before = map.prefix_bytes();
  if (auto noted = map.arrived(from, to); !noted) {
    stop_locked(std::move(noted));
    return false;
  }
  if (map.prefix_bytes() != before) changed_.notify_all();
  return true;
}

void Board::ended(const Piece& piece, Result<void> how) {
  const std::lock_guard lock(mutex_);
  Transfer& transfer = *piece.transfer;
  --transfer.pieces;
  transfer.map->give_back(piece.range);
  if (!how) stop_locked(std::move(how));
  if (transfer.restarting && transfer.pieces == 0) begin_anew(transfer);
  changed_.notify_all();
}

void Board::begin_anew(Transfer& transfer) {
  transfer.restarting = false;
  ++transfer.epoch;
  transfer.hashed = 0;
  transfer.storage.clear();
  if (auto cleared = transfer.map->clear(); !cleared) stop_locked(std::move(cleared));
}

std::string Board::storage(const Piece& piece) {
  const std::lock_guard lock(mutex_);
  return piece.transfer->storage;
}

std::string Board::etag(const Piece& piece) {
  const std::lock_guard lock(mutex_);
  return piece.transfer->map->etag();
}

void Board::set_storage(const Piece& piece, const std::string& address, std::string_view etag) {
  const std::lock_guard lock(mutex_);
  piece.transfer->storage = address;
  PartMap& map = *piece.transfer->map;
  // A weak ETag does not promise equal bytes, so it is no ground for resuming. Where servers do not
  // agree on one the hash alone decides.
  if (!map.etag().empty() || !etag.starts_with('"') || piece.transfer->restarts > 0) return;
  if (auto noted = map.set_etag(std::string(etag)); !noted) stop_locked(std::move(noted));
}

void Board::drop_storage(const Piece& piece, const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (piece.transfer->storage == address) piece.transfer->storage.clear();
}

void Board::restart(const Piece& piece, bool ranges) {
  const std::lock_guard lock(mutex_);
  Transfer& transfer = *piece.transfer;
  if (std::exchange(transfer.restarting, true)) return;
  transfer.ranges = ranges;
  if (++transfer.restarts <= kMostRestarts) return;
  stop_locked(fail(ErrorCode::Upstream,
                   "{} changes while it is fetched, again and again: try again later, or without "
                   "the mirror",
                   transfer.wanted.path));
}

bool Board::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [&] { return stopped_; });
}

bool Board::running() {
  const std::lock_guard lock(mutex_);
  return !stopped_;
}

std::optional<HashJob> Board::find_hash_job(std::uint64_t most_bytes) {
  for (const auto& transfer : transfers_) {
    if (transfer->state != State::Open || transfer->restarting) continue;
    const std::uint64_t from = transfer->hashed;
    const std::uint64_t to = std::min(transfer->map->prefix_bytes(), from + most_bytes);
    const bool last = to == transfer->wanted.bytes && transfer->pieces == 0;
    // The last bytes wait until nobody writes any more: what is proven must not change.
    if (to == transfer->wanted.bytes ? last : to > from)
      return HashJob{transfer.get(), {from, to}, last, transfer->epoch};
  }
  return std::nullopt;
}

std::optional<HashJob> Board::take_hash_job(std::uint64_t most_bytes) {
  std::unique_lock lock(mutex_);
  std::optional<HashJob> job;
  changed_.wait(lock, [&] { return stopped_ || (job = find_hash_job(most_bytes)); });
  return stopped_ ? std::nullopt : job;
}

void Board::hashed(const HashJob& job) {
  const std::lock_guard lock(mutex_);
  Transfer& transfer = *job.transfer;
  if (transfer.epoch == job.epoch && !transfer.restarting) transfer.hashed = job.range.end;
}

void Board::finished(const HashJob& job) {
  const std::lock_guard lock(mutex_);
  Transfer& transfer = *job.transfer;
  transfer.state = State::Done;
  transfer.map.reset();
  transfer.part.reset();
  transfer.lock.reset();
  finished_.push_back(transfer.wanted.path);
  changed_.notify_all();
}

bool Board::mismatched(const HashJob& job) {
  const std::lock_guard lock(mutex_);
  Transfer& transfer = *job.transfer;
  if (++transfer.mismatches > 1) return false;
  begin_anew(transfer);
  changed_.notify_all();
  return true;
}

std::vector<Transfer*> Board::to_open() {
  const std::lock_guard lock(mutex_);
  std::vector<Transfer*> found;
  const auto now = base::SteadyClock::now();
  const bool look = now - looked_elsewhere_ >= kLookElsewhere;
  if (look) looked_elsewhere_ = now;
  bool hungry = idle_ > 0;
  for (const auto& transfer : transfers_) {
    const bool next = transfer->state == State::Waiting && std::exchange(hungry, false);
    if (next || (look && transfer->state == State::Elsewhere)) found.push_back(transfer.get());
  }
  return found;
}

void Board::opened(Transfer& transfer, FileLock lock, PartFile part, PartMap map) {
  const std::lock_guard guard(mutex_);
  transfer.lock = std::move(lock);
  transfer.part = std::make_shared<const PartFile>(std::move(part));
  transfer.map = std::move(map);
  transfer.state = State::Open;
  changed_.notify_all();
}

void Board::elsewhere(Transfer& transfer) {
  const std::lock_guard lock(mutex_);
  transfer.state = State::Elsewhere;
}

void Board::already_there(Transfer& transfer) {
  const std::lock_guard lock(mutex_);
  transfer.state = State::Done;
  finished_.push_back(transfer.wanted.path);
}

void Board::wait_for_news(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  const auto can_open = [&] {
    return idle_ > 0 && std::ranges::any_of(transfers_, [](const auto& transfer) {
             return transfer->state == State::Waiting;
           });
  };
  changed_.wait_for(lock, time, [&] { return stopped_ || !finished_.empty() || can_open(); });
}

bool Board::all_done() {
  const std::lock_guard lock(mutex_);
  return std::ranges::all_of(transfers_,
                             [](const auto& transfer) { return transfer->state == State::Done; });
}

Progress Board::progress() {
  const std::lock_guard lock(mutex_);
  Progress progress{.fetched = fetched_,
                    .files = transfers_.size(),
                    .left = {},
                    .active = {},
                    .finished = std::exchange(finished_, {})};
  for (const auto& transfer : transfers_) {
    const std::uint64_t bytes = transfer->wanted.bytes;
    const bool done = transfer->state == State::Done;
    const std::uint64_t here = done ? bytes : transfer->map ? transfer->map->whole_bytes() : 0;
    progress.bytes += bytes;
    progress.done += here;
    progress.files_done += done ? 1 : 0;
    if (transfer->state == State::Open || transfer->state == State::Elsewhere)
      progress.active.push_back(
          {transfer->wanted.path, bytes, here, transfer->state == State::Elsewhere});
  }
  speed_.add(fetched_, base::SteadyClock::now());
  progress.bytes_per_s = speed_.bytes_per_s();
  progress.left = speed_.left(progress.bytes - progress.done);
  return progress;
}

void Board::stop(Result<void> why) {
  const std::lock_guard lock(mutex_);
  stop_locked(std::move(why));
}

void Board::stop_locked(Result<void> why) {
  if (!why && !stopped_) error_ = std::move(why).error();
  stopped_ = true;
  changed_.notify_all();
}

std::optional<Error> Board::error() {
  const std::lock_guard lock(mutex_);
  return error_;
}

}  // namespace hearth::hub
