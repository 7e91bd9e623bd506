// Cuts products into pieces that fit into a core's caches.
#include "kernels/panel_matmul.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "kernels/counters.h"
#include "kernels/digits.h"

namespace hearth::kernels {

namespace {

// Rows of x that are computed at a time: their digits are up to three bytes for each activation.
constexpr int kPanelSlabRows = 512;

// Inputs whose codes are unpacked at a time. Few rows: what the first-level cache holds. Many: as
// much as the second-level cache holds beside the digits.
constexpr int kFewInputs = 512;
constexpr int kManyInputs = 1024;

// Outputs and rows of one piece of a product with many rows. Digits are read once for kPanels
// panels.
constexpr int kPanels = 4;
constexpr int kPanelPieceTiles = 16;

// Few rows: bytes of weights that a thread takes at a time, or one panel where that is more.
constexpr std::int64_t kPanelChunkBytes = 64 << 10;

// A product of less is done before another thread has come.
constexpr std::int64_t kAloneBytes = 32 << 10;

constexpr int kPanelSums = kTileRows * kPanelRows;
constexpr std::int64_t kLineBytes = 64;

/// One panel's inputs, unpacked.
struct alignas(64) PanelSpace {
  std::array<std::uint8_t, kManyInputs * kPanelRows> codes;
  std::array<float, kManyInputs / kBlock * kPanelRows> scales;
  std::array<float, kManyInputs / kBlock * kPanelRows> biases;
};

struct alignas(64) MatmulSpace {
  std::array<PanelSpace, kPanels> panels;
  std::array<float, kPanelPieceTiles * kPanels * kPanelSums> sums;
};

/// Each thread's own; made when it computes its first product.
MatmulSpace& matmul_space() {
  thread_local const auto kSpace = std::make_unique<MatmulSpace>();
  return *kSpace;
}

/// Panels that are computed together: `panels` of a task's matrix, then as many of its `up`.
struct Piece {
  const PanelTask* task;
  int first;   // panel
  int panels;  // of each matrix

  int matrices() const { return task->up ? 2 : 1; }
  int count() const { return panels * matrices(); }
  const PanelLinear& layer(int index) const { return index < panels ? task->layer : *task->up; }
  int panel(int index) const { return first + index % panels; }
  PanelCut cut(int index, int begin, int inputs) const {
    const PanelView& w = layer(index).w;
    return {&w.layout, w.panel(panel(index)), begin, inputs};
  }
};

/// One call: what is multiplied.
struct PanelJob {
  std::span<const PanelTask> tasks;
  const PanelPath& path;
  const Digits& x;
  FloatType type;
  std::int64_t first_row;  // of y
  int width;
};

void add_bias(const PanelLinear& layer, int panel, int rows, float* sums) {
  if (layer.bias == nullptr) return;
  const int first = panel * kPanelRows;
  const int columns = std::min(kPanelRows, layer.w.outputs - first);
  for (int m = 0; m < rows; ++m)
    for (int n = 0; n < columns; ++n) sums[m * kPanelRows + n] += layer.bias[first + n];
}

/// Writes what a piece has summed for one tile: `sums` [panels of the piece][rows][16].
void finish(const PanelJob& job, const Piece& piece, int tile, float* sums) {
  const int rows = job.x.tile(tile).rows;
  for (int i = 0; i < piece.count(); ++i)
    add_bias(piece.layer(i), piece.panel(i), rows, sums + i * kPanelSums);
  const int outputs = piece.task->layer.w.outputs;
  for (int i = 0; i < piece.panels; ++i) {
    float* of_panel = sums + i * kPanelSums;
    if (piece.task->up)
      job.path.apply_gate(piece.task->gate, of_panel, of_panel + piece.panels * kPanelSums,
                          rows * kPanelRows);
    const int first = piece.panel(i) * kPanelRows;
    const int columns = std::min(kPanelRows, outputs - first);
    for (int m = 0; m < rows; ++m) {
      const std::int64_t row = job.first_row + tile * kTileRows + m;
      store_f32(of_panel + m * kPanelRows, columns, job.type, piece.task->y, row * outputs + first);
    }
  }
}

/// Calls `each(begin, count)` for pieces of [0, end).
template <class Each>
void for_pieces(int end, int size, Each each) {
  for (int at = 0; at < end; at += size) each(at, std::min(size, end - at));
}

/// The cut, unpacked into `to`.
Panel unpacked(const PanelJob& job, const PanelCut& cut, PanelSpace& to) {
  job.path.unpack_codes(cut, to.codes.data());
  job.path.unpack_scales(cut, to.scales.data(), to.biases.data());
  return {.codes = to.codes.data(),
          .scales = to.scales.data(),
          .biases = to.biases.data(),
          .begin = cut.begin,
          .count = cut.count,
          .group = cut.layout->group,
          .bits = cut.layout->bits};
}

/// Behind a piece: what else runs on this thread finds it as it was.
void release(const PanelJob& job) {
  if (job.path.release != nullptr) job.path.release();
}

/// A piece for up to kTileRows rows: the weights pass by once, the sums stay.
void few_rows(const PanelJob& job, const Piece& piece) {
  MatmulSpace& at = matmul_space();
  const Tile x = job.x.tile(0);
  std::fill_n(at.sums.begin(), piece.count() * kPanelSums, 0.0F);
  for (int i = 0; i < piece.count(); ++i) {
    float* sums = at.sums.data() + i * kPanelSums;
    if (job.path.stream(piece.cut(i, 0, job.width), x, sums)) continue;
    for_pieces(job.width, kFewInputs, [&](int begin, int count) {
      job.path.multiply(unpacked(job, piece.cut(i, begin, count), at.panels[0]), x, sums);
    });
  }
  finish(job, piece, 0, at.sums.data());
  release(job);
}

/// The codes of one panel that are wanted next: asked for part by part while others are multiplied,
/// since nothing else is read from memory then.
struct NextCodes {
  const std::uint8_t* from;
  std::int64_t bytes;

