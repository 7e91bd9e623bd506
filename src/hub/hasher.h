// The thread that proves what was fetched, and puts it where it belongs.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "base/result.h"
#include "hub/board.h"
#include "hub/model_cache.h"

namespace hearth::hub {

/// Follows the beginning of each file as it becomes whole, while its bytes are still in memory;
/// when all of it has the right hash, the part becomes the blob. Lives on a thread of its own.
class Hasher {
 public:
  Hasher(const ModelCache& cache, Board& board) : cache_(cache), board_(board) {}

  /// Until the download ends. What fails stops the download.
  void run();

 private:
  struct Running {
    ContentHash hash;
    int epoch;
  };

  Result<void> work(const HashJob& job);
  Result<void> add(const HashJob& job, ContentHash& hash);
  Result<void> publish(const HashJob& job);
  Result<void> refuse(const HashJob& job, const std::string& hash);

  const ModelCache& cache_;
  Board& board_;
  std::map<const Transfer*, Running> running_;
  std::vector<std::byte> buffer_;
};

}  // namespace hearth::hub
