// What a conversion remembers across an interruption: which files are done.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"

namespace hearth::convert {

/// The state file beside the files that are written. A finished file is believed only when its size
/// and hash are still what they were.
class State {
 public:
  /// Reads what an earlier run left in `folder`. Another fingerprint (a changed source, other
  /// options) or an unreadable file counts as nothing done.
  static State read(const std::filesystem::path& folder, std::string fingerprint);

  /// The earlier run was another conversion: its files are worth nothing.
  bool replaced() const { return replaced_; }
  /// True where the file was finished and is still the same. Reads the whole file.
  bool holds(const std::string& file) const;
  /// As above, by name and size alone: for telling what is left to do.
  bool seems_done(const std::string& file) const;

  /// Remembers a finished file. @returns Io.
  Result<void> add(const std::string& file, std::uint64_t bytes, std::string sha256);

  static constexpr const char* kFile = "conversion.json";

 private:
  struct Done {
    std::uint64_t bytes = 0;
    std::string sha256;
  };

  std::filesystem::path folder_;
  std::string fingerprint_;
  std::map<std::string, Done> done_;
  bool replaced_ = false;
};

}  // namespace hearth::convert
