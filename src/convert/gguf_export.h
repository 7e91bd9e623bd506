// Writes a model as a GGUF file, which llama.cpp reads.
#pragma once

#include <cstdint>
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
  std::uint64_t mark_bytes = std::uint64_t{64} << 20U;  ///< after so many the journal is written
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
  /// of single tensors. After an interruption the same export goes on behind the last tensor that
  /// the journal marks and that is still what was written.
  ///
  /// @param go_on  told often; false stops with Cancelled, and what is finished stays
  /// @returns      Io, Cancelled, Overloaded where another export to the same file is running;
  ///               CorruptData (numbers that the type cannot hold), of which nothing stays
  Result<void> run(const std::function<bool(const Progress&)>& go_on);

 private:
  struct Parts;
  explicit GgufExport(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace hearth::convert
