// Adapters: low-rank additions to linear layers, chosen per sequence and computed unfused.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/matrix.h"
#include "nn/mlx.h"
#include "nn/step_batch.h"

namespace hearth::nn {

/// What one adapter adds to one layer: (x Aᵀ) Bᵀ.
struct LowRank {
  Matrix down;  ///< A [r, K]
  Matrix up;    ///< B [N, r], the adapter's scale in it
  int rank = 0;
};

/// Which rows of the step at hand use which adapter; one for all layers of a model.
/// Thread: engine only.
class AdapterRows {
 public:
  struct Group {
    int adapter = 0;
    std::optional<mx::array> rows = {};    ///< [n] int32; nothing: all rows of the step
    std::optional<mx::array> scales = {};  ///< [n, 1] float32; nothing: all are 1
  };

  /// Before the layers of a step run.
  void follow(const StepBatch& batch);
  const std::vector<Group>& groups() const { return groups_; }

 private:
  std::vector<Group> groups_;
};

/// The adapters of one linear layer [T, K] → [T, N]. Thread: engine only.
class LowRankSlots {
 public:
  LowRankSlots(std::shared_ptr<const AdapterRows> rows, int inputs, int outputs)
      : rows_(std::move(rows)), inputs_(inputs), outputs_(outputs) {}

  int inputs() const { return inputs_; }
  int outputs() const { return outputs_; }
  void put(int adapter, LowRank addition) { additions_.insert_or_assign(adapter, addition); }
  void remove(int adapter) { additions_.erase(adapter); }

  /// Whether rows of the step use one of them.
  bool in_use() const;

  /// y [T, N] and what the adapters of the step's rows add to it.
  /// @param x  [T, K], one row per token of the step
  mx::array added_to(const mx::array& y, const mx::array& x) const;

 private:
  std::shared_ptr<const AdapterRows> rows_;
  int inputs_;
  int outputs_;
  std::map<int, LowRank> additions_;
};

/// The linear layers of a model by their paths, as far as adapters may add to them.
struct AdapterTargets {
  std::shared_ptr<AdapterRows> rows = std::make_shared<AdapterRows>();
  std::map<std::string, std::shared_ptr<LowRankSlots>, std::less<>> layers = {};
};

}  // namespace hearth::nn
