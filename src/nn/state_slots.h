// The recurrent states of one layer, one slot per sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "nn/mlx.h"
#include "nn/state_plan.h"

namespace hearth::nn {

/// One array that a layer carries from token to token of a sequence.
struct StateShape {
  mx::Shape shape;  ///< of one sequence
  mx::Dtype dtype = mx::float32;

  std::size_t bytes() const;
};

/// What a recurrent layer remembers of every sequence: a fixed amount, however long it is. A layer
/// may carry several arrays (a convolution's last inputs, a matrix of associations).
///
/// Slots are numbered by the engine, like pages. A slot holds what its sequence left there after
/// its last token; there is no way back to an earlier token but a copy made then. Thread: engine
/// only.
class StateSlots {
 public:
  explicit StateSlots(std::vector<StateShape> shapes);

  /// Memory of one slot.
  std::size_t slot_bytes() const;

  /// Makes sure that slots [0, slots) exist. Copies what is held when it grows.
  void grow(std::size_t slots);

  /// Begins a step: its index tables, shared by all recurrent layers.
  void follow(std::shared_ptr<const StatePlan> plan);

  /// Advances B sequences by L tokens: inputs [B, L, ...] → answer [B, L, ...]. `states` holds one
  /// array [B, ...] per shape, zeros where a sequence starts; what stands there on return is kept.
  using Advance =
      std::function<mx::array(std::span<const mx::array> inputs, std::span<mx::array> states)>;

  /// Runs `advance` over the step: sequences with as many rows as each other in one call.
  ///
  /// @param inputs  [T, ...] each: whatever the layer computes per token without its state
  /// @returns       [T, ...]
  mx::array run(std::span<const mx::array> inputs, const Advance& advance);

  /// The states in `slots`, [slots, ...] per shape, to be put elsewhere.
  std::vector<mx::array> content(std::span<const std::int32_t> slots);

  /// Overwrites `slots` with what was read from as many others. Evaluate the content before: while
  /// a pool is read, writing would copy it whole. Lazy, in order with run().
  void replace(std::span<const std::int32_t> slots, const std::vector<mx::array>& content);

  /// The pools and what the last step left: evaluate them with the step.
  std::vector<mx::array> arrays() const;
  /// Memory of the pools.
  std::size_t bytes() const;

 private:
  /// What one group of the step left, not yet in its slots.
  struct Unsettled {
    mx::array slots;
    std::vector<mx::array> states;
  };

  mx::array read(std::size_t which, const StateGroup& group) const;
  void settle();

  std::vector<StateShape> shapes_;
  std::size_t slots_ = 0;
  std::vector<mx::array> pools_;  // [slots, ...]
  /// A pool that is read in a step cannot be written in place before that step is done, so answers
  /// move to the pools when the next step begins.
  std::vector<Unsettled> unsettled_;
  std::shared_ptr<const StatePlan> plan_;
};

}  // namespace hearth::nn
