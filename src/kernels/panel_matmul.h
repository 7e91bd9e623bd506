// x Wᵀ with packed W: whole products, on the process's threads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "kernels/cpu.h"
#include "kernels/panel_layout.h"
#include "kernels/thread_pool.h"

namespace hearth::kernels {

enum class FloatType { F32, BF16, F16 };

/// Rows x [count, K] of numbers that lie side by side within a row.
struct Rows {
  const void* data;
  FloatType type;
  std::int64_t stride;  ///< elements from row to row
  int count;
};

/// How a product is computed.
struct Means {
  CpuPath path;
  ThreadPool& pool;
  int digits = kMostDigits;  ///< bytes of an activation: 1, 2 or 3
  /// Computes with these instead of the path's own, any number of rows: for tests of functions that
  /// the machine at hand would not choose.
  const PanelPath* functions = nullptr;
};

/// A layer x Wᵀ + b.
struct PanelLinear {
  PanelView w;
  const float* bias = nullptr;  ///< [N] or null
};

/// One of several products of the same x: y = x Wᵀ + b, or, where there is `up`,
/// y = gate(x Wᵀ + b) * (x Uᵀ + c).
struct PanelTask {
  PanelLinear layer;
  std::optional<PanelLinear> up = {};  ///< as many outputs as `layer`
  Gate gate = Gate::Silu;
  void* y;  ///< [count, N] in x's type, row after row
};

/// The functions of a path that this build has.
const PanelPath& panel_path(CpuPath path);
/// Those that compute products of `rows` rows.
const PanelPath& panel_path(const Means& means, int rows);

/// Computes all tasks; their matrices have one width and one group.
///
/// Activations are rounded to 8, 16 or 24 bits relative to the largest of their group, products and
/// sums within a group are exact, groups are added in float32 in their order. So a row's bits
/// depend neither on the other rows, nor on the number of threads, nor on the path. Rows with a NaN
/// or an infinity give NaN. Sizes that do not fit together are the caller's mistake.
void panel_matmul(std::span<const PanelTask> tasks, const Rows& x, const Means& means);

/// A task of its own rows.
struct PanelGroup {
  PanelTask task;
  Rows x;
};

/// Computes all groups, whose matrices have one width and one group, as if they were one product:
/// their pieces are shared out together. A row's bits are those of panel_matmul(). Counts nothing.
void panel_matmul_groups(std::span<const PanelGroup> groups, const Means& means);

}  // namespace hearth::kernels
