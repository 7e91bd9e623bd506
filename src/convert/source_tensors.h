// The tensors of the model that is converted, whichever way their numbers are stored.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "convert/rows.h"
#include "nn/checkpoint.h"
#include "nn/quantisation.h"

namespace hearth::gguf {
class ModelFile;
}

namespace hearth::convert {

/// One tensor with what belongs to it.
struct StoredTensor {
  enum class Kind {
    Plain,       ///< the numbers themselves
    Packed,      ///< MLX's codes with scales, and biases in affine mode
    Blocks,      ///< MXFP4 as gpt-oss publishes it: the same bytes under other names
    Fp8,         ///< E4M3 with a scale for each block
    Awq,         ///< AutoAWQ's 4 bits: columns of codes with zero points
    Gguf,        ///< numbers of a GGUF file, whichever way it stores them
    GgufBlocks,  ///< blocks of a GGUF file that MLX's packing can hold as they are
  };
  Kind kind = Kind::Plain;
  std::string codes;   ///< name in the checkpoint, as are the next two
  std::string scales;  ///< empty where plain
  std::string biases;  ///< AWQ: its zero points; empty where there are none
  nn::Packing packing = {};
  nn::Fp8Blocks fp8 = {};
  mx::Shape shape;                      ///< of the numbers
  std::optional<mx::Dtype> dtype = {};  ///< GGUF: of the numbers, or of the scales
  bool turned = false;                  ///< read with its last two axes swapped; plain only

  bool packed() const {
    return kind == Kind::Packed || kind == Kind::Blocks || kind == Kind::Awq ||
           kind == Kind::GgufBlocks;
  }
};

/// AutoAWQ's settings, out of quantization_config.
struct AwqSettings {
  int group_size = 128;
};

/// Codes, scales and biases of some rows.
struct PackedRows {
  mx::array codes;   // [rows, width * bits / 32] uint32
  mx::array scales;  // [rows, width / group]
  std::optional<mx::array> biases;
};

/// A checkpoint as tensors of numbers. Reading goes by rows, so that memory is bounded by what is
/// asked for; turned and AWQ tensors are read whole, one at a time.
///
/// Thread: one.
class SourceTensors {
 public:
  /// @returns what Checkpoint::open returns; CorruptData where scales and codes do not fit.
  static Result<SourceTensors> open(const std::filesystem::path& folder,
                                    const nn::QuantisationSettings& quantisation,
                                    std::optional<AwqSettings> awq);

  /// The tensors of a GGUF file, by its names.
  ///
  /// @param keep_blocks  blocks that MLX's packing can hold count as packed
  static SourceTensors of_gguf(std::shared_ptr<const gguf::ModelFile> file, bool keep_blocks);

  const std::map<std::string, StoredTensor, std::less<>>& all() const { return tensors_; }
  const StoredTensor& at(std::string_view name) const { return tensors_.find(name)->second; }
  const nn::Checkpoint& checkpoint() const { return checkpoint_; }
  /// Bytes of all tensors as they are stored.
  std::uint64_t stored_bytes() const;

  /// From now on the tensor [.., a, b] is read as [.., b, a].
  /// @returns UnsupportedArgument where it is packed.
  Result<void> turn(const std::string& name);

  /// Rows of a range as numbers, in the dtype they are stored in; packed ones in `dtype`, or where
  /// that is open in their scales' (bfloat16 where those are bytes, and for FP8). [rows, width],
  /// evaluated.
  Result<mx::array> numbers(const RowRange& range, std::int64_t first, std::int64_t count,
                            std::optional<mx::Dtype> dtype);

  /// Rows of a range of a packed tensor, as they are.
  Result<PackedRows> packed_rows(const RowRange& range, std::int64_t first, std::int64_t count);

 private:
  Result<void> add_packed(const std::string& stem, const nn::QuantisationSettings& quantisation);
  Result<void> add_fp8(const std::string& stem, const nn::QuantisationSettings& quantisation);
  Result<void> add_blocks(const std::string& stem);
  Result<void> add_awq(const std::string& stem, const AwqSettings& awq);
  Result<void> add(const std::string& name, const nn::QuantisationSettings& quantisation,
                   std::optional<AwqSettings> awq);
  mx::Shape stored_shape(std::string_view name) const;
  bool has(const std::string& name) const { return checkpoint_.tensors().contains(name); }
  std::string place(const std::string& name) const;

  Result<mx::array> cut_rows(const RowRange& range, std::int64_t first, std::int64_t count) const;
  Result<mx::array> raw_rows(const std::string& name, std::int64_t first, std::int64_t count) const;
  Result<mx::array> rows_of(const StoredTensor& tensor, std::int64_t first, std::int64_t count,
                            std::optional<mx::Dtype> dtype);
  Result<mx::array> fp8_rows(const StoredTensor& tensor, std::int64_t first, std::int64_t count,
                             mx::Dtype dtype);
  Result<PackedRows> packed_rows_of(const StoredTensor& tensor, std::int64_t first,
                                    std::int64_t count);
  Result<mx::array> whole_turned(const StoredTensor& tensor);
  Result<PackedRows> whole_awq(const StoredTensor& tensor);

  nn::Checkpoint checkpoint_;
  std::shared_ptr<const gguf::ModelFile> gguf_;  // in place of the checkpoint
  std::map<std::string, StoredTensor, std::less<>> tensors_;
  std::optional<std::pair<std::string, mx::array>> turned_;  // the latest one
  std::optional<std::pair<std::string, PackedRows>> awq_;    // likewise
};

}  // namespace hearth::convert
