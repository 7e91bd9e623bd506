// The rope's base, stretching and factors, as config.json has them.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "gguf/config_parts.h"
#include "gguf/family.h"

namespace hearth::gguf {

namespace {

constexpr std::string_view kScalingType = ".rope.scaling.type";

class RopeWriter {
 public:
  RopeWriter(const Keys& keys, json::object& config) : keys_(keys), config_(config) {}

  Result<void> run(std::span<const float> factors);

 private:
  Result<void> add_scaling();
  void add_factors(std::span<const float> factors);
  bool is_llama3(std::span<const float> factors, double factor) const;

  const Keys& keys_;
  json::object& config_;
  double theta_ = 10000.0;
};

Result<void> RopeWriter::run(std::span<const float> factors) {
  const auto head_width = config_.at("head_dim").as_int64();
  theta_ = neat(TRY(keys_.number(".rope.freq_base", theta_)));
  config_["rope_theta"] = theta_;
  const auto turned = TRY(keys_.whole(".rope.dimension_count", 2, kMaxSize, head_width));
  if (turned > head_width)
    return fail(ErrorCode::CorruptData, "metadata \"{}\" is {}, but heads have {}",
                keys_.place(".rope.dimension_count"), turned, head_width);
  if (turned != head_width)
    config_["partial_rotary_factor"] =
        static_cast<double>(turned) / static_cast<double>(head_width);
  TRY(add_scaling());
  if (factors.empty()) return {};
  if (std::cmp_not_equal(factors.size(), turned / 2) ||
      !std::ranges::all_of(factors, [](float factor) { return factor > 0 && factor < 1e9F; }))
    return fail(ErrorCode::CorruptData, "tensor \"{}\" does not hold {} factors above 0",
                kRopeFactors, turned / 2);
  if (config_.contains("rope_scaling"))
    return fail(ErrorCode::UnsupportedArgument,
                "tensor \"{}\" and metadata \"{}\" together are not supported", kRopeFactors,
                keys_.place(kScalingType));
  add_factors(factors);
  return {};
}

/// Llama 3's stretching is stored as the factors that it gives; any others are listed one by one.
void RopeWriter::add_factors(std::span<const float> factors) {
  const double factor = neat(std::ranges::max(factors));
  if (is_llama3(factors, factor)) {
    config_["rope_scaling"] = {{"rope_type", "llama3"},
                               {"factor", factor},
                               {"low_freq_factor", 1.0},
                               {"high_freq_factor", 4.0},
                               {"original_max_position_embeddings", 8192}};
    return;
  }
  json::array list;
  for (const float each : factors) list.emplace_back(neat(each));
  const json::value context = config_.at("max_position_embeddings");
  config_["original_max_position_embeddings"] = context;
  config_["rope_scaling"] = {
      {"rope_type", "longrope"}, {"original_max_position_embeddings", context},
      {"factor", 1.0},           {"attention_factor", 1.0},
      {"short_factor", list},    {"long_factor", list}};
}

/// Compares with what Llama 3.1 and its successors say: 1 and 4 of 8192 positions.
bool RopeWriter::is_llama3(std::span<const float> factors, double factor) const {
  constexpr double kContext = 8192.0;
  const auto dims = static_cast<double>(2 * factors.size());
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const double length =
        2.0 * std::numbers::pi * std::pow(theta_, 2.0 * static_cast<double>(i) / dims);
    double expected = 1.0;
    if (length > kContext) {
      expected = factor;
    } else if (length >= kContext / 4.0) {
      const double smooth = (kContext / length - 1.0) / 3.0;
      expected = 1.0 / ((1.0 - smooth) / factor + smooth);
    }
    if (std::abs(factors[i] - expected) > 1e-4 * expected) return false;
  }
  return true;
}

Result<void> RopeWriter::add_scaling() {
  const std::string type = TRY(keys_.text(kScalingType, "none"));
  if (type == "none") return {};
  const double factor = neat(TRY(keys_.number(".rope.scaling.factor")));
  if (type == "linear") {
    config_["rope_scaling"] = {{"rope_type", "linear"}, {"factor", factor}};
    return {};
  }
  if (type != "yarn")
    return fail(ErrorCode::UnsupportedArgument,
                "metadata \"{}\" is \"{}\" (supported: none, linear, yarn)",
                keys_.place(kScalingType), type);
  const auto context = TRY(keys_.whole(".rope.scaling.original_context_length", 1, kMaxContext));
  json::object scaling{
      {"rope_type", "yarn"}, {"factor", factor}, {"original_max_position_embeddings", context}};
  for (const auto& [key, name] : {std::pair(".rope.scaling.yarn_beta_fast", "beta_fast"),
                                  std::pair(".rope.scaling.yarn_beta_slow", "beta_slow")})
    if (keys_.has(key)) scaling[name] = neat(TRY(keys_.number(key)));
  config_["rope_scaling"] = std::move(scaling);
  return {};
}

}  // namespace

Result<void> add_rope(const Keys& keys, std::span<const float> factors, json::object& config) {
  return RopeWriter(keys, config).run(factors);
}

}  // namespace hearth::gguf
