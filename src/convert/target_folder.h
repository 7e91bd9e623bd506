// The folder that a conversion makes: hidden until it is whole.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace hearth::convert {

/// A folder to be, and its hidden place beside it. While this lives no other conversion of the same
/// target runs.
class TargetFolder {
 public:
  /// @returns InvalidArgument where something stands there and may not be replaced, or where source
  ///          and target are one.
  static Result<void> check(const std::filesystem::path& source,
                            const std::filesystem::path& target, bool force);

  /// Creates the hidden folder, or takes the one an earlier run left. @returns Io, Overloaded where
  /// another process is at it.
  static Result<TargetFolder> open(const std::filesystem::path& target);

  /// Removes what an interrupted conversion has left of the target, if anything.
  /// @returns Io, Overloaded where one is at it; InvalidArgument where parts of the source are gone
  ///          already and only what is there replaces them
  static Result<void> discard(const std::filesystem::path& target);

  static std::filesystem::path hidden_place(const std::filesystem::path& target);

  TargetFolder(TargetFolder&& other) noexcept;
  TargetFolder& operator=(TargetFolder&&) = delete;
  ~TargetFolder();

  const std::filesystem::path& hidden() const { return hidden_; }

  /// Takes away all files of an earlier run. @returns Io.
  Result<void> clear() const;
  /// Gives the folder its name; what stood there goes. @returns Io.
  Result<void> publish();

 private:
  TargetFolder(std::filesystem::path target, std::filesystem::path hidden, int lock)
      : target_(std::move(target)), hidden_(std::move(hidden)), lock_(lock) {}

  std::filesystem::path target_;
  std::filesystem::path hidden_;
  int lock_ = -1;
};

}  // namespace hearth::convert
