// Reading an adapter's tensors and holding them against the model's layers.
#include "models/adapter.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "models/adapter_config.h"
#include "models/names.h"
#include "models/registry.h"
#include "nn/checkpoint.h"

namespace hearth::models {

namespace mx = nn::mx;

namespace {

struct Reader {
  const AdapterConfig& config;
  const nn::Checkpoint& tensors;
  const Family& family;
  const nn::AdapterTargets& targets;
  nn::RowPolicy rows;

  /// The canonical path of the layer that the tensor `name` of ending `ending` adds to.
  std::string layer_of(std::string_view name, std::string_view ending) const {
    name.remove_suffix(ending.size());
    if (name.starts_with(config.layout.prefix)) name.remove_prefix(config.layout.prefix.size());
    std::string path = canonical_name(family, std::string(name) + ".weight");
    path.resize(path.size() - std::string_view(".weight").size());
    return path;
  }

  /// The tensor [rows, columns] in the dtype that is computed in.
  Result<mx::array> read(const std::string& name) const {
    const mx::array stored = TRY(tensors.read(name));
    if (stored.ndim() != 2 || !mx::issubdtype(stored.dtype(), mx::floating))
      return fail(ErrorCode::UnsupportedArgument,
                  "{}: tensor \"{}\" is no matrix of floating-point numbers (layers of experts "
                  "cannot be adapted)",
                  config.layout.file, name);
    const mx::array turned = config.layout.transposed ? mx::transpose(stored) : stored;
    return nn::on_cpu() ? mx::astype(turned, mx::float32) : turned;
  }

  Result<nn::LowRank> read_layer(const std::string& stem, const nn::LowRankSlots& layer) const {
    const std::string down_name = stem + std::string(config.layout.down);
    mx::array down = TRY(read(down_name));                           // [r, K]
    mx::array up = TRY(read(stem + std::string(config.layout.up)));  // [N, r]
    const int rank = down.shape(0);
    if (down.shape(1) != layer.inputs() || up.shape(0) != layer.outputs() || up.shape(1) != rank)
      return fail(ErrorCode::CorruptData,
                  "{}: \"{}\" makes [{}, {}] and [{}, {}] of rank {}, but the layer is [{}, {}]; "
                  "the adapter belongs to another model",
                  config.layout.file, down_name, down.shape(0), down.shape(1), up.shape(0),
                  up.shape(1), rank, layer.outputs(), layer.inputs());
    up = mx::multiply(up, mx::array(static_cast<float>(config.scale_of(rank)), up.dtype()));
    down = mx::contiguous(down);
    up = mx::contiguous(up);
    mx::eval(down, up);
    return nn::LowRank{nn::Matrix(down, rows), nn::Matrix(up, rows), rank};
  }

  /// The second of a layer's two tensors is read with the first.
  Result<void> has_partner(const std::string& name) const {
    const auto stem = name.substr(0, name.size() - config.layout.up.size());
    if (tensors.tensors().contains(stem + std::string(config.layout.down))) return {};
    return fail(ErrorCode::CorruptData, "{}: tensor \"{}\" stands alone: \"{}{}\" is missing",
                config.layout.file, name, stem, config.layout.down);
  }

  /// Adds the layer that the tensor `name` belongs to, where it is the first of the layer's two.
  Result<void> add(const std::string& name, Adapter& adapter) const {
    if (name.ends_with(config.layout.up)) return has_partner(name);
    if (!name.ends_with(config.layout.down))
      return fail(ErrorCode::UnsupportedArgument,
                  "{}: tensor \"{}\" is no part of a LoRA adapter (supported: *{}, *{})",
                  config.layout.file, name, config.layout.down, config.layout.up);
    const std::string path = layer_of(name, config.layout.down);
    const auto target = targets.layers.find(path);
    if (target == targets.layers.end())
      return fail(ErrorCode::UnsupportedArgument,
                  "{}: tensor \"{}\" adds to \"{}\", which is no layer of this model that can be "
                  "adapted",
                  config.layout.file, name, path);
    const std::string stem = name.substr(0, name.size() - config.layout.down.size());
    nn::LowRank layer = TRY(read_layer(stem, *target->second));
    adapter.facts.rank = std::max(adapter.facts.rank, layer.rank);
    adapter.facts.bytes += layer.down.bytes() + layer.up.bytes();
    ++adapter.facts.layers;
    adapter.layers.emplace(path, std::move(layer));
    return {};
  }
};

std::string doing(const std::filesystem::path& folder) {
  return fmt::format("load adapter {}", folder.filename().string());
}

Result<Adapter> read(const std::filesystem::path& folder, std::string_view model_type,
                     const nn::AdapterTargets& targets, nn::RowPolicy rows) {
  const AdapterConfig config = TRY(read_adapter_config(folder));
  const auto tensors = TRY(nn::Checkpoint::open_file(folder / config.layout.file));
  const Reader reader{config, tensors, *find_family(model_type), targets, rows};
  Adapter adapter;
  for (const auto& [name, tensor] : tensors.tensors()) TRY(reader.add(name, adapter));
  if (adapter.layers.empty())
    return fail(ErrorCode::CorruptData, "{}: holds no tensors", config.layout.file);
  return adapter;
}

}  // namespace

Result<Adapter> read_adapter(const std::filesystem::path& folder, std::string_view model_type,
                             const nn::AdapterTargets& targets, nn::RowPolicy rows) {
  try {
    return TRY_IN(doing(folder), read(folder, model_type, targets, rows));
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "{}: {}", doing(folder), error.what());
  }
}

}  // namespace hearth::models
