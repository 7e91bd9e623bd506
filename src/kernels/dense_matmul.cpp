// Cuts products with plain weights into pieces that fit into a core's caches.
#include "kernels/dense_matmul.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "kernels/counters.h"
#include "kernels/dense_rows.h"
#include "kernels/digits.h"

namespace hearth::kernels {

namespace {

// Rows of x that are copied at a time, and tiles of one piece: the piece's rows stay in the
// second-level cache while weights pass by.
constexpr int kDenseSlabRows = 512;
constexpr int kDensePieceTiles = 8;
constexpr int kPieceInputs = 2048 * kDensePieceTiles;  // of all tiles together

// Float32 weights and more rows than these: both at once would ask more of the second-level cache
// than it gives, so a tile of so few inputs is computed at a time that it stays in the first.
constexpr int kWideRows = 4;
constexpr int kWideInputs = 512;

// mxfp8: inputs that are widened at a time, so that kDenseStep outputs stay in the first-level
// cache; and floats from row to row, not a power of two, so that rows do not compete for places.
constexpr int kWidenedInputs = 512;
constexpr int kWidenedStride = kWidenedInputs + kDenseLanes;

// Bytes of weights that a thread takes at a time.
constexpr std::int64_t kDenseChunkBytes = 64 << 10;

// What is less is done before another thread has come: multiplications, activations to copy.
constexpr std::int64_t kAloneProducts = 1 << 16;
constexpr std::int64_t kAloneActivations = 1 << 15;

struct alignas(64) DenseSpace {
  std::array<float, kDenseStep * kWidenedStride> weights;
  // Lanes are added sixteen outputs at a time, also those behind the last panel.
  std::array<float, kDensePieceTiles * kTileSums + kDenseLanes * kDenseLanes> sums;
};

/// Each thread's own; made when it computes its first product.
DenseSpace& dense_space() {
  thread_local const auto kSpace = std::make_unique<DenseSpace>();
  return *kSpace;
}

std::int64_t bytes_of(WeightType type) {
  if (type == WeightType::Mxfp8) return 1;
  return type == WeightType::F32 ? 4 : 2;
}

int cuts(std::int64_t whole, std::int64_t piece) {
  return static_cast<int>((whole + piece - 1) / piece);
}

/// Outputs [first, first + count).
struct Outputs {
  int first;
  int count;
};

/// Up to kDensePieceTiles tiles.
struct Tiles {
  int first;
  int count;
};

/// A product, or some rows of one, and how it is cut.
class DenseJob {
 public:
  explicit DenseJob(const DenseProduct& product)
      : product_(product),
        rows_(product.x.count, product.w.width),
        outputs_per_piece_(outputs_of_chunk(product.w)) {}

  int tiles() const { return rows_.tiles(); }
  std::int64_t floats() const { return rows_.floats(); }
  void use(float* memory) { rows_.use(memory); }
  void pack(int tile) const { rows_.pack(product_.x, tile); }

  int pieces() const { return across() * cuts(tiles(), kDensePieceTiles); }
  std::int64_t multiplications() const {
    return std::int64_t{product_.x.count} * product_.w.width * product_.w.outputs;
  }

  void compute(const DensePath& path, int piece) const;

 private:
  static int outputs_of_chunk(const DenseView& w);
  int inputs_at_a_time(const Tiles& tiles) const;
  int across() const { return cuts(product_.w.outputs, outputs_per_piece_); }
  void multiply(const DensePath& path, const Outputs& outputs, const Tiles& tiles) const;
  void multiply_widened(const DensePath& path, const Outputs& outputs, const Tiles& tiles) const;
  void multiply_part(const DensePath& path, const DensePanel& panel, int begin,
                     const Tiles& tiles) const;
  void store(const DensePath& path, int tile, const Outputs& outputs, const float* sums) const;

