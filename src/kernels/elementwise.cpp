// Loops over numbers that lie one after another, in pieces for the pool's threads.
#include "kernels/elementwise.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/cpu.h"
#include "kernels/host_operation.h"
#include "kernels/panel_matmul.h"
#include "kernels/plane.h"
#include "kernels/thread_pool.h"

namespace hearth::kernels {

namespace {

namespace mx = mlx::core;

// A smaller piece is done before another thread has come.
constexpr std::int64_t kPiece = 1 << 14;

/// Numbers [begin, begin + count) of the answer.
using Stretch = std::function<void(std::int64_t begin, std::int64_t count)>;

void in_pieces(std::int64_t count, const Stretch& stretch) {
  const auto pieces = static_cast<int>((count + kPiece - 1) / kPiece);
  ThreadPool::of_process().run(pieces, [&](int index) {
    const std::int64_t begin = index * kPiece;
    stretch(begin, std::min(kPiece, count - begin));
  });
}

struct SumTask {
  Numbers x, y;
  float* to;
  std::int64_t count;
  std::int64_t width;  ///< after so many numbers y begins again

  void operator()() const {
    std::vector<float> copies[2];
    const float* const first = x.read(copies[0]);
    const float* const second = y.read(copies[1]);
    in_pieces(count, [&](std::int64_t begin, std::int64_t piece) {
      for (std::int64_t done = 0; done < piece;) {
        const std::int64_t at = begin + done;
        const std::int64_t run = std::min(piece - done, width - at % width);
        for (std::int64_t i = 0; i < run; ++i) to[at + i] = first[at + i] + second[at % width + i];
        done += run;
      }
    });
  }
};

struct ScaleTask {
  Numbers x;
  float factor;
  float* to;
  std::int64_t count;

  void operator()() const {
    std::vector<float> copy;
    const float* const from = x.read(copy);
    in_pieces(count, [&](std::int64_t begin, std::int64_t piece) {
      for (std::int64_t i = begin; i < begin + piece; ++i) to[i] = from[i] * factor;
    });
  }
};

struct GateTask {
  Numbers x, y;
  Gate kind;
  float* to;
  std::int64_t count;

  void operator()() const {
    std::vector<float> copies[2];
    const float* const gate = x.read(copies[0]);
    const float* const up = y.read(copies[1]);
    in_pieces(count, [&](std::int64_t begin, std::int64_t piece) {
      std::copy_n(gate + begin, piece, to + begin);
      gate_numbers(kind, to + begin, up + begin, static_cast<int>(piece));
    });
  }
};

/// Makes the task of evaluated inputs and the memory of the answer.
using TaskOf =
    std::function<std::function<void()>(const std::vector<mx::array>& inputs, float* to)>;

/// An operation whose answer is shaped like its first input.
class Elementwise : public HostOperation {
 public:
  explicit Elementwise(TaskOf task_of) : task_of_(std::move(task_of)) {}

  const char* name() const override { return "Elementwise"; }

  bool is_equivalent(const Primitive& other) const override { return this == &other; }

 private:
  std::function<void()> task(const std::vector<mx::array>& inputs,
                             std::vector<mx::array>& outputs) const override {
    give_memory(outputs[0]);
    if (outputs[0].size() == 0) return {};
    return task_of_(inputs, outputs[0].data<float>());
  }

  TaskOf task_of_;
};

mx::array made(std::vector<mx::array> inputs, TaskOf task_of) {
  const mx::Shape shape = inputs[0].shape();
  return HostOperation::apply(std::make_shared<Elementwise>(std::move(task_of)), {shape},
                              {mx::float32}, std::move(inputs))
      .front();
}

std::int64_t count_of(const mx::array& a) {
  return static_cast<std::int64_t>(a.size());
}

}  // namespace

bool fits_sum(const mx::array& x, const mx::array& y) {
  const bool row = y.ndim() == 1 && x.ndim() > 0 && x.shape(-1) == y.shape(0);
  return x.dtype() == mx::float32 && y.dtype() == mx::float32 && (row || x.shape() == y.shape());
}

mx::array sum(const mx::array& x, const mx::array& y) {
  if (!fits_sum(x, y)) throw std::invalid_argument("[sum] shapes or types do not fit");
  return made({x, y}, [](const std::vector<mx::array>& in, float* to) -> std::function<void()> {
    return SumTask{numbers_of(in[0]), numbers_of(in[1]), to, count_of(in[0]), count_of(in[1])};
  });
}

mx::array scaled(const mx::array& x, float factor) {
  if (x.dtype() != mx::float32) throw std::invalid_argument("[scaled] wants float32");
  return made({x}, [factor](const std::vector<mx::array>& in, float* to) -> std::function<void()> {
    return ScaleTask{numbers_of(in[0]), factor, to, count_of(in[0])};
  });
}

void gate_numbers(Gate kind, float* gate, const float* up, int count) {
  constexpr int kLanes = 16;  // apply_gate takes no others
  const PanelPath& path = panel_path(cpu_path().value());
  const int whole = count / kLanes * kLanes;
  if (whole > 0) path.apply_gate(kind, gate, up, whole);
  if (whole == count) return;
  std::array<float, kLanes> last{};
  std::array<float, kLanes> factors{};
  std::copy(gate + whole, gate + count, last.begin());
  std::copy(up + whole, up + count, factors.begin());
  path.apply_gate(kind, last.data(), factors.data(), kLanes);
  std::copy_n(last.begin(), count - whole, gate + whole);
}

mx::array gated(const mx::array& x, const mx::array& y, Gate kind) {
  if (x.shape() != y.shape() || x.dtype() != mx::float32 || y.dtype() != mx::float32)
    throw std::invalid_argument("[gated] shapes or types do not fit");
  return made({x, y}, [kind](const std::vector<mx::array>& in, float* to) -> std::function<void()> {
    return GateTask{numbers_of(in[0]), numbers_of(in[1]), kind, to, count_of(in[0])};
  });
}

}  // namespace hearth::kernels
