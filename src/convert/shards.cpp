// Sizes and headers of the files to be written.
#include "convert/shards.h"

#include <array>
#include <map>
#include <utility>

#include "convert/pretty_json.h"

namespace hearth::convert {

namespace {

const auto kDtypes = std::to_array<std::pair<std::string_view, mx::Dtype>>({{"F32", mx::float32},
                                                                            {"F16", mx::float16},
                                                                            {"BF16", mx::bfloat16},
                                                                            {"U8", mx::uint8},
                                                                            {"I8", mx::int8},
                                                                            {"U16", mx::uint16},
                                                                            {"I16", mx::int16},
                                                                            {"U32", mx::uint32},
                                                                            {"I32", mx::int32},
                                                                            {"U64", mx::uint64},
                                                                            {"I64", mx::int64},
                                                                            {"BOOL", mx::bool_}});

std::string_view dtype_name(mx::Dtype dtype) {
  for (const auto& [name, known] : kDtypes)
    if (known == dtype) return name;
  return "U8";
}

mx::Dtype dtype_of(std::string_view name) {
  for (const auto& [known, dtype] : kDtypes)
    if (known == name) return dtype;
  return mx::uint8;  // 8-bit floats without scales: bytes
}

OutTensor out_tensor(std::string name, mx::Dtype dtype, mx::Shape shape) {
  OutTensor tensor{.name = std::move(name),
                   .dtype = std::string(dtype_name(dtype)),
                   .shape = std::move(shape),
                   .bytes = dtype.size()};
  for (const int length : tensor.shape) tensor.bytes *= static_cast<std::uint64_t>(length);
  return tensor;
}

mx::Shape with_last(mx::Shape shape, std::int64_t last) {
  shape.back() = static_cast<int>(last);
  return shape;
}

}  // namespace

mx::Dtype kept_dtype(const Weight& weight, const Treatment& treatment,
                     const SourceTensors& source) {
  const StoredTensor& stored = source.at(weight.ranges[0].tensor);
  const auto& tensors = source.checkpoint().tensors();
  const auto stored_dtype = [&](const std::string& name) {
    return dtype_of(tensors.find(name)->second.entry.dtype);
  };
  mx::Dtype dtype = mx::bfloat16;  // what FP8 and formats with scales of bytes become
  if (stored.kind == StoredTensor::Kind::Plain) dtype = stored_dtype(stored.codes);
  if (stored.dtype)
    dtype = *stored.dtype;
  else if (stored.packed() && stored.packing.mode == nn::PackingMode::Affine)
    dtype = stored_dtype(stored.scales);
  return treatment.dtype && mx::issubdtype(dtype, mx::floating) ? *treatment.dtype : dtype;
}

std::vector<OutTensor> tensors_of(const Weight& weight, const Treatment& treatment,
                                  const SourceTensors& source) {
  const mx::Dtype dtype = kept_dtype(weight, treatment, source);
  if (!treatment.packing) return {out_tensor(weight.name, dtype, weight.shape)};
  const nn::Packing& packing = *treatment.packing;
  const bool affine = packing.mode == nn::PackingMode::Affine;
  const std::string path = weight.path();
  const mx::Shape groups = with_last(weight.shape, weight.width() / packing.group_size);
  std::vector<OutTensor> tensors{
      out_tensor(path + ".weight", mx::uint32,
                 with_last(weight.shape, weight.width() * packing.bits / 32)),
      out_tensor(path + ".scales", affine ? dtype : mx::uint8, groups)};
  if (affine) tensors.push_back(out_tensor(path + ".biases", dtype, groups));
  return tensors;
}

std::string Shard::header() const {
  json::object table{{"__metadata__", {{"format", "mlx"}}}};
  std::uint64_t at = 0;
  for (const OutTensor& tensor : tensors) {
    json::array shape;
    for (const int length : tensor.shape) shape.emplace_back(length);
    table[tensor.name] = {
        {"dtype", tensor.dtype}, {"shape", shape}, {"data_offsets", {at, at + tensor.bytes}}};
    at += tensor.bytes;
  }
  std::string text = base::write_json(table);
  constexpr std::size_t kAlignment = 8;
  while (text.size() % kAlignment != 0) text += ' ';
  std::string length;
  for (std::size_t i = 0; i < sizeof(std::uint64_t); ++i)
    length += static_cast<char>(text.size() >> (8 * i) & 0xFFU);
  return length + text;
}

std::vector<Shard> plan_shards(const std::vector<Weight>& weights, const PackingPlan& packing,
                               const SourceTensors& source, std::uint64_t limit) {
  std::vector<Shard> shards(1);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    auto tensors = tensors_of(weights[i], packing.at(i), source);
    std::uint64_t bytes = 0;
    for (const OutTensor& tensor : tensors) bytes += tensor.bytes;
    if (!shards.back().weights.empty() && shards.back().bytes + bytes > limit)
      shards.emplace_back();
    Shard& shard = shards.back();
    shard.weights.push_back(i);
    shard.bytes += bytes;
    for (OutTensor& tensor : tensors) shard.tensors.push_back(std::move(tensor));
  }
  for (std::size_t i = 0; i < shards.size(); ++i)
    shards[i].file = shards.size() == 1
                         ? "model.safetensors"
                         : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
  return shards;
}

std::string index_text(const std::vector<Shard>& shards, std::int64_t parameters) {
  std::uint64_t bytes = 0;
  std::map<std::string, std::string> places;
  for (const Shard& shard : shards) {
    bytes += shard.bytes;
    for (const OutTensor& tensor : shard.tensors) places[tensor.name] = shard.file;
  }
  json::object map;
  for (const auto& [tensor, file] : places) map[tensor] = file;
  return pretty_json(
      json::object{{"metadata", {{"total_size", bytes}, {"total_parameters", parameters}}},
                   {"weight_map", std::move(map)}});
}

}  // namespace hearth::convert
