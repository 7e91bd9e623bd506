// Takes tensors out of a checkpoint and keeps account of them.
#include "nn/weights.h"

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::nn {

namespace {

constexpr std::size_t kNamed = 5;  // how many tensors a message names before it counts the rest
constexpr auto kBits = std::to_array({2, 3, 4, 5, 6, 8});
constexpr auto kGroups = std::to_array({32, 64, 128});

std::string quoted_list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i)
    text += fmt::format("{}\"{}\"", i ? ", " : "", names[i]);
  if (names.size() > kNamed) text += fmt::format(" and {} more", names.size() - kNamed);
  return text;
}

std::string text_of(const mx::Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += fmt::format("{}{}", i ? ", " : "", shape[i]);
  return text + "]";
}

mx::Shape shape_of(const TensorEntry& entry) {
  return mx::Shape(entry.shape.begin(), entry.shape.end());
}

/// Floating-point tensors become float32 where MLX computes on the CPU.
mx::array to_compute_dtype(const mx::array& stored) {
  const bool floating = mx::issubdtype(stored.dtype(), mx::floating);
  return floating && on_cpu() ? mx::astype(stored, mx::float32) : stored;
}

/// Stands for what could not be read, until finish() reports it.
mx::array placeholder(const mx::Shape& shape) {
  return mx::zeros(shape);
}

bool possible(const Packing& packing) {
  return std::ranges::count(kBits, packing.bits) > 0 &&
         std::ranges::count(kGroups, packing.group_size) > 0;
}

}  // namespace

Weights::Weights(const Checkpoint& checkpoint, QuantisationSettings quantisation, Options options)
    : checkpoint_(checkpoint), quantisation_(std::move(quantisation)), options_(options) {
  for (const auto& [name, tensor] : checkpoint.tensors()) names_.emplace(name, name);
}

void Weights::rename(const std::function<std::string(std::string)>& name_map) {
  std::map<std::string, std::string, std::less<>> renamed;
  for (auto& [path, name] : names_) {
    const auto [place, fresh] = renamed.emplace(name_map(path), name);
    if (!fresh)
      problem(fmt::format("tensors \"{}\" and \"{}\" are the same weight", place->second, name));
  }
  names_ = std::move(renamed);
}

void Weights::drop(const std::function<bool(std::string_view)>& unwanted) {
  for (const auto& [path, name] : names_)
    if (unwanted(path)) taken_.insert(path);
}

Linear Weights::linear(const std::string& path, const LinearShape& shape) {
  Matrix weight = matrix(path, shape.outputs, shape.inputs);
  if (!shape.bias) return Linear(std::move(weight));
  const mx::Shape one{shape.outputs};
  return Linear(std::move(weight), take(path + ".bias", one).value_or(placeholder(one)));
}

Embedding Weights::embedding(const std::string& path, int rows, int width) {
  return Embedding(matrix(path, rows, width));
}

Norm Weights::norm(const std::string& path, int width, const NormSpec& spec) {
  std::optional<mx::array> weight;
  std::optional<mx::array> bias;
  if (spec.weight) weight = tensor(path + ".weight", {width});
  if (spec.bias) bias = tensor(path + ".bias", {width});
  return {spec, std::move(weight), std::move(bias)};
}

mx::array Weights::tensor(const std::string& path, const mx::Shape& shape) {
  return take(path, shape).value_or(placeholder(shape));
}

Matrix Weights::matrix(const std::string& path, int rows, int width) {
  if (has(path + ".scales")) return packed_matrix(path, rows, width);
  const mx::Shape shape{rows, width};
  return Matrix(take(path + ".weight", shape).value_or(placeholder({1, 1})));
}

Matrix Weights::packed_matrix(const std::string& path, int rows, int width) {
  Matrix nothing(placeholder({1, 1}));
  const auto packing = packing_of(path, rows, width);
  if (!packing) return nothing;
  const int groups = width / packing->group_size;
  auto codes = take(path + ".weight", {rows, width * packing->bits / 32});
  auto scales = take(path + ".scales", {rows, groups});
  auto biases = take(path + ".biases", {rows, groups});
  if (!codes || !scales || !biases) return nothing;
  if (codes->dtype() != mx::uint32 || !mx::issubdtype(scales->dtype(), mx::floating) ||
      biases->dtype() != scales->dtype()) {
    problem(fmt::format("{}: packed weights must be U32 with floating-point scales and biases",
                        place(path + ".weight")));
    return nothing;
  }
  const PackedMatrix packed{*codes, *scales, *biases, *packing};
  if (!options_.unpack) return Matrix(packed);
  const Matrix plain = Matrix(packed).unpacked();
  mx::array array = plain.rows(mx::arange(rows, mx::int32));
  mx::eval(array);
  bytes_ += array.nbytes() - Matrix(packed).bytes();
  return Matrix(std::move(array));
}

