// Counts, sizes and reasons.
#include "convert/summary.h"

#include <algorithm>
#include <tuple>

#include "nn/weights.h"

namespace hearth::convert {

namespace {

/// A path with `*` for each number.
std::string pattern_of(const std::string& path) {
  std::string pattern;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('.', at), path.size());
    const std::string part = path.substr(at, end - at);
    const bool number = !part.empty() && part.find_first_not_of("0123456789") == part.npos;
    pattern += (pattern.empty() ? "" : ".") + (number ? std::string("*") : part);
    at = end + 1;
  }
  return pattern;
}

std::string how_of(const Options& options, const PackingPlan& packing, std::size_t weights) {
  if (!options.layer_bits.empty()) return "bits by measured sensitivity";
  if (!options.recipe.empty()) return options.recipe;
  if (!options.dequantize && options.bits != kPlainBits)
    for (std::size_t i = 0; i < weights; ++i)
      if (const Treatment& treatment = packing.at(i);
          treatment.packing && !treatment.kept && !treatment.own_entry)
        return nn::text_of(*treatment.packing);
  for (std::size_t i = 0; i < weights; ++i)
    if (packing.at(i).packing) return nn::text_of(*packing.at(i).packing);
  return "plain weights, nothing packed";
}

}  // namespace

std::vector<PlainLayers> plain_layers(const std::vector<Weight>& weights,
                                      const PackingPlan& packing) {
  std::vector<PlainLayers> found;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Treatment& treatment = packing.at(i);
    if (treatment.reason.empty()) continue;
    PlainLayers layers{.path = pattern_of(weights[i].path()),
                       .shape = nn::shape_text(weights[i].shape),
                       .reason = treatment.reason,
                       .count = 1};
    const auto same = [&](const PlainLayers& other) {
      return std::tie(other.path, other.shape, other.reason) ==
             std::tie(layers.path, layers.shape, layers.reason);
    };
    if (const auto at = std::ranges::find_if(found, same); at != found.end())
      ++at->count;
    else
      found.push_back(std::move(layers));
  }
  return found;
}

Summary summarise(const Options& options, const Arrangement& arrangement,
                  const PackingPlan& packing, const std::vector<Shard>& shards,
                  const SourceTensors& source) {
  const std::vector<Weight>& weights = arrangement.weights;
  Summary summary{.how = how_of(options, packing, weights.size()),
                  .source_bytes = source.stored_bytes(),
                  .files = shards.size(),
                  .plain = plain_layers(weights, packing),
                  .dropped = arrangement.dropped};
  if (!options.adapter.empty())
    summary.how += fmt::format(", adapter {} fused in", options.adapter.filename().string());
  for (const Shard& shard : shards) summary.target_bytes += shard.file_bytes();
  std::uint64_t tensor_bytes = 0;
  for (const Shard& shard : shards) tensor_bytes += shard.bytes;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    summary.parameters += weights[i].elements();
    if (packing.at(i).kept)
      ++summary.kept;
    else if (packing.at(i).packing)
      ++summary.packed;
  }
  constexpr double kBitsInByte = 8.0;
  if (summary.parameters > 0)
    summary.bits_per_weight =
        static_cast<double>(tensor_bytes) * kBitsInByte / static_cast<double>(summary.parameters);
  return summary;
}

}  // namespace hearth::convert
