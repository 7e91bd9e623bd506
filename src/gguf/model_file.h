// A model in GGUF's format: one file, or the parts that it was split into.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "gguf/header.h"

namespace hearth::gguf {

/// An open model. Opening reads heads only; rows are read as they are asked for.
/// Thread: any, several at once.
class ModelFile {
 public:
  /// Any part of a split model opens the whole, whose parts lie beside it.
  /// @returns NotFound (also of a part), CorruptData, UnsupportedArgument, Io; messages name the
  ///          file and the key or tensor.
  static Result<ModelFile> open(const std::filesystem::path& path);

  const Metadata& metadata() const { return metadata_; }
  const TensorTable& tensors() const { return tensors_; }
  const std::vector<std::filesystem::path>& paths() const { return paths_; }
  /// The file's name, for messages.
  const std::string& name_of(const TensorInfo& tensor) const { return files_[tensor.file].name(); }
  const std::string& name() const { return files_.front().name(); }
  /// Bytes of all tensors.
  std::uint64_t bytes() const;

  /// The stored bytes of rows `first` to `first + count`, which the tensor has; `out` holds
  /// `count * row_bytes()`. @returns CorruptData, Io.
  Result<void> read_blocks(const TensorInfo& tensor, std::int64_t first, std::int64_t count,
                           std::span<std::byte> out) const;

  /// The same rows as numbers: [count, width].
  Result<void> read_rows(const TensorInfo& tensor, std::int64_t first, std::int64_t count,
                         std::span<float> out) const;

 private:
  Result<void> add(const std::filesystem::path& path);

  std::vector<std::filesystem::path> paths_;
  std::vector<base::File> files_;
  Metadata metadata_;
  TensorTable tensors_;
};

}  // namespace hearth::gguf
