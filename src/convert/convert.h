// Converts a model for MLX: from Hugging Face's layout, or from one packing to another.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "convert/options.h"

namespace hearth::convert {

/// Matrices that stay plain for one reason.
struct PlainLayers {
  std::string path;    ///< with `*` where a number stood: model.layers.*.mlp.down_proj
  std::string shape;   ///< "[64, 172]"
  std::string reason;  ///< why, and what would pack them
  int count = 0;
};

/// What a conversion will do.
struct Summary {
  std::string how;  ///< "4 bits in groups of 64", "mixed_2_6", "bfloat16, nothing packed"
  std::uint64_t source_bytes = 0;
  std::uint64_t target_bytes = 0;
  std::uint64_t left_bytes = 0;    ///< of the target, still to be written
  std::uint64_t needed_bytes = 0;  ///< of disk, at most at once
  std::uint64_t free_bytes = 0;    ///< on the target's disk
  std::size_t files = 0;
  std::size_t finished_files = 0;  ///< by an earlier run that was interrupted
  bool starts_over = false;        ///< an earlier run was another conversion
  std::int64_t parameters = 0;
  double bits_per_weight = 0.0;
  std::size_t packed = 0;  ///< matrices packed by this conversion
  std::size_t kept = 0;    ///< matrices that were packed already and stay so
  std::vector<PlainLayers> plain;
  std::vector<std::string> dropped;  ///< tensors that the language model does not have
  std::vector<std::string> left;     ///< files that are not copied
};

struct Progress {
  std::int64_t numbers = 0;  ///< done, of the conversion as a whole
  std::int64_t all = 0;
  std::string file;    ///< that is written
  std::string tensor;  ///< at hand
};

/// One conversion. Nothing is written before run(). Thread: one, from make() to the end.
class Conversion {
 public:
  /// Reads headers and plans.
  ///
  /// @returns NotFound, CorruptData, UnsupportedArgument, InvalidArgument: what is wrong with the
  ///          source, the options or the target, by file and field.
  static Result<Conversion> make(const Options& options);

  Conversion(Conversion&&) noexcept;
  ~Conversion();

  const Summary& summary() const;

  /// Writes the model beside the target under a hidden name, and gives it its name when it is
  /// whole. Memory does not grow with the model: it holds pieces of single tensors. After an
  /// interruption the same conversion goes on with the first file that is not finished.
  ///
  /// @param go_on  told often; false stops with Cancelled, and what is finished stays
  /// @returns      Io, CorruptData, Cancelled. The target is as before then.
  Result<void> run(const std::function<bool(const Progress&)>& go_on);

 private:
  struct Parts;
  explicit Conversion(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace hearth::convert
