// Rows in the order of their experts, three products, and the weighed sums.
#include "kernels/mixture.h"

#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/counters.h"
#include "kernels/elementwise.h"
#include "kernels/expert_multiply.h"
#include "kernels/host_operation.h"

namespace hearth::kernels {

namespace {

namespace mx = mlx::core;

/// Numbers [rows, width], one row after another.
class RowSpace {
 public:
  RowSpace(std::int64_t rows, std::int64_t width)
      : width_(width), numbers_(static_cast<std::size_t>(rows * width)) {}

  float* row(std::int64_t index) { return numbers_.data() + index * width_; }
  std::uint8_t* bytes() { return reinterpret_cast<std::uint8_t*>(numbers_.data()); }
  Plane plane() {
    return {.data = bytes(),
            .rows = static_cast<std::int64_t>(numbers_.size()) / width_,
            .columns = width_,
            .row_stride = width_,
            .column_stride = 1,
            .item = sizeof(float),
            .dtype = mx::float32};
  }

 private:
  std::int64_t width_;
  std::vector<float> numbers_;
};

/// Everything that is computed, by value.
struct MixtureTask {
  Numbers x;
  std::span<const std::uint32_t> chosen;
  const float* weights;
  std::int64_t tokens;
  std::int64_t active;  ///< A
  std::int64_t width;   ///< D
  std::int64_t inner;   ///< F
  int experts;          ///< E
  /// To F. The second one is none where the first one gates by itself.
  Multiply gated, up;
  Multiply down;
  Gate kind;
  float* y;

  void operator()() const;
  void apply_gate(RowSpace& gate, RowSpace& factors) const;
  void add_up(std::span<const std::int64_t> places, RowSpace& answers) const;
};

void MixtureTask::operator()() const {
  count(Operation::ExpertProduct, cpu_path().value());
  const auto by_expert = rows_by_expert(chosen, experts);
  const auto rows = static_cast<std::int64_t>(chosen.size());
  std::vector<std::int64_t> places(chosen.size());  // where a row stands among those in order
  std::vector<float> copy;
  const float* const from = x.read(copy);
  RowSpace sorted(rows, width);
  for (std::int64_t at = 0; at < rows; ++at) {
    const auto index = static_cast<std::size_t>(at);
    const std::int64_t row = by_expert.order.empty() ? at : by_expert.order[index];
    places[static_cast<std::size_t>(row)] = at;
    std::memcpy(sorted.row(at), from + row / active * width,
                static_cast<std::size_t>(width) * sizeof(float));
  }
  RowSpace middle(rows, inner);
  gated(by_expert.groups, sorted.plane(), middle.bytes());
  if (up) {
    RowSpace factors(rows, inner);
    up(by_expert.groups, sorted.plane(), factors.bytes());
    apply_gate(middle, factors);
  }
  down(by_expert.groups, middle.plane(), sorted.bytes());
  add_up(places, sorted);
}

void MixtureTask::apply_gate(RowSpace& gate, RowSpace& factors) const {
  ThreadPool::of_process().run(static_cast<int>(chosen.size()), [&](int row) {
    gate_numbers(kind, gate.row(row), factors.row(row), static_cast<int>(inner));
  });
}

void MixtureTask::add_up(std::span<const std::int64_t> places, RowSpace& answers) const {
  for (std::int64_t token = 0; token < tokens; ++token) {
    float* const sum = y + token * width;
    for (std::int64_t a = 0; a < active; ++a) {
      const std::int64_t row = token * active + a;
      const float* const answer = answers.row(places[static_cast<std::size_t>(row)]);
      const float weight = weights[row];
      for (std::int64_t i = 0; i < width; ++i)
        sum[i] = a == 0 ? weight * answer[i] : sum[i] + weight * answer[i];
    }
  }
}

class Mixture : public HostOperation {
 public:
  explicit Mixture(MixtureWeights weights) : weights_(std::move(weights)) {}

  const char* name() const override { return "Mixture"; }

  bool is_equivalent(const Primitive& other) const override { return this == &other; }

 private:
  /// Inputs: x, what was chosen, its weights, and of plain experts gate, up and down.
  std::function<void()> task(const std::vector<mx::array>& inputs,
                             std::vector<mx::array>& outputs) const override {
    give_memory(outputs[0]);
    if (outputs[0].size() == 0) return {};
    const ExpertPanels* const packed = weights_.gate.panels.get();
    MixtureTask task{
        .x = numbers_of(inputs[0]),
        .chosen = {inputs[1].data<std::uint32_t>(), inputs[1].size()},
        .weights = inputs[2].data<float>(),
        .tokens = inputs[0].shape(0),
        .active = inputs[1].shape(1),
        .width = inputs[0].shape(1),
        .inner = packed != nullptr ? packed->front()->outputs() : inputs[3].shape(1),
        .experts = packed != nullptr ? static_cast<int>(packed->size()) : inputs[3].shape(0),
        .gated = {},
        .up = {},
        .down = {},
        .kind = weights_.kind,
        .y = outputs[0].data<float>()};
    if (packed != nullptr) {
      task.gated = multiply_gated(weights_.gate.panels, weights_.up.panels, weights_.kind);
      task.down = multiply_panels(weights_.down.panels);
    } else {
      task.gated = multiply_plain(inputs[3]);
      task.up = multiply_plain(inputs[4]);
      task.down = multiply_plain(inputs[5]);
    }
    return task;
  }

  MixtureWeights weights_;
};

/// [E, N, K] of either kind; zeros where there is none.
mx::Shape shape_of(const ExpertWeights& weights) {
  if (weights.plain) return weights.plain->shape();
  if (!weights.panels || weights.panels->empty()) return {0, 0, 0};
  const PanelMatrix& first = *weights.panels->front();
  return {static_cast<int>(weights.panels->size()), first.outputs(), first.width()};
}

/// Wrong shapes are our own mistakes: MLX's way of telling is an exception.
void check(const mx::array& x, const MixtureWeights& experts, const mx::array& chosen,
           const mx::array& weights) {
  const mx::Shape gate = shape_of(experts.gate);
  const bool packed = experts.gate.panels != nullptr;
  const bool fits = x.ndim() == 2 && x.dtype() == mx::float32 && chosen.ndim() == 2 &&
                    chosen.shape(0) == x.shape(0) && chosen.shape() == weights.shape() &&
                    chosen.dtype() == mx::uint32 && weights.dtype() == mx::float32 &&
                    gate.size() == 3 && gate[2] == x.shape(1) && shape_of(experts.up) == gate &&
                    shape_of(experts.down) == mx::Shape{gate[0], gate[2], gate[1]} &&
                    packed == (experts.up.panels != nullptr) &&
                    packed == (experts.down.panels != nullptr);
  if (!fits) throw std::invalid_argument("[mixture] activations, choice and experts do not fit");
}

}  // namespace

mx::array mixture(const mx::array& x, const MixtureWeights& experts, const mx::array& chosen,
                  const mx::array& weights) {
  check(x, experts, chosen, weights);
  std::vector<mx::array> inputs{x, in_order(chosen), in_order(weights)};
  for (const ExpertWeights* layer : {&experts.gate, &experts.up, &experts.down})
    if (layer->plain) inputs.push_back(*layer->plain);
  return HostOperation::apply(std::make_shared<Mixture>(experts), {x.shape()}, {mx::float32},
                              std::move(inputs))
      .front();
}

}  // namespace hearth::kernels
