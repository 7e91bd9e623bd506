// The paged keys and values of one layer, and attention over them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "nn/attention_plan.h"
#include "nn/kv_format.h"
#include "nn/mlx.h"
#include "nn/rope.h"
#include "nn/step_batch.h"

namespace hearth::kernels {
struct PagedStep;
}

namespace hearth::nn {

/// What one layer keeps per token.
struct KvShape {
  int kv_heads = 0;   ///< K
  int head_dim = 0;   ///< Dh of a key
  int value_dim = 0;  ///< of a value; 0: Dh
  int window = 0;     ///< a query sees itself and the `window - 1` tokens before it; 0: all of them
  mx::Dtype dtype = mx::float32;
  int bits = 0;                 ///< of each number: 16, or 8 or 4 packed; 0: as they are
  bool values_in_keys = false;  ///< values are the keys' first value_dim channels, kept once

  int value_width() const { return value_dim > 0 ? value_dim : head_dim; }
  KvFormat key_format() const { return {.width = head_dim, .bits = bits, .dtype = dtype}; }
  KvFormat value_format() const { return {.width = value_width(), .bits = bits, .dtype = dtype}; }
  /// Keys and values of one page.
  std::size_t page_bytes() const;
  /// Keeps keys and values in 16, 8 or 4 bits, but rows that would take no less room then stay as
  /// they are; 0 changes nothing.
  void pack(int wanted_bits);
};

/// Root mean square norm of each head of queries or keys.
struct HeadNormUse {
  std::optional<mx::array> weights;  ///< [Dh] or [heads, Dh]
  float epsilon = 1e-6F;
};

/// What is left to do to queries and keys before they meet.
struct HeadPlacement {
  const Rotation* rotation = nullptr;  ///< of the step; null: none
  std::optional<HeadNormUse> query_norm = {};
  std::optional<HeadNormUse> key_norm = {};
  bool norm_after_rope = false;
};

/// How scores become weights.
struct AttendOptions {
  float scale = 1.0F;    ///< factor of the scores, usually 1 / sqrt(Dh)
  float softcap = 0.0F;  ///< scores s become softcap * tanh(s / softcap); 0: as they are
  /// [H]: one more score per head, without a value, in every softmax.
  std::optional<mx::array> sinks = {};
  HeadPlacement placement = {};  ///< nothing, unless places_heads()
};

/// Attention out of plain MLX operations, which runs on every backend, or by the kernel for the CPU
/// (kernel_attention.h): which one follows from the step's tables. Thread: engine only.
class KvPages {
 public:
  /// @param most  pages there may ever be: where the kernel attends their addresses are reserved at
  ///              once if the system agrees; then they take memory as they fill, and growing copies
  ///              nothing
  explicit KvPages(KvShape shape, std::size_t most = 0);

  const KvShape& shape() const { return shape_; }

  /// Makes sure that pages [0, pages) exist. Copies what is held when it grows, unless reserved().
  void grow(std::size_t pages);
  std::size_t pages() const { return pages_; }
  /// Whether all pages have their addresses already.
  bool reserved() const { return reserved_; }

  /// The step's index tables, shared by all layers of the same kv heads and window.
  void follow(std::shared_ptr<const AttentionPlan> plan);
  /// The same for the kernel: shared by all layers that use the same page tables.
  void follow(std::shared_ptr<const kernels::PagedStep> step);

  /// Whether attend() norms and turns queries and keys itself; else they come placed.
  bool places_heads() const { return step_ != nullptr; }

  /// Writes this step's keys and values to their pages; the kernel does that in attend().
  ///
  /// @param k  [T, K, Dh], positions applied, unless attend() is to
  /// @param v  [T, K, Dv]; not looked at where values lie in the keys
  void append(const mx::array& k, const mx::array& v);

  /// Attends per sequence over all its pages hold, this step's tokens included; comes after
  /// append(). Layers that share this cache attend without appending.
  ///
  /// @param q  [T, H, Dh], positions applied, unless the options say how; H % K == 0
  /// @returns  [T, H, Dv] in q's dtype; scores and sums in float32
  mx::array attend(const mx::array& q, const AttendOptions& options);

  /// What lies in `pages`: keys and values of all their tokens, to be put elsewhere.
  struct Content {
    mx::array keys;    ///< [pages * K * kPageTokens, Dh], packed rows as they are stored (KvFormat)
    mx::array values;  ///< the same for values; empty where they lie in the keys
  };
  Content content(std::span<const std::int32_t> pages) const;

  /// Overwrites `pages` with what was read from as many others. Evaluate the content before: while
  /// a pool is read, writing would copy it whole. Lazy, in order with what is attended.
  void replace(std::span<const std::int32_t> pages, const Content& content);

  /// The pools as they stand: evaluate them with the step. They are written in place. How keys lie
  /// in their pages depends on who attends (kernel_attention.h).
  const mx::array& keys() const { return keys_; }
  const mx::array& values() const { return values_; }
  /// Of the pages that exist.
  std::size_t bytes() const { return pages_ * shape_.page_bytes(); }

 private:
  void reserve(std::size_t pages);
  void move_to_plain();
  void lay_keys(bool turned);
  void write(mx::array& pool, const KvFormat& format, const mx::array& rows) const;
  mx::array attend_plainly(const mx::array& q, const AttendOptions& options) const;
  mx::array attend_by_kernel(const mx::array& q, const AttendOptions& options);
  mx::array slots_of(std::span<const std::int32_t> pages) const;

  KvShape shape_;
  std::size_t pages_ = 0;
  bool turned_;        // keys lie channel by channel in their pages, as the kernel likes it
  bool held_ = false;  // something has been written
  bool reserved_ = false;
  mx::array keys_;    // [pages * K * kPageTokens, Dh], or as stored in the key format; if
                      // reserved_, as many rows as there may ever be
  mx::array values_;  // [pages * K * kPageTokens, Dv], the same
  std::shared_ptr<const AttentionPlan> plan_;  // one of the two
  std::shared_ptr<const kernels::PagedStep> step_;
  std::optional<mx::array> new_keys_, new_values_;  // for the kernel, until it attends
};

}  // namespace hearth::nn
