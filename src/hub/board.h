// What there is to do in a download, and who does it: between the threads that fetch, the one that
// hashes, and the one that asked.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "hub/progress.h"
#include "hub/transfer.h"

namespace hearth::hub {

/// Bytes of a file's beginning that are on disk and not hashed yet; `last`: the file is whole then.
struct HashJob {
  Transfer* transfer = nullptr;
  ByteRange range;
  bool last = false;
  int epoch = 0;  ///< of the transfer, when the job was given
};

/// A monitor: any thread. The first error stops everything.
class Board {
 public:
  Board(std::vector<WantedFile> files, std::uint64_t most_piece_bytes, int connections);

  // For the threads that fetch.

  /// Waits for a piece; nothing: there will be none any more.
  std::optional<Piece> take_piece();
  /// Bytes [from, to) of the piece are written. False: stop fetching it.
  bool arrived(const Piece& piece, std::uint64_t from, std::uint64_t to);
  /// What did not arrive is missing again. An error stops the download.
  void ended(const Piece& piece, Result<void> how);
  /// The address that the Hub's redirect led to, empty if unknown; and the ETag for If-Range.
  std::string storage(const Piece& piece);
  std::string etag(const Piece& piece);
  void set_storage(const Piece& piece, const std::string& address, std::string_view etag);
  /// The address has expired.
  void drop_storage(const Piece& piece, const std::string& address);
  /// The file is another than the one begun, or comes only as a whole: it begins anew once all its
  /// pieces have ended. After three times: an error.
  void restart(const Piece& piece, bool ranges);
  /// Sleeps; false: stopped meanwhile.
  bool pause(std::chrono::milliseconds time);
  bool running();

  // For the thread that hashes.

  std::optional<HashJob> take_hash_job(std::uint64_t most_bytes);
  void hashed(const HashJob& job);
  /// The file lies where it belongs.
  void finished(const HashJob& job);
  /// The whole file has another hash. True: it will be fetched anew, once.
  bool mismatched(const HashJob& job);

  // For the thread that asked.

  /// What should be opened now: the next file while somebody has nothing to fetch, and every so
  /// often those that another program had.
  std::vector<Transfer*> to_open();
  void opened(Transfer& transfer, FileLock lock, PartFile part, PartMap map);
  void elsewhere(Transfer& transfer);
  void already_there(Transfer& transfer);
  /// Waits until something of interest happens, or for `time`.
  void wait_for_news(std::chrono::milliseconds time);
  Progress progress();
  bool all_done();
  /// Ends everything; the first reason counts.
  void stop(Result<void> why);
  std::optional<Error> error();

 private:
  std::optional<Piece> find_piece();
  std::optional<HashJob> find_hash_job(std::uint64_t most_bytes);
  std::uint64_t piece_bytes(const Transfer& transfer) const;
  void stop_locked(Result<void> why);
  void begin_anew(Transfer& transfer);

  const std::uint64_t most_piece_bytes_;
  const std::uint64_t connections_;
  std::vector<std::unique_ptr<Transfer>> transfers_;  // the list itself never changes

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;  // guarded by mutex_, as all below
  std::optional<Error> error_;
  int idle_ = 0;  // threads that wait for a piece
  std::uint64_t fetched_ = 0;
  std::vector<std::string> finished_;  // since the last report
  SpeedMeter speed_;
  base::Instant looked_elsewhere_{};
};

}  // namespace hearth::hub
