// The folder of saved prompts: what lies there, how much room it takes, and who goes first.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/prompts/prompt_file.h"

namespace hearth::engine {

/// `<root>/<model fingerprint>/<id>.safetensors`, at most `limit_bytes` in all: whoever was not
/// used for longest goes first. When a file was used last is its time of modification. Several
/// processes may use one folder: files appear whole, and one that has gone was removed by somebody.
/// Any thread; everything here touches the disk.
class PromptFolder {
 public:
  PromptFolder(std::filesystem::path root, std::uint64_t limit_bytes)
      : root_(std::move(root)), limit_bytes_(limit_bytes) {}

  /// Whether prompts can be kept here at all.
  bool open() const { return !root_.empty() && limit_bytes_ > 0; }
  std::uint64_t limit_bytes() const { return limit_bytes_; }

  /// What lies here, of all models or of one, the latest used first. What is damaged is removed,
  /// and the log says so.
  std::vector<SavedPrompt> list(const std::string& fingerprint = {}) const;

  /// The prompt with this id; nothing where there is none.
  std::optional<SavedPrompt> find(const std::string& id) const;

  /// Writes a prompt and makes room for it. Its id and its size are filled in.
  /// @returns TooLarge where it alone exceeds the limit; Io.
  Result<SavedPrompt> write(PromptContent content) const;

  /// Reads a prompt, checked, which counts as using it. One that is damaged is removed.
  /// @returns NotFound, CorruptData, Io.
  Result<PromptContent> read(const SavedPrompt& prompt) const;

  /// Removes a prompt's file; NotFound where there is none.
  Result<void> remove(const std::string& id) const;

 private:
  struct Held;
  std::vector<Held> files(const std::string& fingerprint) const;
  std::filesystem::path path_of(const SavedPrompt& prompt) const;
  void make_room(std::uint64_t bytes) const;

  std::filesystem::path root_;
  std::uint64_t limit_bytes_;
};

}  // namespace hearth::engine
