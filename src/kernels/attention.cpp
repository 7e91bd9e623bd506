// Writes keys and values, scores, weighs and mixes, tile by tile and span by span.
#include "kernels/attention.h"

#include <algorithm>
#include <limits>
#include <span>

#include "kernels/attention_plan.h"
#include "kernels/counters.h"
#include "kernels/kv_rows.h"

namespace hearth::kernels {

namespace {

// Fewer heads' keys are written before another thread has come.
constexpr int kKeysWorthSharing = 4;

constexpr float kNothing = -std::numeric_limits<float>::infinity();

/// Memory of one thread, kept from job to job.
class AttentionSpace {
 public:
  /// `sizes` pieces, each at a multiple of 64 bytes from the beginning.
  void prepare(std::initializer_list<std::ptrdiff_t> sizes) {
    std::size_t whole = 0;
    places_.clear();
    for (const std::ptrdiff_t size : sizes) {
      places_.push_back(whole);
      whole += (static_cast<std::size_t>(size) + kWidthLanes - 1) / kWidthLanes * kWidthLanes;
    }
    if (numbers_.size() < whole) numbers_.resize(whole);
  }
  float* piece(std::size_t index) { return numbers_.data() + places_[index]; }

 private:
  std::vector<float> numbers_;
  std::vector<std::size_t> places_;
};

Gathered gathered_at(float* at, int queries) {
  return {.largest = at, .sums = at + queries, .mixed = at + std::ptrdiff_t{2} * queries};
}

void clear(const Gathered& gathered, int queries, int width) {
  std::fill_n(gathered.largest, queries, kNothing);
  std::fill_n(gathered.sums, queries, 0.0F);
  std::fill_n(gathered.mixed, std::ptrdiff_t{queries} * width, 0.0F);
}

/// The keys of one span that a tile looks at, counted from the sequence's first.
struct SpanKeys {
  int first;  // of the span
  int begin;
  int end;

  int first_page() const { return begin / kPageRows; }
  int end_page() const { return (end - 1) / kPageRows + 1; }
};

/// One job on one thread.
class Worker {
 public:
  Worker(const AttentionJob& job, const AttentionPath& path)
      : job_(job),
        path_(path),
        query_stride_(padded(job.keys.row.width)),
        width_(padded(job.values.row.width)) {}

  void write(const PagedSegment& segment, int head, int begin, int end) const;
  void compute(const QueryTile& tile, const TileSpans& part, float* places);
  void join(const QueryTile& tile, std::span<const TileSpans> parts, float* places);

 private:
  enum Piece : std::uint8_t { Queries, Scores, Turned, Rows, Part, Whole };

  const KvPool& values() const { return job_.values.rows == nullptr ? job_.keys : job_.values; }
  const std::uint8_t* page_at(const KvPool& pool, const QueryTile& tile, int page) const;
  const std::uint8_t* page_behind(const QueryTile& tile, const SpanKeys& keys) const;
  void prepare(const QueryTile& tile);
  void place_queries(const QueryTile& tile);
  SpanKeys keys_of(const QueryTile& tile, int span) const;
  void gather(const QueryTile& tile, int span, const Gathered& to);
  void score(const QueryTile& tile, const SpanKeys& keys);
  void weigh(const QueryTile& tile, const SpanKeys& keys, const Gathered& to);
  void mix(const QueryTile& tile, const SpanKeys& keys, const Gathered& to);
  void find_values(const KvRow& row, const KvPage& page, Mixing& mixing);
  void finish(const QueryTile& tile, const Gathered& all);

  static AttentionSpace& space() {
    thread_local AttentionSpace own;
    return own;
  }
  static float* piece(Piece index) { return space().piece(index); }

