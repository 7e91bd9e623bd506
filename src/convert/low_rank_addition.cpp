// Reads the pairs of an adapter and finds the weights that they belong to.
#include "convert/low_rank_addition.h"

#include <exception>
#include <map>
#include <string>
#include <utility>

#include "convert/stamps.h"
#include "models/adapter_config.h"
#include "models/names.h"
#include "models/registry.h"
#include "nn/checkpoint.h"

namespace hearth::convert {

namespace {

constexpr std::string_view kWeight = ".weight";

/// Matrices by the paths that all of a family's layouts share.
using WeightsByPath = std::map<std::string, Weight*, std::less<>>;

class Fusion {
 public:
  Fusion(const models::AdapterConfig& config, const nn::Checkpoint& tensors,
         const models::Family& family, const WeightsByPath& weights)
      : config_(config),
        layout_(config.layout),
        tensors_(tensors),
        family_(family),
        weights_(weights) {}

  /// Plans the pair that the tensor `name` belongs to, where it is the first of the two.
  Result<void> add(const std::string& name) const {
    if (name.ends_with(layout_.up)) return has_partner(name);
    if (!name.ends_with(layout_.down))
      return fail(ErrorCode::UnsupportedArgument,
                  "{}: tensor \"{}\" is no part of a LoRA adapter (supported: *{}, *{})",
                  layout_.file, name, layout_.down, layout_.up);
    const std::string stem = name.substr(0, name.size() - layout_.down.size());
    const std::string path = path_of(stem);
    const auto found = weights_.find(path);
    if (found == weights_.end())
      return fail(ErrorCode::UnsupportedArgument,
                  "{}: tensor \"{}\" adds to \"{}\", which is no matrix of this model",
                  layout_.file, name, path);
    found->second->addition = TRY(read_pair(stem, *found->second));
    return {};
  }

 private:
  std::string path_of(std::string_view stem) const {
    if (stem.starts_with(layout_.prefix)) stem.remove_prefix(layout_.prefix.size());
    std::string path = models::canonical_name(family_, std::string(stem) + std::string(kWeight));
    path.resize(path.size() - kWeight.size());
    return path;
  }

  Result<void> has_partner(const std::string& name) const {
    const std::string down =
        name.substr(0, name.size() - layout_.up.size()) + std::string(layout_.down);
    if (tensors_.tensors().contains(down)) return {};
    return fail(ErrorCode::CorruptData, "{}: tensor \"{}\" stands alone: \"{}\" is missing",
                layout_.file, name, down);
  }

  Result<mx::array> read(const std::string& name) const {
    const mx::array stored = TRY(tensors_.read(name));
    if (stored.ndim() != 2 || !mx::issubdtype(stored.dtype(), mx::floating))
      return fail(ErrorCode::UnsupportedArgument,
                  "{}: tensor \"{}\" is no matrix of floating-point numbers (layers of experts "
                  "cannot be fused)",
                  layout_.file, name);
    return mx::astype(layout_.transposed ? mx::transpose(stored) : stored, mx::float32);
  }

  Result<LowRankAddition> read_pair(const std::string& stem, const Weight& weight) const {
    mx::array down = TRY(read(stem + std::string(layout_.down)));  // [r, K]
    mx::array up = TRY(read(stem + std::string(layout_.up)));      // [N, r]
    const int rank = down.shape(0);
    if (weight.shape.size() != 2 || down.shape(1) != weight.shape[1] ||
        up.shape(0) != weight.shape[0] || up.shape(1) != rank)
      return fail(ErrorCode::CorruptData,
                  "{}: \"{}{}\" makes [{}, {}] and [{}, {}] of rank {}, but the layer is {}; the "
                  "adapter belongs to another model",
                  layout_.file, stem, layout_.down, down.shape(0), down.shape(1), up.shape(0),
                  up.shape(1), rank, nn::shape_text(weight.shape));
    up = mx::multiply(up, mx::array(static_cast<float>(config_.scale_of(rank))));
    down = mx::contiguous(down);
    up = mx::contiguous(up);
    mx::eval(down, up);
    return LowRankAddition{std::move(up), std::move(down)};
  }

  const models::AdapterConfig& config_;
  const models::AdapterLayout& layout_;
  const nn::Checkpoint& tensors_;
  const models::Family& family_;
  const WeightsByPath& weights_;
};

Result<void> plan(const std::filesystem::path& folder, const models::Config& config,
                  std::vector<Weight>& weights) {
  const models::Family& family = *models::find_family(config.family);
  const auto settings = TRY(models::read_adapter_config(folder));
  const auto tensors = TRY(nn::Checkpoint::open_file(folder / settings.layout.file));
  WeightsByPath by_path;
  for (Weight& weight : weights) {
    if (!weight.name.ends_with(kWeight)) continue;
    std::string path = models::canonical_name(family, weight.name);
    path.resize(path.size() - kWeight.size());
    by_path.emplace(std::move(path), &weight);
  }
  const Fusion fusion(settings, tensors, family, by_path);
  for (const auto& [name, tensor] : tensors.tensors()) TRY(fusion.add(name));
  if (tensors.tensors().empty())
    return fail(ErrorCode::CorruptData, "{}: holds no tensors", settings.layout.file);
  return {};
}

}  // namespace

Result<void> plan_fusion(const std::filesystem::path& folder, const models::Config& config,
                         std::vector<Weight>& weights) {
  TRY_IN(fmt::format("adapter {}", name_of(folder)), plan(folder, config, weights));
  return {};
}

}  // namespace hearth::convert
