// Writes a model as a GGUF file, which llama.cpp reads.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "convert/convert.h"

namespace hearth::convert {

struct GgufOptions {
  std::filesystem::path source;  ///< a model folder, or a GGUF file
  std::filesystem::path target;  ///< the file to make
  std::string type = "f16";      ///< f32, f16, bf16, q8_0, q4_0: of the matrices
  bool force = false;            ///< replace a file that stands at `target`
};

/// One export. Nothing is written before run(). Thread: one, from make() to the end.
class GgufExport {
 public:
  /// Reads headers and plans. Summary::plain tells of matrices whose rows the type's blocks do not
  /// divide; they are stored in 16 bits.
  ///
  /// @returns what Conversion::make returns, and UnsupportedArgument for a family, a tokenizer or a
  ///          type that cannot be written
  static Result<GgufExport> make(const GgufOptions& options);

  GgufExport(GgufExport&&) noexcept;
  ~GgufExport();

  const Summary& summary() const;

  /// Writes the file under a hidden name and gives it its own when it is whole. Memory holds pieces
  /// of single tensors. Nothing stays of an export that fails or is stopped.
  ///
  /// @returns Io, CorruptData (numbers that the type cannot hold), Cancelled, Overloaded where
  ///          another export to the same file is running
  Result<void> run(const std::function<bool(const Progress&)>& go_on);

 private:
  struct Parts;
  explicit GgufExport(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace hearth::convert
