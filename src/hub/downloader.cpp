// The thread that asked: opens files, reports, and ends it all.
#include "hub/downloader.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/thread.h"
#include "hub/board.h"
#include "hub/fetcher.h"
#include "hub/hasher.h"
#include "hub/partial_files.h"
#include "hub/rate_limit.h"

namespace hearth::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kReportEvery{100};
/// A line slower than this is worth a new one, unless it is we who slow it down.
constexpr std::uint32_t kLeastBytesPerS = 512;
/// With a limit, a connection for each of so many bytes per second is enough.
constexpr std::uint64_t kBytesPerSPerConnection = std::uint64_t{64} * 1024;

int connections_of(const DownloadOptions& options) {
  if (options.bytes_per_s == 0) return options.connections;
  const auto enough = std::max<std::uint64_t>(options.bytes_per_s / kBytesPerSPerConnection, 1);
  return static_cast<int>(std::min<std::uint64_t>(enough, options.connections));
}

/// One whole download, from threads to threads' end.
class Download {
 public:
  Download(const Places& places, const ModelCache& cache, std::vector<WantedFile> files,
           const DownloadOptions& options)
      : cache_(cache),
        options_(options),
        rate_(options.rate ? options.rate : std::make_shared<RateLimit>(options.bytes_per_s)),
        board_(std::move(files), options.most_piece_bytes, connections_of(options)),
        hasher_(cache, board_) {
    const AskLimits limits{.timeout = std::chrono::milliseconds(0),
                           .stall_timeout = options.stall_timeout,
                           .least_bytes_per_s = options.bytes_per_s == 0 ? kLeastBytesPerS : 1};
    for (int i = 0; i < connections_of(options); ++i)
      fetchers_.push_back(
          std::make_unique<Fetcher>(places, limits, options.retries, board_, *rate_));
  }

  /// @returns the bytes fetched; nothing where the listener stopped it.
  Result<std::optional<std::uint64_t>> run(const ProgressListener& listener) {
    start();
    bool stopped = false;
    Progress progress;
    while (!stopped && !board_.error() && !board_.all_done()) {
      for (Transfer* transfer : board_.to_open())
        if (auto opened = open(*transfer); !opened) board_.stop(std::move(opened));
      progress = board_.progress();
      stopped = !listener(progress);
      if (!stopped) board_.wait_for_news(kReportEvery);
    }
    board_.stop({});
    threads_.clear();  // joins them
    if (auto error = board_.error()) return fail(std::move(*error));
    progress = board_.progress();
    if (stopped) return std::optional<std::uint64_t>();
    listener(progress);
    return progress.fetched;
  }

 private:
  void start() {
    threads_.emplace_back("hub-hash", [this] { hasher_.run(); });
    for (const auto& fetcher : fetchers_)
      threads_.emplace_back("hub-fetch", [one = fetcher.get()] { one->run(); });
  }

  /// Whether the file is there already; links its blob where only that is missing.
  Result<bool> found(const WantedFile& wanted) {
    if (cache_.has_file(wanted.commit, wanted.path, wanted.bytes)) return true;
    if (!cache_.has_blob(wanted.hash, wanted.bytes)) return false;
    TRY(cache_.link(wanted.commit, wanted.path, wanted.hash));
    return true;
  }

  Result<void> open(Transfer& transfer) {
    const WantedFile& wanted = transfer.wanted;
    auto lock = TRY(FileLock::try_take(cache_.lock(wanted.hash)));
    if (!lock) {
      board_.elsewhere(transfer);
      return {};
    }
    if (TRY(found(wanted))) {
      std::error_code ignored;  // a program that ended right after it put the blob in place
      fs::remove(cache_.part_map(wanted.hash), ignored);
      board_.already_there(transfer);
      return {};
    }
    bool was_whole_length = false;
    auto part = TRY(PartFile::open(cache_.part(wanted.hash), wanted.bytes, was_whole_length));
    auto map = TRY(PartMap::open(cache_.part_map(wanted.hash), wanted.bytes));
    if (!was_whole_length) TRY(map.clear());
    board_.opened(transfer, std::move(*lock), std::move(part), std::move(map));
    return {};
  }

  const ModelCache& cache_;
  DownloadOptions options_;
  std::shared_ptr<RateLimit> rate_;
  Board board_;
  Hasher hasher_;
  std::vector<std::unique_ptr<Fetcher>> fetchers_;
  std::vector<base::Thread> threads_;
};

/// Removes what is not whole, unless another program is at it.
void remove_partial(const ModelCache& cache, const std::vector<WantedFile>& files) {
  for (const WantedFile& file : files) {
    const auto lock = FileLock::try_take(cache.lock(file.hash));
    if (!lock || !*lock) continue;
    std::error_code ignored;
    fs::remove(cache.part(file.hash), ignored);
    fs::remove(cache.part_map(file.hash), ignored);
  }
}

}  // namespace

std::uint64_t missing_bytes(const ModelCache& cache, const std::vector<WantedFile>& files) {
  std::uint64_t missing = 0;
  for (const WantedFile& file : files) {
    if (cache.has_file(file.commit, file.path, file.bytes) || cache.has_blob(file.hash, file.bytes))
      continue;
    missing += file.bytes - std::min(file.bytes, bytes_on_disk(cache.part(file.hash)));
  }
  return missing;
}

Result<std::uint64_t> download(const Places& places, const ModelCache& cache,
                               const std::vector<WantedFile>& files, const DownloadOptions& options,
                               const ProgressListener& listener) {
  const auto fetched = TRY(Download(places, cache, files, options).run(listener));
  if (fetched) return *fetched;
  if (!options.keep_partial) remove_partial(cache, files);
  return fail(ErrorCode::Cancelled, "the download was stopped; {}",
              options.keep_partial ? "what is here is kept, and the same command goes on with it"
                                   : "what was not whole is removed");
}

}  // namespace hearth::hub
