// The tensors of a model folder, whichever files they lie in.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "nn/file.h"
#include "nn/mlx.h"
#include "nn/safetensors_header.h"

namespace hearth::nn {

/// All tensors of one model: a single model.safetensors, the shards that
/// model.safetensors.index.json lists, or model-00001-of-0000N.safetensors without an index.
///
/// Opening reads headers only. Thread: any, one at a time; read() needs the engine thread.
class Checkpoint {
 public:
  struct Tensor {
    std::size_t file = 0;  ///< index into the checkpoint's files
    TensorEntry entry;
  };

  /// No tensors at all.
  Checkpoint() = default;

  /// @returns NotFound (no folder, no safetensors, a shard that is missing), CorruptData (a header
  ///          or an index that contradicts itself), Io. Messages name the file and the tensor.
  static Result<Checkpoint> open(const std::filesystem::path& folder);

  const std::map<std::string, Tensor, std::less<>>& tensors() const { return tensors_; }
  const std::string& file_name(const Tensor& tensor) const { return files_[tensor.file].name(); }

  /// The tensors of one safetensors file, whatever its name.
  static Result<Checkpoint> open_file(const std::filesystem::path& path);

  /// Bytes of all tensors as stored.
  std::uint64_t bytes() const;

  /// The tensor's content in its stored dtype, already in memory; 8-bit floats as bytes.
  /// @returns UnsupportedArgument for a dtype MLX has no array of; CorruptData, Io.
  Result<mx::array> read(std::string_view name) const;

  /// Fills `out` with the tensor's stored bytes from `offset` on, which it must have. Any thread,
  /// several at once. @returns CorruptData, Io.
  Result<void> read_bytes(const Tensor& tensor, std::uint64_t offset,
                          std::span<std::byte> out) const;

  /// The tensor's numbers `first` to `first + count` as rows of `width`, in order: [count/width,
  /// width]. `count` is a multiple of `width`, and all lie inside the tensor.
  Result<mx::array> read_part(std::string_view name, std::uint64_t first, std::uint64_t count,
                              int width) const;

 private:
  Result<mx::array> read_array(std::string_view name, const Tensor& tensor, std::uint64_t first,
                               mx::Shape shape) const;
  Result<void> add_file(const std::filesystem::path& path);

  std::vector<File> files_;
  std::map<std::string, Tensor, std::less<>> tensors_;
};

}  // namespace hearth::nn
