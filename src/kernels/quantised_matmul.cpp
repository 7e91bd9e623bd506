// Cuts a quantised product into pieces that fit into a core's caches.
#include "kernels/quantised_matmul.h"

#include <algorithm>
#include <array>
#include <memory>

#include "kernels/counters.h"
#include "kernels/digits.h"

namespace hearth::kernels {

namespace {

// Rows of x that are computed at a time: their digits are up to three bytes for each activation.
constexpr int kSlabRows = 512;

// Inputs whose codes are unpacked at a time. Few rows: what the first-level cache holds. Many: as
// much as the second-level cache holds beside the digits.
constexpr int kFewInputs = 512;
constexpr int kManyInputs = 1024;

// Few rows: inputs whose scales are unpacked at a time.
constexpr int kScaledInputs = 2048;

// Many rows: outputs and rows of one piece. Digits are read once for kPanels panels.
constexpr int kPanels = 4;
constexpr int kPieceTiles = 16;

// Few rows: bytes of weights that a thread takes at a time.
constexpr std::int64_t kChunkBytes = 64 << 10;

// A product of less is done before another thread has come.
constexpr std::int64_t kAloneBytes = 32 << 10;

/// One panel's inputs, unpacked.
struct alignas(64) PanelSpace {
  std::array<std::uint8_t, kManyInputs * kPanelRows> codes;
  std::array<float, kScaledInputs / kBlock * kPanelRows> scales;
  std::array<float, kScaledInputs / kBlock * kPanelRows> biases;
};

struct alignas(64) Space {
  std::array<PanelSpace, kPanels> panels;
  std::array<float, kPieceTiles * kPanels * kTileRows * kPanelRows> sums;
};

/// Each thread's own; made when it computes its first product.
Space& space() {
  thread_local const auto kSpace = std::make_unique<Space>();
  return *kSpace;
}

/// One call: what is multiplied, and where the result goes.
struct Job {
  const PackedView& w;
  const QuantisedPath& path;
  const Digits& x;
  FloatType type;
  void* y;
};

/// Writes a panel's sums of one tile.
void store(const Job& job, int tile, int row, const float* sums) {
  const int columns = std::min(kPanelRows, job.w.outputs - row);
  for (int m = 0; m < job.x.tile(tile).rows; ++m) {
    const std::int64_t at = std::int64_t{tile * kTileRows + m} * job.w.outputs + row;
    store_f32(sums + m * kPanelRows, columns, job.type, job.y, at);
  }
}

/// Inputs [begin, begin + count) of a panel whose scales are unpacked from `origin` on.
Panel part(const PackedView& w, const PanelSpace& at, const PanelCut& cut, int origin) {
  const int groups = (cut.begin - origin) / w.group * kPanelRows;
  return {.codes = at.codes.data(),
          .scales = at.scales.data() + groups,
          .biases = at.biases.data() + groups,
          .begin = cut.begin,
          .count = cut.count,
          .group = w.group,
          .bits = w.bits};
}

/// Calls `each(begin, count)` for pieces of [begin, end).
template <class Each>
void for_pieces(int begin, int end, int size, Each each) {
  for (int at = begin; at < end; at += size) each(at, std::min(size, end - at));
}

/// Inputs of one panel whose scales are unpacked, for few rows: part by part.
void add_parts(const Job& job, const PanelCut& cut, const Tile& x, float* sums) {
  PanelSpace& at = space().panels[0];
  for_pieces(cut.begin, cut.begin + cut.count, kFewInputs, [&](int begin, int count) {
    const PanelCut piece{cut.row, begin, count};
    job.path.unpack_codes(job.w, piece, at.codes.data());
    job.path.multiply(part(job.w, at, piece, cut.begin), x, sums);
  });
}

/// One panel for up to kTileRows rows: the weights pass by once, the sums stay.
void few_rows(const Job& job, int row) {
  PanelSpace& at = space().panels[0];
  alignas(64) std::array<float, kTileRows * kPanelRows> sums{};
  const Tile x = job.x.tile(0);
  const bool streams = job.path.stream != nullptr && job.w.bits == 4 &&
                       x.rows * x.count <= kStreamSums && row + kPanelRows <= job.w.outputs;
  for_pieces(0, job.w.width, kScaledInputs, [&](int begin, int count) {
    const PanelCut cut{row, begin, count};
    job.path.unpack_scales(job.w, cut, at.scales.data(), at.biases.data());
    if (streams)
      job.path.stream(job.w, row, part(job.w, at, cut, begin), x, sums.data());
    else
      add_parts(job, cut, x, sums.data());
  });
  store(job, 0, row, sums.data());
}

/// kPanels panels from output `row` on, for kPieceTiles tiles of rows from `tile` on.
void many_rows(const Job& job, int row, int tile) {
  Space& at = space();
  at.sums.fill(0.0F);
  const int panels = std::min(kPanels, (job.w.outputs - row + kPanelRows - 1) / kPanelRows);
  const int tiles = std::min(kPieceTiles, job.x.tiles() - tile);
  const auto sums_of = [&](int t, int p) {
    return at.sums.data() + (t * kPanels + p) * kTileRows * kPanelRows;
  };
  for_pieces(0, job.w.width, kManyInputs, [&](int begin, int count) {
    const auto cut_of = [&](int p) { return PanelCut{row + p * kPanelRows, begin, count}; };
    for (int p = 0; p < panels; ++p) {
      PanelSpace& panel = at.panels[static_cast<std::size_t>(p)];
      job.path.unpack_codes(job.w, cut_of(p), panel.codes.data());
      job.path.unpack_scales(job.w, cut_of(p), panel.scales.data(), panel.biases.data());
    }
    const auto panel_of = [&](int p) {
      return part(job.w, at.panels[static_cast<std::size_t>(p)], cut_of(p), begin);
    };
    for (int t = 0; t < tiles; ++t) {
      const Tile x = job.x.tile(tile + t);
      for (int p = 0; p < panels; ++p) job.path.multiply(panel_of(p), x, sums_of(t, p));
    }
  });
  for (int t = 0; t < tiles; ++t)
    for (int p = 0; p < panels; ++p) store(job, tile + t, row + p * kPanelRows, sums_of(t, p));
}

int pieces(std::int64_t whole, std::int64_t piece) {
  return static_cast<int>((whole + piece - 1) / piece);
}

void run_few(const Job& job, ThreadPool& pool) {
  const int panels = pieces(job.w.outputs, kPanelRows);
  const std::int64_t panel_bytes = std::int64_t{job.w.width} * job.w.bits / 8 * kPanelRows;
  const bool alone = panel_bytes * panels <= kAloneBytes;
  const auto wanted = static_cast<int>(std::max(std::int64_t{1}, kChunkBytes / panel_bytes));
  const int chunk_panels = alone ? panels : std::min(wanted, panels);
  pool.run(pieces(panels, chunk_panels), [&](int chunk) {
    const int end = std::min(panels, (chunk + 1) * chunk_panels);
    for (int p = chunk * chunk_panels; p < end; ++p) few_rows(job, p * kPanelRows);
  });
}

void run_many(const Job& job, ThreadPool& pool) {
  const int across = pieces(job.w.outputs, kPanels * kPanelRows);
  const int down = pieces(job.x.tiles(), kPieceTiles);
  pool.run(across * down, [&](int chunk) {
    many_rows(job, chunk / down * kPanels * kPanelRows, chunk % down * kPieceTiles);
  });
}

}  // namespace

const QuantisedPath& quantised_path(CpuPath path) {
#ifdef __x86_64__
  if (path == CpuPath::Avx512) return kQuantisedAvx512;
  if (path == CpuPath::Avx2) return kQuantisedAvx2;
#endif
  static_cast<void>(path);
  return kQuantisedScalar;
}

void quantised_matmul(const PackedView& w, const Rows& x, void* y, const Means& means) {
  thread_local Digits digits;
  count(Operation::PackedProduct, means.path);
  for_pieces(0, x.count, kSlabRows, [&](int begin, int count) {
    const void* from = element(x.data, x.type, begin * x.stride);
    digits.split(w, {from, x.type, x.stride, count}, means);
    void* to = const_cast<void*>(element(y, x.type, std::int64_t{begin} * w.outputs));
    const Job job{w, quantised_path(means.path), digits, x.type, to};
    if (count <= kTileRows)
      run_few(job, means.pool);
    else
      run_many(job, means.pool);
  });
}

}  // namespace hearth::kernels