std::optional<Packing> Weights::packing_of(const std::string& path, int rows, int width) {
  const std::string codes_path = path + ".weight";
  const std::string scales_path = path + ".scales";
  taken_.insert({codes_path, scales_path, path + ".biases"});
  if (!has(codes_path)) {
    problem(fmt::format("tensor \"{}\" is missing beside its scales", codes_path));
    return {};
  }
  const auto& codes = entry(codes_path).entry.shape;
  const auto& scales = entry(scales_path).entry.shape;
  if (codes.size() != 2 || scales.size() != 2 || codes[0] != rows || scales[0] != rows ||
      scales[1] == 0 || width % scales[1] != 0 || (std::int64_t{32} * codes[1]) % width != 0) {
    problem(fmt::format("{}: codes {} and scales {} do not make a packed matrix [{}, {}]",
                        place(codes_path), text_of(shape_of(entry(codes_path).entry)),
                        text_of(shape_of(entry(scales_path).entry)), rows, width));
    return {};
  }
  const Packing found{.bits = static_cast<int>(std::int64_t{32} * codes[1] / width),
                      .group_size = width / scales[1]};
  const std::string stored_path = names_.find(codes_path)->second;
  const std::string layer =
      stored_path.substr(0, stored_path.size() - std::string(".weight").size());
  const auto told = quantisation_.at(layer);
  if (told != found || !possible(found)) {
    const std::string expected =
        told ? fmt::format("{} bits in groups of {}", told->bits, told->group_size)
             : "a plain layer";
    problem(fmt::format("{}: is packed in {} bits in groups of {}, but config.json says {}",
                        place(codes_path), found.bits, found.group_size, expected));
    return {};
  }
  return found;
}

std::optional<mx::array> Weights::take(const std::string& path, const mx::Shape& shape) {
  taken_.insert(path);
  if (!has(path)) {
    problem(fmt::format("tensor \"{}\" is missing", path));
    return {};
  }
  if (!has_shape(path, shape)) return {};
  return read(path);
}

bool Weights::has_shape(const std::string& path, const mx::Shape& shape) {
  const mx::Shape stored = shape_of(entry(path).entry);
  if (stored == shape) return true;
  problem(fmt::format("{}: has shape {}, but config.json asks for {}", place(path), text_of(stored),
                      text_of(shape)));
  return false;
}

std::optional<mx::array> Weights::read(const std::string& path) {
  if (read_error_) return {};
  auto stored = checkpoint_.read(names_.find(path)->second);
  if (!stored) {
    read_error_ = std::move(stored).error();
    return {};
  }
  mx::array ready = to_compute_dtype(*stored);
  mx::eval(ready);
  bytes_ += ready.nbytes();
  return ready;
}

Result<void> Weights::finish() {
  if (read_error_) return fail(*std::move(read_error_));
  std::vector<std::string> left_over;
  for (const auto& [path, name] : names_)
    if (!taken_.contains(path)) left_over.push_back(name);
  if (!left_over.empty())
    problem(fmt::format("{} tensors belong to no layer of this model: {}", left_over.size(),
                        quoted_list(left_over)));
  if (problems_.empty()) return {};
  std::string text;
  for (std::size_t i = 0; i < std::min(problems_.size(), kNamed); ++i)
    text += (i ? "; " : "") + problems_[i];
  if (problems_.size() > kNamed)
    text += fmt::format("; and {} more faults", problems_.size() - kNamed);
  return fail(ErrorCode::CorruptData, "weights do not fit config.json: {}", text);
}

void Weights::problem(std::string text) {
  problems_.push_back(std::move(text));
}

std::string Weights::place(const std::string& path) const {
  const std::string& name = names_.find(path)->second;
  return fmt::format("{}: tensor \"{}\"", checkpoint_.file_name(entry(path)), name);
}

const Checkpoint::Tensor& Weights::entry(const std::string& path) const {
  return checkpoint_.tensors().find(names_.find(path)->second)->second;
}

}  // namespace hearth::nn
