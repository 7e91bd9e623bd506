// The MLX primitive around norm_rows().
#include "kernels/norm.h"

#include <utility>
#include <vector>

#include "kernels/host_operation.h"
#include "kernels/norm_rows.h"
#include "kernels/plane.h"

namespace hearth::kernels {

namespace {

namespace mx = mlx::core;

/// Which inputs there are: x, then what is added, the weight, the bias.
struct Parts {
  bool centred;
  float epsilon;
  bool added;
  bool weight;
  bool bias;
  friend bool operator==(const Parts&, const Parts&) = default;
};

/// What runs when the graph does.
struct NormTask {
  Parts parts;
  Numbers x, added, weight, bias;
  float* sum;
  float* y;
  std::int64_t rows;
  int width;

  void operator()() const {
    std::vector<float> copies[4];
    const NormRows norm{.centred = parts.centred,
                        .epsilon = parts.epsilon,
                        .weight = weight.read(copies[0]),
                        .bias = bias.read(copies[1]),
                        .width = width};
    norm_rows(
        norm,
        {.x = x.read(copies[2]), .added = added.read(copies[3]), .sum = sum, .y = y, .rows = rows},
        ThreadPool::of_process());
  }
};

/// Inputs: see Parts. Outputs: the sum where something is added, then the norm.
class NormOperation : public HostOperation {
 public:
  explicit NormOperation(Parts parts) : parts_(parts) {}

  const char* name() const override { return "NormRows"; }

  bool is_equivalent(const Primitive& other) const override {
    return parts_ == static_cast<const NormOperation&>(other).parts_;
  }

 private:
  std::function<void()> task(const std::vector<mx::array>& inputs,
                             std::vector<mx::array>& outputs) const override {
    for (mx::array& output : outputs) give_memory(output);
    if (inputs[0].size() == 0) return {};
    std::size_t next = 0;
    const auto input = [&](bool there) { return there ? numbers_of(inputs[next++]) : Numbers{}; };
    return NormTask{.parts = parts_,
                    .x = input(true),
                    .added = input(parts_.added),
                    .weight = input(parts_.weight),
                    .bias = input(parts_.bias),
                    .sum = parts_.added ? outputs.front().data<float>() : nullptr,
                    .y = outputs.back().data<float>(),
                    .rows = static_cast<std::int64_t>(inputs[0].size()) / inputs[0].shape(-1),
                    .width = inputs[0].shape(-1)};
  }

  Parts parts_;
};

std::vector<mx::array> made(const mx::array& x, const std::optional<mx::array>& added,
                            const NormArrays& norm) {
  std::vector<mx::array> inputs{x};
  if (added) inputs.push_back(*added);
  if (norm.weight) inputs.push_back(*norm.weight);
  if (norm.bias) inputs.push_back(*norm.bias);
  const std::size_t count = added ? 2 : 1;
  const Parts parts{norm.centred, norm.epsilon, added.has_value(), norm.weight.has_value(),
                    norm.bias.has_value()};
  return HostOperation::apply(std::make_shared<NormOperation>(parts),
                              std::vector<mx::Shape>(count, x.shape()),
                              std::vector<mx::Dtype>(count, mx::float32), std::move(inputs));
}

}  // namespace

bool fits_norm(const mx::array& x, const NormArrays& norm) {
  const auto row = [&](const std::optional<mx::array>& a) {
    return !a || (a->ndim() == 1 && a->dtype() == mx::float32 && a->shape(0) == x.shape(-1));
  };
  return x.ndim() > 0 && x.dtype() == mx::float32 && row(norm.weight) && row(norm.bias);
}

mx::array norm(const mx::array& x, const NormArrays& norm) {
  return made(x, {}, norm).front();
}

NormedSum norm_of_sum(const mx::array& x, const mx::array& y, const NormArrays& norm) {
  const auto both = made(x, y, norm);
  return {both[0], both[1]};
}

}  // namespace hearth::kernels
