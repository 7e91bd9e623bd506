// Fetching the files of one snapshot: several at once, each in parts.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "hub/backoff.h"
#include "hub/model_cache.h"
#include "hub/places.h"
#include "hub/progress.h"
#include "hub/rate_limit.h"
#include "hub/transfer.h"

namespace hearth::hub {

struct DownloadOptions {
  int connections = 8;  ///< at once, over all files
  std::uint64_t most_piece_bytes = std::uint64_t{32} << 20;
  std::uint64_t bytes_per_s = 0;  ///< limit over all connections; 0: none
  /// The limit itself where several downloads share it; null: this one has its own.
  std::shared_ptr<RateLimit> rate = {};
  std::chrono::seconds stall_timeout{30};  ///< a line that brings next to nothing is dropped
  RetryRules retries = {};
  bool keep_partial = true;  ///< when the listener stops it: false removes what is not whole
  /// Room on the disk of a folder; empty: as the system says.
  std::function<std::uint64_t(const std::filesystem::path&)> free_bytes = {};
};

/// How many bytes are still to be written for these files, those of parts on disk left out.
std::uint64_t missing_bytes(const ModelCache& cache, const std::vector<WantedFile>& files);

/// Fetches what is not there yet, proves it, and links it into the snapshot. Blocks; runs
/// `connections` threads that fetch and one that hashes. Two processes (or two calls) at the same
/// files are safe: whoever comes second waits for the file and uses it.
/// @returns the bytes that came over the network; Cancelled where the listener said so; else the
///          first error, which names the file. Partial files stay for the next try.
Result<std::uint64_t> download(const Places& places, const ModelCache& cache,
                               const std::vector<WantedFile>& files, const DownloadOptions& options,
                               const ProgressListener& listener);

}  // namespace hearth::hub
