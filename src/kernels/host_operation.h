// What our kernels compute, as operations of MLX: at once where that is possible, else in its
// graph.
#pragma once

#include <functional>
#include <memory>
#include <mlx/array.h>
#include <mlx/primitives.h>
#include <vector>

namespace hearth::kernels {

/// An operation of the CPU backend that a kernel computes. Engine thread.
class HostOperation : public mlx::core::Primitive {
 public:
  HostOperation();

  /// The operation's outputs. Where all inputs are computed, so are they when this returns: the
  /// caller and the pool's threads have done it, and nobody waited for another thread. Else they
  /// are part of MLX's graph, which computes the same bits.
  static std::vector<mlx::core::array> apply(const std::shared_ptr<HostOperation>& operation,
                                             const std::vector<mlx::core::Shape>& shapes,
                                             const std::vector<mlx::core::Dtype>& dtypes,
                                             std::vector<mlx::core::array> inputs);

  void eval_cpu(const std::vector<mlx::core::array>& inputs,
                std::vector<mlx::core::array>& outputs) final;
  void eval_gpu(const std::vector<mlx::core::array>& inputs,
                std::vector<mlx::core::array>& outputs) final;

 private:
  /// Gives the outputs memory and says what fills them; nothing where there is nothing to fill. It
  /// may keep what lies in arrays, which lives until it has run, but not the arrays.
  /// @param inputs  computed, or about to be when the task runs
  virtual std::function<void()> task(const std::vector<mlx::core::array>& inputs,
                                     std::vector<mlx::core::array>& outputs) const = 0;
};

/// Memory for all numbers of `output`, one after another.
void give_memory(mlx::core::array& output);

/// The same numbers in another shape of as many: at once where x is computed and lies in order.
mlx::core::array reshaped(const mlx::core::array& x, mlx::core::Shape shape);

/// x itself where it is computed and lies in order; else a lazy array that does once computed.
mlx::core::array in_order(const mlx::core::array& x);

}  // namespace hearth::kernels
