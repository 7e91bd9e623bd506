// Attention over keys and values in pages, for all sequences of a step at once.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/attention_path.h"
#include "kernels/cpu.h"
#include "kernels/head_rows.h"
#include "kernels/thread_pool.h"

namespace hearth::kernels {

/// One sequence's share of a step, and where its keys and values lie.
struct PagedSegment {
  int first_row = 0;  ///< row of its first token in the step
  int rows = 0;
  int cached = 0;                        ///< tokens before them
  int first_page = 0;                    ///< the page of its tokens that `pages` begins with
  std::vector<std::int32_t> pages = {};  ///< page numbers: all that the step reads or writes
};

/// The sequences of a step, in the order of their rows.
struct PagedStep {
  std::vector<PagedSegment> segments;
};

/// Heads of all tokens of a step: float32, a head's numbers side by side.
struct HeadsView {
  const float* data = nullptr;
  std::int64_t token_stride = 0;  ///< elements
  std::int64_t head_stride = 0;   ///< elements
};

/// Keys, or values: row (page * K + kv head) * kPageRows + token of the page. If rows are turned,
/// those of a page and head lie channel by channel in the same place.
struct KvPool {
  std::uint8_t* rows = nullptr;
  KvRow row;
};

/// How scores become weights.
struct ScoreRules {
  float softcap = 0.0F;  ///< scores s become softcap * tanh(s / softcap); 0: as they are
  int window = 0;        ///< a query sees itself and the `window - 1` tokens before it; 0: all
  const float* sinks = nullptr;  ///< [H]: one more score per head, without a value; null: none
};

/// One layer's attention in one step.
struct AttentionJob {
  const PagedStep& step;
  int heads = 0;     ///< H
  int kv_heads = 0;  ///< K; H % K == 0
  HeadsView queries;
  HeadPlacing place_queries;  ///< its factor scales the scores
  HeadsView new_keys;         ///< without data: another layer has written keys and values
  HeadPlacing place_keys;
  HeadsView new_values;
  KvPool keys;
  KvPool values;  ///< without rows: values are the keys' first numbers, as many as values.row.width
  ScoreRules rules;
  float* mixed;  ///< [T][H][values.row.width]
};

/// Writes the step's keys and values to their pages, then mixes values for every query.
///
/// The sums over a sequence's keys are cut at fixed places, so a query's bits follow from that
/// query and its sequence alone: not from the step's other rows, the threads or the path. A weight
/// is exact to about 1e-7 of itself; sums are float32.
/// Any thread; keys that no query sees are not looked at, whatever lies there.
void attend(const AttentionJob& job, CpuPath path, ThreadPool& pool);

const AttentionPath& attention_path(CpuPath path);

}  // namespace hearth::kernels
