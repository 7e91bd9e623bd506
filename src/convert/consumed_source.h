// A source whose weight files go as soon as they have been converted, to save their space.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "convert/rows.h"
#include "convert/shards.h"
#include "convert/source_tensors.h"

namespace hearth::convert {

/// Stands between the source and whoever reads it: a folder of links to the source's files, in
/// which a copy of its header stands for a weight file that is gone: a file of the same size, the
/// rest of which is a hole. So names and shapes can be read after an interruption, and nobody takes
/// what is left for a model: the source itself lacks files then.
class ConsumedSource {
 public:
  /// Where the source is to be read from: the folder of links, if an earlier run began one beside
  /// the files that are written, else the source.
  static std::filesystem::path readable(const std::filesystem::path& source,
                                        const std::filesystem::path& hidden);

  /// Whether some of the source's weight files are gone already.
  static bool begun(const std::filesystem::path& hidden);

  /// Whether all weight files that are still there may be given up. Changes nothing.
  /// @returns what bytes_to_free returns
  static Result<void> check(const std::filesystem::path& source,
                            const std::filesystem::path& hidden);

  /// Makes the folder of links, or takes the one there is. @returns Io.
  static Result<ConsumedSource> open(const std::filesystem::path& source,
                                     const std::filesystem::path& hidden);

  /// Whether this weight file is gone.
  static bool gone(const std::filesystem::path& hidden, const std::string& file);
  /// Copies the header, frees the bytes, and takes the file out of the source.
  /// @returns what free_bytes returns: somebody else may need the bytes by now
  Result<void> consume(const std::string& file) const;
  /// Takes the links out of the result, when it is whole and has its name.
  static void close(const std::filesystem::path& target);

 private:
  std::filesystem::path source_;
  std::filesystem::path hidden_;
};

/// When the source's files have been read for the last time.
struct LastUses {
  struct File {
    std::uint64_t bytes = 0;
    std::size_t last_shard = 0;  ///< index of the last shard that needs it
  };
  std::map<std::string, File> files;

  /// The most that the shards from `first` on take beyond what is freed on the way.
  std::uint64_t peak_bytes(const std::vector<Shard>& shards, std::size_t first) const;
};
LastUses last_uses(const std::vector<Shard>& shards, const std::vector<Weight>& weights,
                   const SourceTensors& source);

/// The source's files that a weight is read from.
std::vector<std::string> files_of(const Weight& weight, const SourceTensors& source);

}  // namespace hearth::convert
