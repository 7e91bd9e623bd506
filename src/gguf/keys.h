// Metadata by key, with errors that name the key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/value.h"

namespace hearth::gguf {

/// Looks up keys. A key that is there with another type is CorruptData, and so is one that is
/// missing where nothing stands in for it.
class Keys {
 public:
  /// `metadata` must outlive this. `prefix` stands in front of keys that begin with a dot:
  /// ".block_count" of "llama" is "llama.block_count".
  explicit Keys(const Metadata& metadata, std::string prefix = {})
      : metadata_(metadata), prefix_(std::move(prefix)) {}

  /// The key as the file has it, for messages.
  std::string place(std::string_view key) const;
  bool has(std::string_view key) const { return find(metadata_, place(key)) != nullptr; }

  Result<std::int64_t> whole(std::string_view key, std::int64_t least, std::int64_t most,
                             std::optional<std::int64_t> otherwise = {}) const;
  Result<double> number(std::string_view key, std::optional<double> otherwise = {}) const;
  Result<bool> truth(std::string_view key, bool otherwise) const;
  Result<std::string> text(std::string_view key, std::optional<std::string> otherwise = {}) const;
  /// A list of truth values; CorruptData for anything else.
  Result<std::vector<bool>> truths(std::string_view key) const;
  /// A list of texts, as they lie in the metadata.
  Result<std::vector<std::string_view>> texts(std::string_view key) const;
  /// A list of numbers; empty where there is none.
  Result<std::vector<double>> numbers(std::string_view key) const;

 private:
  std::unexpected<Error> wrong(std::string_view key, std::string_view wanted) const;

  const Metadata& metadata_;
  std::string prefix_;
};

}  // namespace hearth::gguf
