// Two models side by side: what they say about a text, how fast, and in how much room.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "quality/divergence.h"

namespace hearth::quality {

struct CompareOptions {
  std::filesystem::path reference;  ///< the model's folder
  std::filesystem::path other;
  std::string text = {};  ///< empty: the built-in one
  int tokens = 0;         ///< of the text, at most; 0: all
  int window = 512;       ///< tokens that are read together; fewer where a context is shorter
  /// What both may take together. Where they take more they run one after the other, and the
  /// reference's logits wait in a file. 0: what is free on this machine.
  std::uint64_t memory_bytes = 0;
};

/// One of the two models.
struct ModelFigures {
  std::filesystem::path folder;
  std::string weights;  ///< "4 bits in groups of 64", "bfloat16"
  std::int64_t parameters = 0;
  double bits_per_weight = 0;
  std::uint64_t disk_bytes = 0;    ///< of all files
  std::uint64_t memory_bytes = 0;  ///< of the weights, loaded
  std::uint64_t kv_bytes = 0;      ///< of keys and values of 1,000 tokens
  double perplexity = 0;
  double prompt_speed = 0;      ///< tokens per second
  double generation_speed = 0;  ///< likewise
};

struct Comparison {
  ModelFigures reference;
  ModelFigures other;
  Distance distance;
  std::int64_t text_tokens = 0;   ///< that were read
  std::int64_t whole_tokens = 0;  ///< of the text
  int window = 0;
  bool together = true;  ///< both were loaded at once
};

struct CompareProgress {
  std::int64_t tokens = 0;  ///< read by both
  std::int64_t all = 0;
  std::string doing;  ///< "load demo-4bit"
};

/// Runs both models on the text. Memory: the models, one after the other if both do not fit, and
/// some 128 MB of logits of each.
///
/// @param go_on  told often; false stops with Cancelled
/// @returns      InvalidArgument where the vocabularies differ or the text is too short; what
///               loading returns; OutOfMemory or Io where the file of logits finds no room.
Result<Comparison> compare(const CompareOptions& options,
                           const std::function<bool(const CompareProgress&)>& go_on);

}  // namespace hearth::quality
