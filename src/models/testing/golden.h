// For tests: golden cases, and the tiny checkpoints they stand for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "models/model.h"
#include "nn/testing/checkpoint_files.h"

namespace hearth::models::testing {

/// One case under tests/golden: `llama/plain`.
struct Golden {
  std::filesystem::path folder;
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> greedy;
  json::object tensors;       ///< name → {shape, dtype, fill, bits}
  std::vector<float> logits;  ///< [ids, V]
  int vocab() const { return static_cast<int>(logits.size() / ids.size()); }
};

/// All of them, sorted.
const std::vector<std::string>& golden_cases();
/// A case as the name of a test: `llama_plain`.
std::string test_name(const ::testing::TestParamInfo<std::string>& info);
Golden read_golden(const std::string& name);

using nn::testing::StoredTensor;
using nn::testing::TemporaryFolder;

/// The case's tensors, filled by the rule of hash weights and rounded to their dtype.
std::vector<StoredTensor> hash_tensors(const Golden& golden);

/// The case's checkpoint as one model.safetensors, with its config.json.
void write_checkpoint(const TemporaryFolder& folder, const Golden& golden,
                      const std::string& config = "config.json");

/// The file `name` beside the case's golden.json.
std::string file_text(const std::filesystem::path& path);

/// A sequence that is fed to a model in pieces of its own choosing, for many at a time.
struct Stream {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> pages;  ///< its page table
  int cached = 0;
  int state = 0;  ///< where a recurrent model keeps its state
  std::vector<nn::AdapterUse> adapters = {};
  std::vector<std::int32_t> window_pages = {};  ///< where the cache keeps these apart
  int window_first = 0;
};

/// Feeds the next `rows[i]` tokens of every stream in one step; rows may be 0.
/// @returns logits of every fed row, in order: [sum of rows, V].
std::vector<float> feed(const Model& model, Cache& cache, std::vector<Stream>& streams,
                        const std::vector<int>& rows);

/// All of `ids` in one pass with a cache of its own: [T, V].
std::vector<float> one_pass(const Model& model, const std::vector<std::int32_t>& ids);

std::vector<std::int32_t> argmax_rows(const std::vector<float>& logits, int vocab);
float largest_difference(const std::vector<float>& a, const std::vector<float>& b);
float standard_deviation(const std::vector<float>& values);

}  // namespace hearth::models::testing
