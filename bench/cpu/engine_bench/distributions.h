// What does a model say about every next token of a text? For comparing settings of the engine.
#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"

namespace hearth::engine_bench {

struct DistributionOptions {
  std::filesystem::path folder;
  std::filesystem::path text;
  std::filesystem::path out;
  std::string separator = "<|endoftext|>";  ///< between the documents of the text
  /// Where not empty, only tokens behind `begin` up to and with `end` count.
  std::string begin = {};
  std::string end = {};
  int window = 512;  ///< tokens of a document that are read together at most
  int chunk = 512;   ///< of them in one step
  int most = 6000;   ///< tokens that count
  int kv_bits = 0;
  bool unpacked = false;  ///< weights become float32 first
};

/// Reads the text token by token with the tokens of the text itself, and writes to `out` for each
/// token that counts the natural logarithms of the model's probabilities, [N, V] float32, and to
/// `out` with ".tokens" behind its name the tokens themselves, [N] int32.
///
/// @returns  tokens: N, vocabulary: V, and which kernels ran.
Result<json::object> write_distributions(const DistributionOptions& options);

}  // namespace hearth::engine_bench
