// Tiles of queries, and the spans of their keys.
#include "kernels/attention_plan.h"

#include <algorithm>

#include "kernels/kv_rows.h"

namespace hearth::kernels {

namespace {

// Queries of a tile: keys are turned once for them, and their scores of a span fit into the
// second-level cache.
constexpr int kTileQueries = 64;

// Tiles of at most so many queries wait for memory: their spans are shared out.
constexpr int kFewQueries = 16;

// Shares of a thread at least, so that all end together.
constexpr std::size_t kSharesPerThread = 4;

// Multiply-adds that one thread does before another has come.
constexpr double kSmall = 100'000.0;

void add_tiles(const AttentionJob& job, const PagedSegment& segment, AttentionCut& cut) {
  const int share = job.heads / job.kv_heads;
  const int parts = (share + kTileQueries - 1) / kTileQueries;
  const int part_heads = (share + parts - 1) / parts;
  const int tile_rows = std::max(1, kTileQueries / part_heads);
  for (int kv_head = 0; kv_head < job.kv_heads; ++kv_head)
    for (int head = 0; head < share; head += part_heads)
      for (int row = 0; row < segment.rows; row += tile_rows) {
        const int rows = std::min(tile_rows, segment.rows - row);
        const int oldest = job.rules.window > 0 ? segment.cached + row - job.rules.window + 1 : 0;
        cut.tiles.push_back({.segment = &segment,
                             .row = row,
                             .rows = rows,
                             .kv_head = kv_head,
                             .head = kv_head * share + head,
                             .heads = std::min(part_heads, share - head),
                             .begin = std::max(0, oldest),
                             .end = segment.cached + row + rows});
      }
}

}  // namespace

std::ptrdiff_t gathered_size(const QueryTile& tile, int width) {
  return std::ptrdiff_t{tile.queries()} * (padded(width) + 2);
}

AttentionCut cut_attention(const AttentionJob& job, unsigned threads) {
  AttentionCut cut;
  for (const PagedSegment& segment : job.step.segments) add_tiles(job, segment, cut);
  double work = 0.0;
  for (const QueryTile& tile : cut.tiles)
    work += static_cast<double>(tile.queries()) * (tile.end - tile.begin);
  cut.small = work * (job.keys.row.width + job.values.row.width) < kSmall;
  const bool scarce = !cut.small && cut.tiles.size() < kSharesPerThread * threads;
  for (std::size_t i = 0; i < cut.tiles.size(); ++i) {
    const QueryTile& tile = cut.tiles[i];
    const int index = static_cast<int>(i);
    const bool shared = tile.spans() > 1 && (scarce || tile.queries() <= kFewQueries);
    if (!shared) {
      cut.work.push_back({index, tile.first_span(), tile.spans(), -1});
      continue;
    }
    for (int span = 0; span < tile.spans(); ++span) {
      cut.work.push_back({index, tile.first_span() + span, 1, cut.places});
      cut.places += gathered_size(tile, job.values.row.width);
    }
  }
  return cut;
}

}  // namespace hearth::kernels