  void ask_for(int part, int parts) const {
    const std::int64_t end = bytes * (part + 1) / parts;
    for (std::int64_t at = bytes * part / parts; at < end; at += kLineBytes)
      __builtin_prefetch(from + at, /*write=*/0, /*locality=*/2);
  }
};

/// Those behind inputs [begin, begin + count): of the same panel or, at its end, of the panel with
/// its place in the next piece.
NextCodes next_codes(const PanelCut& cut, int panels) {
  const PanelLayout& layout = *cut.layout;
  const int end = cut.begin + cut.count;
  const std::uint8_t* panel = end < layout.width ? cut.panel : cut.panel + panels * layout.bytes;
  const std::int64_t input = std::int64_t{kPanelRows} * layout.low_bits;  // in bits
  const int first = end < layout.width ? end : 0;
  return {panel + layout.low_at + first * input / 8, cut.count * input / 8};
}

/// A piece for kPanelPieceTiles tiles of rows from `tile` on.
void many_rows(const PanelJob& job, const Piece& piece, int tile) {
  MatmulSpace& at = matmul_space();
  const int tiles = std::min(kPanelPieceTiles, job.x.tiles() - tile);
  const auto sums_of = [&](int t, int i) {
    return at.sums.data() + (t * kPanels + i) * kPanelSums;
  };
  at.sums.fill(0.0F);
  for_pieces(job.width, kManyInputs, [&](int begin, int count) {
    std::array<Panel, kPanels> panels;
    std::array<NextCodes, kPanels> next{};
    for (int i = 0; i < piece.count(); ++i) {
      const auto index = static_cast<std::size_t>(i);
      const PanelCut cut = piece.cut(i, begin, count);
      panels[index] = unpacked(job, cut, at.panels[index]);
      next[index] = next_codes(cut, piece.panels);
    }
    for (int t = 0; t < tiles; ++t)
      for (int i = 0; i < piece.count(); ++i) {
        const auto index = static_cast<std::size_t>(i);
        next[index].ask_for(t, tiles);
        job.path.multiply(panels[index], job.x.tile(tile + t), sums_of(t, i));
      }
  });
  for (int t = 0; t < tiles; ++t) finish(job, piece, tile + t, sums_of(t, 0));
  release(job);
}

int pieces(std::int64_t whole, std::int64_t piece) {
  return static_cast<int>((whole + piece - 1) / piece);
}

/// Panels of each matrix that a piece has: with few rows one, so that none is long.
int piece_panels(const PanelTask& task, const Digits& x) {
  if (x.tiles() == 1) return 1;
  return task.up ? kPanels / 2 : kPanels;
}

/// Piece number `index` of all tasks' pieces.
Piece piece_at(const PanelJob& job, int index) {
  for (const PanelTask& task : job.tasks) {
    const int all = task.layer.w.panels();
    const int each = piece_panels(task, job.x);
    if (index < pieces(all, each)) return {&task, index * each, std::min(each, all - index * each)};
    index -= pieces(all, each);
  }
  return {job.tasks.data(), 0, 0};
}

int piece_count(const PanelJob& job) {
  int count = 0;
  for (const PanelTask& task : job.tasks)
    count += pieces(task.layer.w.panels(), piece_panels(task, job.x));
  return count;
}

void run_few(const PanelJob& job, ThreadPool& pool) {
  const int count = piece_count(job);
  const std::int64_t piece_bytes = job.tasks.front().layer.w.layout.bytes;
  const bool alone = piece_bytes * count <= kAloneBytes;
  const auto wanted = static_cast<int>(std::max(std::int64_t{1}, kPanelChunkBytes / piece_bytes));
  const int chunk = alone ? count : wanted;
  pool.run(pieces(count, chunk), [&](int index) {
    const int end = std::min(count, (index + 1) * chunk);
    for (int i = index * chunk; i < end; ++i) few_rows(job, piece_at(job, i));
  });
}

void run_many(const PanelJob& job, ThreadPool& pool) {
  const int down = pieces(job.x.tiles(), kPanelPieceTiles);
  pool.run(piece_count(job) * down, [&](int index) {
    many_rows(job, piece_at(job, index / down), index % down * kPanelPieceTiles);
  });
}

/// Some rows of a group.
struct GroupPart {
  const PanelGroup* group;
  int begin;
  int count;
};

/// Jobs that are shared out together, and where each one's pieces end among all.
struct GroupJobs {
  std::vector<PanelJob> jobs;
  std::vector<int> ends;

