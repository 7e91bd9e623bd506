// Scores, ranks and weighs, token by token.
#include "kernels/expert_choice.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/host_operation.h"
#include "kernels/plane.h"

namespace hearth::kernels {

namespace {

namespace mx = mlx::core;
using Score = ChoiceRules::Score;

constexpr float kNever = -std::numeric_limits<float>::infinity();

void softmax(std::span<float> x) {
  const float top = *std::ranges::max_element(x);
  float sum = 0.0F;
  for (float& value : x) sum += value = std::exp(value - top);
  for (float& value : x) value /= sum;
}

/// One token's choice; keeps its memory from token to token.
class Chooser {
 public:
  Chooser(const ChoiceRules& rules, const float* correction, int experts)
      : rules_(rules),
        correction_(correction),
        scores_(static_cast<std::size_t>(experts)),
        ranked_(scores_.size()),
        order_(scores_.size()) {}

  void choose(const float* logits, std::uint32_t* experts, float* weights) {
    std::copy_n(logits, scores_.size(), scores_.begin());
    if (rules_.score == Score::Softmax) softmax(scores_);
    if (rules_.score == Score::Sigmoid)
      for (float& score : scores_) score = 1.0F / (1.0F + std::exp(-score));
    rank();
    const auto active = static_cast<std::size_t>(rules_.active);
    std::copy_n(order_.begin(), active, experts);
    for (std::size_t a = 0; a < active; ++a) weights[a] = scores_[experts[a]];
    weigh({weights, active});
  }

 private:
  /// The best come first in order_.
  void rank() {
    ranked_ = scores_;
    if (correction_ != nullptr)
      for (std::size_t i = 0; i < ranked_.size(); ++i) ranked_[i] += correction_[i];
    if (rules_.open_groups < rules_.groups) close_groups();
    std::iota(order_.begin(), order_.end(), 0U);
    std::ranges::partial_sort(order_, order_.begin() + rules_.active, better(ranked_));
  }

  void close_groups() {
    const auto groups = static_cast<std::size_t>(rules_.groups);
    const std::size_t members = ranked_.size() / groups;
    const auto of_group = [&](std::size_t group) {
      return std::span(ranked_).subspan(group * members, members);
    };
    worth_.clear();
    for (std::size_t group = 0; group < groups; ++group) worth_.push_back(worth(of_group(group)));
    std::vector<std::uint32_t> groups_order(groups);
    std::iota(groups_order.begin(), groups_order.end(), 0U);
    std::ranges::sort(groups_order, better(worth_));
    for (std::size_t i = static_cast<std::size_t>(rules_.open_groups); i < groups; ++i)
      std::ranges::fill(of_group(groups_order[i]), kNever);
  }

  float worth(std::span<const float> members) const {
    float first = kNever;
    float second = kNever;
    for (const float value : members) {
      second = std::max(second, std::min(first, value));
      first = std::max(first, value);
    }
    return rules_.group_by_two && members.size() > 1 ? first + second : first;
  }

  void weigh(std::span<float> weights) const {
    if (rules_.score == Score::SoftmaxOfPicked) softmax(weights);
    if (rules_.renormalise) {
      const float sum = std::accumulate(weights.begin(), weights.end(), 0.0F);
      for (float& weight : weights) weight /= std::max(sum, rules_.smallest_sum);
    }
    for (float& weight : weights) weight *= rules_.scale;
  }

  /// NaN is worse than everything, so that an order there is.
  static std::function<bool(std::uint32_t, std::uint32_t)> better(
      const std::vector<float>& values) {
    return [&values](std::uint32_t a, std::uint32_t b) {
      const float first = std::isnan(values[a]) ? kNever : values[a];
      const float second = std::isnan(values[b]) ? kNever : values[b];
      return first != second ? first > second : a < b;
    };
  }

  const ChoiceRules& rules_;
  const float* correction_;
  std::vector<float> scores_;
  std::vector<float> ranked_;
  std::vector<float> worth_;
  std::vector<std::uint32_t> order_;
};

struct ChoiceTask {
  ChoiceRules rules;
  Numbers logits;
  Numbers correction;  ///< without data: none
  std::int64_t tokens;
  int experts;
  std::uint32_t* chosen;
  float* weights;

  void operator()() const {
    std::vector<float> copies[2];
    const float* const from = logits.read(copies[0]);
    Chooser chooser(rules, correction.data == nullptr ? nullptr : correction.read(copies[1]),
                    experts);
    for (std::int64_t token = 0; token < tokens; ++token)
      chooser.choose(from + token * experts, chosen + token * rules.active,
                     weights + token * rules.active);
  }
};

class ChooseExperts : public HostOperation {
 public:
  explicit ChooseExperts(const ChoiceRules& rules) : rules_(rules) {}

  const char* name() const override { return "ChooseExperts"; }

  bool is_equivalent(const Primitive& other) const override { return this == &other; }

 private:
  std::function<void()> task(const std::vector<mx::array>& inputs,
                             std::vector<mx::array>& outputs) const override {
    for (mx::array& output : outputs) give_memory(output);
    return ChoiceTask{.rules = rules_,
                      .logits = numbers_of(inputs[0]),
                      .correction = inputs.size() > 1 ? numbers_of(inputs[1]) : Numbers{},
                      .tokens = inputs[0].shape(0),
                      .experts = inputs[0].shape(1),
                      .chosen = outputs[0].data<std::uint32_t>(),
                      .weights = outputs[1].data<float>()};
  }

  ChoiceRules rules_;
};

}  // namespace

ExpertChoice choose_experts(const mx::array& logits, const std::optional<mx::array>& correction,
                            const ChoiceRules& rules) {
  const bool fits =
      logits.ndim() == 2 && logits.dtype() == mx::float32 && rules.active > 0 &&
      rules.active <= logits.shape(1) && rules.groups > 0 && logits.shape(1) % rules.groups == 0 &&
      (!correction ||
       (correction->dtype() == mx::float32 && correction->shape() == mx::Shape{logits.shape(1)}));
  if (!fits) throw std::invalid_argument("[choose_experts] logits and rules do not fit");
  std::vector<mx::array> inputs{logits};
  if (correction) inputs.push_back(*correction);
  const mx::Shape shape{logits.shape(0), rules.active};
  const auto made = HostOperation::apply(std::make_shared<ChooseExperts>(rules), {shape, shape},
                                         {mx::uint32, mx::float32}, std::move(inputs));
  return {made[0], made[1]};
}

}  // namespace hearth::kernels
