// A copy of the model in 8 bits in which one matrix at a time has fewer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "convert/arrange.h"
#include "convert/opened_model.h"
#include "convert/options.h"
#include "convert/packing_plan.h"
#include "convert/shards.h"
#include "models/model.h"

namespace hearth::convert {

/// Files of the copy, and the models that are loaded from them. Thread: one.
class TrialModel {
 public:
  /// Plans the copy. Nothing is written.
  /// @param folder  where it will lie; is made
  static Result<TrialModel> plan(const Options& options, const std::filesystem::path& folder);

  /// Matrices whose bits can be chosen freely, as indices of weights().
  const std::vector<std::size_t>& candidates() const { return candidates_; }
  const std::vector<Weight>& weights() const { return arrangement_.weights; }
  const models::Config& config() const { return model_.config; }

  /// Bytes of the tensors of one matrix when it has so many bits.
  std::uint64_t bytes(std::size_t weight, int bits) const;
  /// Bytes of all tensors that are no candidates'.
  std::uint64_t fixed_bytes() const;
  std::int64_t parameters() const;

  /// Writes the copy: a file for each candidate, one for all others. @returns Io, CorruptData.
  Result<void> write();

  /// The copy, whole or with fewer bits in one matrix.
  Result<std::unique_ptr<models::Model>> load();
  Result<std::unique_ptr<models::Model>> load_with(std::size_t weight, int bits);

  /// Mean squared errors of rounding the matrix to each of these numbers of bits, over rows that
  /// are spread over it.
  Result<std::map<int, double>> rounding_errors(std::size_t weight,
                                                const std::vector<int>& bits) const;

 private:
  TrialModel() = default;
  Result<void> write_file(const Shard& shard, const Treatment* instead);
  Result<void> write_head(const std::vector<Shard>& shards, json::object setting) const;
  Result<std::unique_ptr<models::Model>> load_from(const std::vector<Shard>& shards,
                                                   json::object setting) const;
  Treatment with_bits(std::size_t weight, int bits) const;

  std::filesystem::path folder_;
  OpenedModel model_;
  Arrangement arrangement_;
  PackingPlan packing_;
  std::vector<std::size_t> candidates_;
  std::vector<Shard> shards_;  // of the candidates in their order, then of all others
};

}  // namespace hearth::convert