  DenseProduct product_;
  DenseRows rows_;
  int outputs_per_piece_;
};

int DenseJob::outputs_of_chunk(const DenseView& w) {
  const std::int64_t row_bytes = std::max<std::int64_t>(1, w.width * bytes_of(w.type));
  const std::int64_t steps = kDenseChunkBytes / row_bytes / kDenseStep;
  return static_cast<int>(std::clamp<std::int64_t>(steps, 1, kDenseChunkBytes)) * kDenseStep;
}

/// All outputs for the same tiles come one after another: the tiles stay in the cache.
void DenseJob::compute(const DensePath& path, int piece) const {
  const int first_tile = piece / across() * kDensePieceTiles;
  const Tiles tiles{first_tile, std::min(kDensePieceTiles, rows_.tiles() - first_tile)};
  const int first = piece % across() * outputs_per_piece_;
  const int end = std::min(product_.w.outputs, first + outputs_per_piece_);
  const bool widened = product_.w.type == WeightType::Mxfp8;
  const int panel = widened ? kDenseStep : kDensePanel;
  for (int at = first; at < end; at += panel) {
    const Outputs outputs{at, std::min(panel, end - at)};
    if (widened)
      multiply_widened(path, outputs, tiles);
    else
      multiply(path, outputs, tiles);
    for (int t = 0; t < tiles.count; ++t)
      store(path, tiles.first + t, outputs, dense_space().sums.data() + t * kTileSums);
  }
}

void DenseJob::multiply_part(const DensePath& path, const DensePanel& panel, int begin,
                             const Tiles& tiles) const {
  std::array<DenseTile, kDensePieceTiles> parts;
  for (int t = 0; t < tiles.count; ++t)
    parts[static_cast<std::size_t>(t)] = rows_.tile(tiles.first + t, begin);
  path.multiply(panel, parts.data(), tiles.count, dense_space().sums.data());
}

int DenseJob::inputs_at_a_time(const Tiles& tiles) const {
  const bool wide = product_.w.type == WeightType::F32 && rows_.rows_of(tiles.first) > kWideRows;
  return wide ? kWideInputs : kPieceInputs / tiles.count / kDenseLanes * kDenseLanes;
}

/// Weights pass by once, as they are stored. The next part of the same rows is asked for, or the
/// first one of the next rows.
void DenseJob::multiply(const DensePath& path, const Outputs& outputs, const Tiles& tiles) const {
  const DenseView& w = product_.w;
  const int inputs = inputs_at_a_time(tiles);
  const std::int64_t to_next_rows = w.stride * (inputs < w.width ? kDensePanel : kDenseStep);
  int begin = 0;
  do {  // once at least: no inputs give zeros
    const std::int64_t at = (outputs.first * w.stride + begin) * bytes_of(w.type);
    const bool last = begin + inputs >= w.width;
    multiply_part(path,
                  {.weights = static_cast<const std::uint8_t*>(w.data) + at,
                   .stride = w.stride,
                   .type = w.type,
                   .outputs = outputs.count,
                   .count = std::min(inputs, w.width - begin),
                   .ahead = last ? to_next_rows - begin : inputs,
                   .more = begin > 0},
                  begin, tiles);
    begin += inputs;
  } while (begin < w.width);
}

/// Weights become float32 first, part by part.
void DenseJob::multiply_widened(const DensePath& path, const Outputs& outputs,
                                const Tiles& tiles) const {
  float* const weights = dense_space().weights.data();
  int begin = 0;
  do {
    const int count = std::min(kWidenedInputs, product_.w.width - begin);
    for (int i = 0; i < outputs.count; ++i)
      path.widen(product_.w, {outputs.first + i, begin, count}, weights + i * kWidenedStride);
    multiply_part(path,
                  {.weights = weights,
                   .stride = kWidenedStride,
                   .type = WeightType::F32,
                   .outputs = outputs.count,
                   .count = count,
                   .ahead = 0,
                   .more = begin > 0},
                  begin, tiles);
    begin += kWidenedInputs;
  } while (begin < product_.w.width);
}

/// Adds the lanes of a tile's sums.
void DenseJob::store(const DensePath& path, int tile, const Outputs& outputs,
                     const float* sums) const {
  for (int row = 0; row < rows_.rows_of(tile); ++row) {
    std::array<float, kDensePanel> y;
    path.add_lanes(sums + row * kDensePanel * kDenseLanes, outputs.count, y.data());
    const std::int64_t at =
        std::int64_t{rows_.first_row(tile) + row} * product_.w.outputs + outputs.first;
    store_f32(y.data(), outputs.count, product_.x.type, product_.y, at);
  }
}

/// Jobs that are shared out together: about kDenseSlabRows rows.
class Batch {
 public:
  Batch(const DensePath& path, ThreadPool& pool) : path_(path), pool_(pool) {}

