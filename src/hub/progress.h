// How far a download is, for people: bytes, speed, time left, file by file.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace hearth::hub {

struct FileProgress {
  std::string path;
  std::uint64_t bytes = 0;
  std::uint64_t done = 0;
  bool elsewhere = false;  ///< another program fetches it; this one waits
};

struct Progress {
  std::uint64_t bytes = 0;    ///< of all files that are wanted
  std::uint64_t done = 0;     ///< whole on disk, in blocks of a part
  std::uint64_t fetched = 0;  ///< that came over the network this time
  std::size_t files = 0;
  std::size_t files_done = 0;
  double bytes_per_s = 0;                    ///< of the last seconds
  std::optional<std::chrono::seconds> left;  ///< nothing until the speed is known
  std::vector<FileProgress> active;          ///< begun and not done
  std::vector<std::string> finished;         ///< since the last report
};

/// Told several times a second, always from the thread that asked for the download, the first time
/// at once; false stops it.
using ProgressListener = std::function<bool(const Progress&)>;

/// The speed of the last five seconds. Pure.
class SpeedMeter {
 public:
  /// Notes that `bytes` have come in all.
  void add(std::uint64_t bytes, base::Instant now);
  /// Bytes per second; 0 until half a second is known.
  double bytes_per_s() const;
  /// How long `missing` bytes will take.
  std::optional<std::chrono::seconds> left(std::uint64_t missing) const;

 private:
  struct Sample {
    base::Instant when;
    std::uint64_t bytes;
  };
  std::deque<Sample> samples_;
};

}  // namespace hearth::hub