  const AttentionJob& job_;
  const AttentionPath& path_;
  int query_stride_;
  int width_;  // of the values, padded
};

std::int32_t page_number(const PagedSegment& segment, int page) {
  return segment.pages[static_cast<std::size_t>(page - segment.first_page)];
}

std::uint8_t* row_at(const AttentionJob& job, const KvPool& pool, std::int64_t page, int kv_head) {
  return pool.rows + (page * job.kv_heads + kv_head) * kPageRows * std::int64_t{pool.row.bytes};
}

/// A head's keys and values of rows [begin, end) of a segment, which all go to one page.
void Worker::write(const PagedSegment& segment, int head, int begin, int end) const {
  thread_local std::vector<float> placed;
  placed.resize(static_cast<std::size_t>(job_.keys.row.width));
  const std::int32_t page = page_number(segment, (segment.cached + begin) / kPageRows);
  for (int row = begin; row < end; ++row) {
    const int token = segment.first_row + row;
    const int in_page = (segment.cached + row) % kPageRows;
    const auto from = [&](const HeadsView& heads) {
      return heads.data + token * heads.token_stride + head * heads.head_stride;
    };
    const KvRow& key = job_.keys.row;
    place_head(job_.place_keys, {token, head, key.width}, from(job_.new_keys), placed.data());
    store_in_page(key, placed.data(), row_at(job_, job_.keys, page, head), in_page, path_.to_f16);
    if (job_.values.rows == nullptr) continue;
    store_in_page(job_.values.row, from(job_.new_values), row_at(job_, job_.values, page, head),
                  in_page, path_.to_f16);
  }
}

const std::uint8_t* Worker::page_at(const KvPool& pool, const QueryTile& tile, int page) const {
  return row_at(job_, pool, page_number(*tile.segment, page), tile.kv_head);
}

/// Keys that are likely to be read when those of a span are done: of the next span, else of the
/// next head from the tile's first key on.
const std::uint8_t* Worker::page_behind(const QueryTile& tile, const SpanKeys& keys) const {
  if (keys.end < tile.end) return page_at(job_.keys, tile, keys.end / kPageRows);
  QueryTile next = tile;
  next.kv_head = std::min(tile.kv_head + 1, job_.kv_heads - 1);
  return page_at(job_.keys, next, tile.begin / kPageRows);
}

void Worker::prepare(const QueryTile& tile) {
  const std::ptrdiff_t queries = tile.queries();
  const std::ptrdiff_t page_numbers = std::ptrdiff_t{kPageRows} * std::max(query_stride_, width_);
  space().prepare({queries * query_stride_, queries * kSpanKeys,
                   std::ptrdiff_t{kPageRows} * query_stride_, page_numbers,
                   gathered_size(tile, width_), gathered_size(tile, width_)});
}

void Worker::place_queries(const QueryTile& tile) {
  float* to = piece(Queries);
  for (int row = 0; row < tile.rows; ++row)
    for (int head = tile.head; head < tile.head + tile.heads; ++head) {
      const int token = tile.segment->first_row + tile.row + row;
      const float* from =
          job_.queries.data + token * job_.queries.token_stride + head * job_.queries.head_stride;
      place_head(job_.place_queries, {token, head, job_.keys.row.width}, from, to);
      std::fill(to + job_.keys.row.width, to + query_stride_, 0.0F);
      to += query_stride_;
    }
}

SpanKeys Worker::keys_of(const QueryTile& tile, int span) const {
  const int first = span * kSpanKeys;
  return {first, std::max(first, tile.begin), std::min(first + kSpanKeys, tile.end)};
}

void Worker::score(const QueryTile& tile, const SpanKeys& keys) {
  const KvRow& row = job_.keys.row;
  const auto at_once = tile.queries() > kFusedRows ? nullptr
                       : row.turned                ? path_.score_turned
                                                   : path_.score_page;
  for (int page = keys.first_page(); page < keys.end_page(); ++page) {
    const bool last = page + 1 == keys.end_page();
    const KvPage at{page_at(job_.keys, tile, page), last
                                                        ? page_at(values(), tile, keys.first_page())
                                                        : page_at(job_.keys, tile, page + 1)};
    Scoring scoring{.queries = piece(Queries),
                    .stride = query_stride_,
                    .rows = tile.queries(),
                    .keys = piece(Turned),
                    .width = row.width,
                    .scores = piece(Scores) + (page * kPageRows - keys.first)};
    if (at_once != nullptr) {
      at_once(scoring, row, at);
      continue;
    }
    if (row.turned && row.type == KvType::F32)
      scoring.keys = reinterpret_cast<const float*>(at.rows);
    else
      path_.turn(row, at, piece(Turned));
    path_.score(scoring);
  }
}

void Worker::weigh(const QueryTile& tile, const SpanKeys& keys, const Gathered& to) {
  for (int query = 0; query < tile.queries(); ++query) {
    const int newest = tile.segment->cached + tile.row + query / tile.heads;
    const int oldest = job_.rules.window > 0 ? newest - job_.rules.window + 1 : 0;
    const int begin = std::clamp(oldest, keys.begin, keys.end) - keys.first;
    const Peak peak = path_.weigh({.scores = piece(Scores) + std::ptrdiff_t{query} * kSpanKeys,
                                   .from = keys.first_page() * kPageRows - keys.first,
                                   .to = keys.end_page() * kPageRows - keys.first,
                                   .begin = begin,
                                   .end = std::clamp(newest + 1, keys.begin, keys.end) - keys.first,
                                   .softcap = job_.rules.softcap});
    to.largest[query] = peak.largest;
    to.sums[query] = peak.sum;
  }
}

/// Values of a page as numbers, where they lie or unpacked.
void Worker::find_values(const KvRow& row, const KvPage& page, Mixing& mixing) {
  if (row.type == KvType::F32 && job_.values.row.width == width_) {
    mixing.value_stride = row.width;
    mixing.values = reinterpret_cast<const float*>(page.rows);
    return;
  }
  mixing.value_stride = std::max(padded(row.width), width_);
  path_.unpack(row, page, mixing.count, {piece(Rows), mixing.value_stride});
  mixing.values = piece(Rows);
}

void Worker::mix(const QueryTile& tile, const SpanKeys& keys, const Gathered& to) {
  std::fill_n(to.mixed, std::ptrdiff_t{tile.queries()} * width_, 0.0F);
  const KvPool& pool = values();
  const bool at_once = path_.mix_page != nullptr && tile.queries() <= kFusedRows;
  for (int page = keys.first_page(); page < keys.end_page(); ++page) {
    const int first = std::max(0, keys.begin - page * kPageRows);
    const std::ptrdiff_t skipped = std::ptrdiff_t{first} * pool.row.bytes;
    const bool last = page + 1 == keys.end_page();
    const KvPage at{page_at(pool, tile, page) + skipped,
                    last ? page_behind(tile, keys) : page_at(pool, tile, page + 1)};
    Mixing mixing{.weights = piece(Scores) + (page * kPageRows - keys.first + first),
                  .rows = tile.queries(),
                  .values = nullptr,
                  .value_stride = 0,
                  .count = std::min(kPageRows, keys.end - page * kPageRows) - first,
                  .width = width_,
                  .mixed = to.mixed};
    if (at_once) {
      path_.mix_page(mixing, pool.row, at);
    } else {
      find_values(pool.row, at, mixing);
      path_.mix(mixing);
    }
  }
}

void Worker::gather(const QueryTile& tile, int span, const Gathered& to) {
  const SpanKeys keys = keys_of(tile, span);
  score(tile, keys);
  weigh(tile, keys, to);
  mix(tile, keys, to);
}

/// Divides by the weights' sum, the sinks' included.
void Worker::finish(const QueryTile& tile, const Gathered& all) {
  if (job_.rules.sinks != nullptr) {
    const Gathered sinks = gathered_at(piece(Part), tile.queries());
    clear(sinks, tile.queries(), width_);
    for (int query = 0; query < tile.queries(); ++query) {
      sinks.largest[query] = job_.rules.sinks[tile.head + query % tile.heads];
      sinks.sums[query] = 1.0F;
    }
    path_.merge(all, sinks, tile.queries(), width_);
  }
  const int width = job_.values.row.width;
  for (int query = 0; query < tile.queries(); ++query) {
    const std::int64_t token = tile.segment->first_row + tile.row + query / tile.heads;
    const int head = tile.head + query % tile.heads;
    float* to = job_.mixed + (token * job_.heads + head) * width;
    const float* from = all.mixed + std::ptrdiff_t{query} * width_;
    const float factor = 1.0F / all.sums[query];
    for (int i = 0; i < width; ++i) to[i] = from[i] * factor;
  }
}

void Worker::compute(const QueryTile& tile, const TileSpans& part, float* places) {
  prepare(tile);
  place_queries(tile);
  if (part.place >= 0)
    return gather(tile, part.first_span, gathered_at(places + part.place, tile.queries()));
  const Gathered all = gathered_at(piece(Whole), tile.queries());
  const Gathered some = gathered_at(piece(Part), tile.queries());
  clear(all, tile.queries(), width_);
  for (int span = part.first_span; span < part.first_span + part.spans; ++span) {
    gather(tile, span, some);
    path_.merge(all, some, tile.queries(), width_);
  }
  finish(tile, all);
}

/// Merges what the spans of a tile put down, in their order.
void Worker::join(const QueryTile& tile, std::span<const TileSpans> parts, float* places) {
  prepare(tile);
  const Gathered all = gathered_at(piece(Whole), tile.queries());
  clear(all, tile.queries(), width_);
  for (const TileSpans& part : parts)
    path_.merge(all, gathered_at(places + part.place, tile.queries()), tile.queries(), width_);
  finish(tile, all);
}

/// The first pieces of work of all tiles whose spans were shared out.
std::vector<int> shared_tiles(const AttentionCut& cut) {
  std::vector<int> firsts;
  for (std::size_t i = 0; i < cut.work.size(); ++i)
    if (cut.work[i].place >= 0 && (i == 0 || cut.work[i].tile != cut.work[i - 1].tile))
      firsts.push_back(static_cast<int>(i));
  return firsts;
}

/// Calls `each(piece)` for [0, count), on all threads unless there is little to do.
template <class Each>
void share_out(ThreadPool& pool, int count, bool small, Each each) {
  if (!small) return pool.run(count, each);
  for (int i = 0; i < count; ++i) each(i);
}

void write_all(const AttentionJob& job, const Worker& worker, ThreadPool& pool) {
  struct Rows {
    const PagedSegment* segment;
    int head;
    int begin;
    int end;
  };
  std::vector<Rows> pieces;
  for (const PagedSegment& segment : job.step.segments)
    for (int row = 0; row < segment.rows;) {
      const int left = kPageRows - (segment.cached + row) % kPageRows;
      const int end = std::min(row + left, segment.rows);
      for (int head = 0; head < job.kv_heads; ++head) pieces.push_back({&segment, head, row, end});
      row = end;
    }
  // A turned key is a line of memory for each channel, and none of them is in a cache.
  const bool small = std::ssize(pieces) < kKeysWorthSharing;
  share_out(pool, static_cast<int>(pieces.size()), small, [&](int i) {
    const Rows& rows = pieces[static_cast<std::size_t>(i)];
    worker.write(*rows.segment, rows.head, rows.begin, rows.end);
  });
}

}  // namespace

const AttentionPath& attention_path(CpuPath path) {
#ifdef __x86_64__
  if (vector_path(path) == CpuPath::Avx512) return kAttentionAvx512;
  if (path == CpuPath::Avx2) return kAttentionAvx2;
#endif
  static_cast<void>(path);
  return kAttentionScalar;
}

void attend(const AttentionJob& job, CpuPath path, ThreadPool& pool) {
  count(Operation::Attention, vector_path(path));
  thread_local std::vector<float> places;
  const AttentionCut cut = cut_attention(job, pool.threads());
  if (std::ssize(places) < cut.places) places.resize(static_cast<std::size_t>(cut.places));
  float* const kept = places.data();
  Worker worker(job, attention_path(path));
  if (job.new_keys.data != nullptr) write_all(job, worker, pool);
  const auto tile_of = [&](int index) -> const QueryTile& {
    return cut.tiles[static_cast<std::size_t>(cut.work[static_cast<std::size_t>(index)].tile)];
  };
  share_out(pool, static_cast<int>(cut.work.size()), cut.small, [&](int i) {
    worker.compute(tile_of(i), cut.work[static_cast<std::size_t>(i)], kept);
  });
  const std::vector<int> firsts = shared_tiles(cut);
  const bool few = cut.small || cut.places < (1 << 15);
  share_out(pool, static_cast<int>(firsts.size()), few, [&](int i) {
    const int first = firsts[static_cast<std::size_t>(i)];
    const auto parts = std::span(cut.work).subspan(
        static_cast<std::size_t>(first), static_cast<std::size_t>(tile_of(first).spans()));
    worker.join(tile_of(first), parts, kept);
  });
}

}  // namespace hearth::kernels
