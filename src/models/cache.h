// What a model remembers of all sequences: keys and values in pages, recurrent states in slots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/kv_pages.h"
#include "nn/layer_cache.h"
#include "nn/state_slots.h"
#include "nn/step_batch.h"

namespace hearth::models {

/// A page whose content another page takes over: before a shared page is written, and where the
/// beginning of a page serves another sequence.
struct PageCopy {
  std::int32_t from = 0;
  std::int32_t to = 0;
};

/// A state that another slot takes over: a snapshot, or its restoring.
struct StateCopy {
  std::int32_t from = 0;
  std::int32_t to = 0;
};

/// How many there may be: numbers lie below.
struct CacheLimits {
  std::size_t pages = 0;
  std::size_t states = 0;
  std::size_t windows = 0;  ///< pages of layers with a window; 0: they use the others' pages
};

/// Owns the arrays behind the numbers of pages and states. Which sequence holds which is
/// bookkeeping of the engine; a page here is kPageTokens slots in every layer that attends at once,
/// and a state is one slot in every recurrent layer at once. Layers with a window may have pages of
/// their own: then a page is slots either in all of these or in all others.
///
/// Memory grows with the highest number ever used, so hand out low numbers first: on a CPU pages
/// have their addresses from the beginning and take memory as they are written; elsewhere, and for
/// states, it doubles, up to the limit. Contents stay until they are overwritten: nothing needs to
/// be cleared.
///
/// Thread: engine only.
class Cache {
 public:
  /// @param layers  one shape per layer of the model; a layer shares only what an earlier one has
  /// @param rows    how attention over it is cut
  Cache(const std::vector<nn::CacheShape>& layers, CacheLimits limits,
        nn::RowPolicy rows = nn::RowPolicy::Any);

  /// Called by Model::forward: makes room for the step's pages and states and plans its attention
  /// once for all layers. @throws std::invalid_argument for a number beyond the limit, where a
  /// recurrent model's segment names no state, or no window pages where these are apart;
  /// std::out_of_range where it lacks some of them.
  void begin(const nn::StepBatch& batch);

  /// What the layer asked for, its own or that of the layer it shares.
  nn::LayerCache layer(std::size_t index);

  /// Copies whole pages in every layer; all are read before any is written. Waits for the device;
  /// steps that are built later see the copies. Between steps only.
  /// @throws std::invalid_argument for a page beyond the limit.
  void copy_pages(std::span<const PageCopy> copies);
  /// The same for window pages, where these are apart.
  void copy_windows(std::span<const PageCopy> copies);

  /// The same for recurrent states; nothing to do for models without them.
  /// @throws std::invalid_argument for a state beyond the limit.
  void copy_states(std::span<const StateCopy> copies);

  /// What lies in `pages`, unless there are none, and in slot `state`, unless it is -1: evaluated
  /// arrays by layer ("layers.0.keys", "layers.0.values", "layers.0.states.0"), for a file. Between
  /// steps only. Window pages are a content of their own where they are apart: that of `table`
  /// Window, without states.
  /// @throws std::invalid_argument for a number beyond the limit.
  std::map<std::string, nn::mx::array> content(std::span<const std::int32_t> pages, int state,
                                               nn::PageTable table = nn::PageTable::All);

  /// Puts such content to `pages` and `state`, in this cache or another one of the same model. Of
  /// many pages any part can be put by itself.
  /// @returns what does not fit, where the content is of another model or of fewer pages; nothing
  ///          is changed then. @throws as content().
  std::string replace(std::span<const std::int32_t> pages, int state,
                      const std::map<std::string, nn::mx::array>& content,
                      nn::PageTable table = nn::PageTable::All);

  /// What to evaluate together with the step's logits, so that keys, values and states are really
  /// written even where no logits were wanted. Cheap handles.
  std::vector<nn::mx::array> arrays() const;

  /// Page numbers lie in [0, pages()).
  std::size_t pages() const { return limits_.pages; }
  /// State numbers lie in [0, states()).
  std::size_t states() const { return limits_.states; }
  /// Window page numbers lie in [0, windows()); 0: layers with a window use the others' pages.
  std::size_t windows() const { return limits_.windows; }
  /// Memory held now by keys, values and states.
  std::size_t bytes() const;
  /// What of it is not among the bytes that MLX counts.
  std::size_t bytes_beside_mlx() const;

 private:
  nn::PageTable table_of(const nn::KvShape& shape) const;
  std::size_t limit_of(nn::PageTable table) const;
  void plan_attention(const nn::StepBatch& batch);
  void plan_kernels(const nn::StepBatch& batch);
  bool uses(const std::optional<nn::KvPages>& kv, nn::PageTable table) const;
  bool uses(const std::optional<nn::StateSlots>& slots, nn::PageTable table) const;
  std::map<std::string, nn::mx::array> pick(std::span<const std::int32_t> pages, int state,
                                            nn::PageTable table);
  void need_all(std::span<const std::int32_t> pages, int state, nn::PageTable table);
  void need_pages(nn::PageTable table, std::size_t highest);
  void need_states(std::size_t highest);
  void copy(nn::PageTable table, std::span<const PageCopy> copies);

  CacheLimits limits_;
  nn::RowPolicy rows_;
  std::size_t grown_states_ = 0;                // what exists now
  std::vector<std::size_t> source_;             // per layer: whose cache it uses, usually its own
  std::vector<std::optional<nn::KvPages>> kv_;  // per layer
  std::vector<std::optional<nn::StateSlots>> slots_;  // per layer
  bool recurrent_ = false;                            // some layer keeps a state
};

}  // namespace hearth::models
