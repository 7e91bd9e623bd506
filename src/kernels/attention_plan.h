// Cuts a step's attention into pieces for threads.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/attention.h"

namespace hearth::kernels {

/// Queries that read the same keys together.
struct QueryTile {
  const PagedSegment* segment;
  int row;   ///< of the segment
  int rows;  ///< at least 1
  int kv_head;
  int head;   ///< the first query head
  int heads;  ///< of those that share the kv head: all, or as many as a tile holds
  int begin;  ///< the first key that one of them sees
  int end;    ///< behind the last one

  int queries() const { return rows * heads; }
  int first_span() const { return begin / kSpanKeys; }
  int spans() const { return (end - 1) / kSpanKeys + 1 - first_span(); }
};

/// What one thread does in one go: some spans of a tile. Where they are not all, what they gathered
/// is put down, to be merged in order when all are done.
struct TileSpans {
  int tile;
  int first_span;
  int spans;
  std::ptrdiff_t place;  ///< where it is put down; -1: the tile is finished in this go
};

struct AttentionCut {
  std::vector<QueryTile> tiles;
  std::vector<TileSpans> work;
  std::ptrdiff_t places = 0;  ///< numbers to put down
  bool small = false;         ///< less work than it takes to wake a thread
};

/// Numbers that a tile's queries gather: the mixed values, a peak and a sum each.
std::ptrdiff_t gathered_size(const QueryTile& tile, int width);

/// Long contexts of few queries are cut span by span, prompts tile by tile.
AttentionCut cut_attention(const AttentionJob& job, unsigned threads);

}  // namespace hearth::kernels