  void add(const DenseProduct& product);
  void run();

 private:
  /// Calls `body(job, index)` for each index in [0, count(job)) of each job.
  template <class Count, class Body>
  void share(bool alone, Count count, Body body);
  void pack(std::int64_t floats);

  const DensePath& path_;
  ThreadPool& pool_;
  std::vector<DenseJob> jobs_;
  std::vector<int> ends_;  // of each job's share in a run
  int rows_ = 0;
};

void Batch::add(const DenseProduct& product) {
  const Rows& x = product.x;
  for (int begin = 0; begin < x.count; begin += kDenseSlabRows) {
    const int count = std::min(kDenseSlabRows, x.count - begin);
    if (rows_ + count > kDenseSlabRows) run();
    const void* from = element(x.data, x.type, begin * x.stride);
    void* to =
        const_cast<void*>(element(product.y, x.type, std::int64_t{begin} * product.w.outputs));
    jobs_.emplace_back(DenseProduct{product.w, {from, x.type, x.stride, count}, to});
    rows_ += count;
  }
}

template <class Count, class Body>
void Batch::share(bool alone, Count count, Body body) {
  ends_.clear();
  for (const DenseJob& job : jobs_)
    ends_.push_back((ends_.empty() ? 0 : ends_.back()) + count(job));
  const auto one = [&](int index) {
    const auto end = std::ranges::upper_bound(ends_, index);
    const auto job = end - ends_.begin();
    body(jobs_[static_cast<std::size_t>(job)], index - (job == 0 ? 0 : *(end - 1)));
  };
  if (!alone) return pool_.run(ends_.back(), one);
  for (int index = 0; index < ends_.back(); ++index) one(index);
}

void Batch::pack(std::int64_t floats) {
  thread_local AlignedFloats memory;
  float* at = memory.at_least(floats);
  for (DenseJob& job : jobs_) {
    job.use(at);
    at += job.floats();
  }
  share(
      floats < kAloneActivations, [](const DenseJob& job) { return job.tiles(); },
      [](const DenseJob& job, int tile) { job.pack(tile); });
}

void Batch::run() {
  if (jobs_.empty()) return;
  std::int64_t floats = 0;
  std::int64_t work = 0;
  for (const DenseJob& job : jobs_) {
    floats += job.floats();
    work += job.multiplications();
  }
  pack(floats);
  share(
      work < kAloneProducts, [](const DenseJob& job) { return job.pieces(); },
      [this](const DenseJob& job, int piece) { job.compute(path_, piece); });
  jobs_.clear();
  rows_ = 0;
}

}  // namespace

const DensePath& dense_path(CpuPath path) {
#ifdef __x86_64__
  if (vector_path(path) == CpuPath::Avx512) return kDenseAvx512;
  if (path == CpuPath::Avx2) return kDenseAvx2;
#endif
  static_cast<void>(path);
  return kDenseScalar;
}

void dense_matmul(std::span<const DenseProduct> products, CpuPath path, ThreadPool& pool) {
  Batch batch(dense_path(path), pool);
  for (const DenseProduct& product : products) batch.add(product);
  batch.run();
}

}  // namespace hearth::kernels
