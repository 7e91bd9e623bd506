// How much of one large file is finished: what an export remembers across an interruption.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace hearth::convert {

/// Marks in a file that is written from front to back, kept beside it. What lies before a mark is
/// believed only when its hash is still what it was, so nothing has to be brought to the disk for a
/// mark to be true.
class PartJournal {
 public:
  /// Behind a tensor.
  struct Mark {
    std::uint64_t tensors = 0;  ///< finished, from the first one on
    std::uint64_t bytes = 0;    ///< of the file, up to here
    std::string sha256 = {};    ///< of those since the mark before
  };

  /// Reads what an earlier run left in `folder`. Another fingerprint (a changed source, other
  /// options) or an unreadable journal counts as nothing done.
  static PartJournal read(const std::filesystem::path& folder, std::string fingerprint);

  /// The earlier run was another export: its file is worth nothing.
  bool replaced() const { return replaced_; }
  /// The last mark that a file of this size can have: for telling what is left to do.
  Mark seems_done(std::uint64_t file_bytes) const;
  /// The last mark before which the file is what was written; later ones are forgotten. Reads the
  /// file up to there.
  Mark prove(const std::filesystem::path& file);

  /// @returns Io.
  Result<void> add(Mark mark);

  static constexpr const char* kFile = "export.json";

 private:
  std::filesystem::path folder_;
  std::string fingerprint_;
  std::vector<Mark> marks_;
  bool replaced_ = false;
};

}  // namespace hearth::convert
