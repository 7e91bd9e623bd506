// Logits of a text's tokens, piece by piece: from a model, or from a file that one was written to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/model.h"

namespace hearth::quality {

/// A piece of a window.
struct Piece {
  std::span<const std::int32_t> ids;  ///< its tokens
  bool first = false;                 ///< of its window
};

/// Gives the logits of all pieces in their order.
class LogitRows {
 public:
  virtual ~LogitRows() = default;
  /// @returns [ids, V], valid until the next call; Internal where the model fails, Io.
  virtual Result<std::span<const float>> next(const Piece& piece) = 0;
};

/// Computed. Thread: the one that loaded the model.
class ComputedRows : public LogitRows {
 public:
  /// @param window  tokens of the longest window
  ComputedRows(const models::Model& model, int window);

  Result<std::span<const float>> next(const Piece& piece) override;

  /// Goes on by these tokens and computes the logits of the last one alone, as a server does.
  Result<void> advance(std::span<const std::int32_t> ids, bool first);

 private:
  Result<void> run(std::span<const std::int32_t> ids, std::vector<std::int32_t> wanted);

  const models::Model& model_;
  std::vector<std::int32_t> pages_;
  std::unique_ptr<models::Cache> cache_;
  int cached_ = 0;
  nn::mx::array logits_;
};

/// Read back from a file that holds [rows, V] float32.
class StoredRows : public LogitRows {
 public:
  StoredRows(const std::filesystem::path& file, std::size_t vocabulary);

  Result<std::span<const float>> next(const Piece& piece) override;

 private:
  std::ifstream file_;
  std::string name_;
  std::size_t vocabulary_;
  std::vector<float> rows_;
};

/// How many rows of logits are at hand at once: at most 128 MB of them.
int rows_at_once(int vocabulary);

/// Tokens per second.
struct Speed {
  double prompt = 0;      ///< reading a prompt
  double generation = 0;  ///< one token at a time
};

/// Reads the beginning of the window once to warm up and once with the clock, then goes on token by
/// token. Takes less than a second for small models, and about two dozen tokens' time for any.
Result<Speed> measure_speed(const models::Model& model, std::span<const std::int32_t> window);

}  // namespace hearth::quality
