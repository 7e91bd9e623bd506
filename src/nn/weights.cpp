// Takes tensors out of a checkpoint and keeps account of them.
#include "nn/weights.h"

#include <algorithm>
#include <utility>

#include "nn/panels.h"
#include "nn/plain_matrix.h"

namespace hearth::nn {

namespace {

constexpr std::string_view kHead = "lm_head";
constexpr std::size_t kNamed = 5;  // how many tensors a message names before it counts the rest

std::string quoted_list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i)
    text += fmt::format("{}\"{}\"", i ? ", " : "", names[i]);
  if (names.size() > kNamed) text += fmt::format(" and {} more", names.size() - kNamed);
  return text;
}

}  // namespace

mx::Shape shape_of(const TensorEntry& entry) {
  return mx::Shape(entry.shape.begin(), entry.shape.end());
}

std::string shape_text(const mx::Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += fmt::format("{}{}", i ? ", " : "", shape[i]);
  return text + "]";
}

mx::array placeholder(const mx::Shape& shape) {
  return mx::zeros(shape);
}

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

void Weights::turn(const std::function<bool(std::string_view)>& stored_turned) {
  for (const auto& [path, name] : names_)
    if (stored_turned(path)) turned_.insert(path);
}

mx::Shape Weights::stored_shape(std::string_view path) const {
  const auto name = names_.find(path);
  if (name == names_.end()) return {};
  return shape_of(checkpoint_.tensors().find(name->second)->second.entry);
}

Linear Weights::linear(const std::string& path, const LinearShape& shape) {
  Matrix weight = prepared_matrix(path, shape.outputs, shape.inputs);
  std::optional<mx::array> bias;
  if (shape.bias) bias = tensor(path + ".bias", {shape.outputs});
  if (path == kHead) return Linear(std::move(weight), std::move(bias));
  auto slots = std::make_shared<LowRankSlots>(adapters_->rows, shape.inputs, shape.outputs);
  adapters_->layers.emplace(path, slots);
  return Linear(std::move(weight), std::move(bias), std::move(slots));
}

Embedding Weights::embedding(const std::string& path, int rows, int width) {
  return Embedding(prepared_matrix(path, rows, width));
}

Norm Weights::norm(const std::string& path, int width, const NormSpec& spec) {
  std::optional<mx::array> weight;
  std::optional<mx::array> bias;
  if (spec.weight) weight = tensor(path + ".weight", {width});
  if (spec.bias) bias = tensor(path + ".bias", {width});
  return {spec, std::move(weight), std::move(bias)};
}

mx::array Weights::tensor(const std::string& path, const mx::Shape& shape) {
  return take_floats(path, shape, Kept::Computed).value_or(placeholder(shape));
}

mx::array Weights::plain_matrix(const std::string& path, const mx::Shape& shape) {
  // A placeholder is small, as matrices are large, and can be halved, as gate and up are.
  return take_floats(path, shape, Kept::Stored).value_or(placeholder(mx::Shape(shape.size(), 2)));
}

mx::array Weights::byte_tensor(const std::string& path, const mx::Shape& shape) {
  auto bytes = take(path, shape);
  if (bytes && bytes->dtype() != mx::uint8) {
    problem_of(path, "must hold bytes (U8)");
    bytes.reset();
  }
  return bytes.value_or(mx::zeros(shape, mx::uint8));
}

std::optional<mx::array> Weights::take_floats(const std::string& path, const mx::Shape& shape,
                                              Kept kept) {
  auto floats = take(path, shape, kept);
  if (!floats || mx::issubdtype(floats->dtype(), mx::floating)) return floats;
  problem_of(path, fmt::format("has dtype {}, but the layer is not packed: floating-point numbers "
                               "were expected",
                               entry(path).entry.dtype));
  return {};
}

std::optional<mx::array> Weights::take(const std::string& path, const mx::Shape& shape, Kept kept) {
  taken_.insert(path);
  if (!has(path)) {
    problem(fmt::format("tensor \"{}\" is missing", path));
    return {};
  }
  if (!expect_shape(path, shape)) return {};
  return read(path, kept);
}

bool Weights::has_shape(std::string_view path, const mx::Shape& shape) const {
  return has(path) && shape_of(entry(std::string(path)).entry) == shape;
}

bool Weights::expect_shape(const std::string& path, const mx::Shape& shape) {
  const mx::Shape stored = shape_of(entry(path).entry);
  mx::Shape expected = shape;
  if (turned_.contains(path)) std::ranges::reverse(expected);
  if (stored == expected) return true;
  problem_of(path, fmt::format("has shape {}, but config.json asks for {}", shape_text(stored),
                               shape_text(expected)));
  return false;
}

std::optional<mx::array> Weights::read(const std::string& path, Kept kept) {
  if (read_error_) return {};
  auto stored = checkpoint_.read(names_.find(path)->second);
  if (!stored) {
    read_error_ = std::move(stored).error();
    return {};
  }
  const bool stays = kept == Kept::Stored && kernels_serve();
  mx::array ready = stays ? *stored : in_compute_dtype(*stored);
  if (turned_.contains(path)) ready = mx::contiguous(mx::transpose(ready));
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

void Weights::problem_of(const std::string& path, std::string_view text) {
  problem(fmt::format("{}: {}", place(path), text));
}

std::string Weights::place(const std::string& path) const {
  const std::string& name = names_.find(path)->second;
  return fmt::format("{}: tensor \"{}\"", checkpoint_.file_name(entry(path)), name);
}

const Checkpoint::Tensor& Weights::entry(const std::string& path) const {
  return checkpoint_.tensors().find(names_.find(path)->second)->second;
}

}  // namespace hearth::nn