  void compute(int index) const {
    const auto end = std::ranges::upper_bound(ends, index);
    const PanelJob& job = jobs[static_cast<std::size_t>(end - ends.begin())];
    const int own = index - (end == ends.begin() ? 0 : *(end - 1));
    const int down = pieces(job.x.tiles(), kPanelPieceTiles);
    const Piece piece = piece_at(job, own / down);
    if (job.x.tiles() == 1)
      few_rows(job, piece);
    else
      many_rows(job, piece, own % down * kPanelPieceTiles);
  }
};

void run_parts(std::span<const GroupPart> parts, const Means& means) {
  thread_local std::vector<Digits> digits;
  if (digits.size() < parts.size()) digits.resize(parts.size());
  GroupJobs all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& [group, begin, count] = parts[i];
    const PanelLayout& layout = group->task.layer.w.layout;
    const void* from = element(group->x.data, group->x.type, begin * group->x.stride);
    digits[i].split(layout, {from, group->x.type, group->x.stride, count}, means);
    const PanelJob& job = all.jobs.emplace_back(PanelJob{
        {&group->task, 1}, digits[i].path(), digits[i], group->x.type, begin, layout.width});
    const int own = piece_count(job) * pieces(job.x.tiles(), kPanelPieceTiles);
    all.ends.push_back((all.ends.empty() ? 0 : all.ends.back()) + own);
  }
  if (!parts.empty()) means.pool.run(all.ends.back(), [&](int index) { all.compute(index); });
}

/// The path that computes `rows` rows: few leave most of a tile empty.
CpuPath path_for(CpuPath path, int rows) {
  return rows <= kTileRows ? vector_path(path) : path;
}

}  // namespace

const PanelPath& panel_path(CpuPath path) {
#ifdef __x86_64__
  if (path == CpuPath::Amx) return kPanelAmx;
  if (path == CpuPath::Avx512) return kPanelAvx512;
  if (path == CpuPath::Avx2) return has_avx_vnni() ? kPanelAvx2Vnni : kPanelAvx2;
#endif
  static_cast<void>(path);
  return kPanelScalar;
}

const PanelPath& panel_path(const Means& means, int rows) {
  return means.functions != nullptr ? *means.functions : panel_path(path_for(means.path, rows));
}

void panel_matmul(std::span<const PanelTask> tasks, const Rows& x, const Means& means) {
  thread_local Digits digits;
  count(Operation::PackedProduct, path_for(means.path, x.count));
  const PanelLayout& layout = tasks.front().layer.w.layout;
  for_pieces(x.count, kPanelSlabRows, [&](int begin, int count) {
    const void* from = element(x.data, x.type, begin * x.stride);
    digits.split(layout, {from, x.type, x.stride, count}, means);
    const PanelJob job{tasks, digits.path(), digits, x.type, begin, layout.width};
    if (count <= kTileRows)
      run_few(job, means.pool);
    else
      run_many(job, means.pool);
  });
}

void panel_matmul_groups(std::span<const PanelGroup> groups, const Means& means) {
  std::vector<GroupPart> parts;
  int rows = 0;
  for (const PanelGroup& group : groups)
    for_pieces(group.x.count, kPanelSlabRows, [&](int begin, int count) {
      if (rows + count > kPanelSlabRows) {
        run_parts(parts, means);
        parts.clear();
        rows = 0;
      }
      parts.push_back({&group, begin, count});
      rows += count;
    });
  run_parts(parts, means);
}

}  // namespace hearth::kernels
