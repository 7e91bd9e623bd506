// Writes the copy so that exchanging a matrix is exchanging a file.
#include "convert/trial_model.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "convert/low_rank_addition.h"
#include "convert/model_files.h"
#include "convert/shard_file.h"
#include "convert/weight_writer.h"
#include "nn/checkpoint.h"

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

constexpr int kHighBits = 8;
constexpr int kUsualGroup = 64;
constexpr std::int64_t kSampled = std::int64_t{1} << 18;  // numbers of a matrix
constexpr std::int64_t kBlocks = 4;                       // in which they lie

Shard shard_of(std::string file) {
  return {.file = std::move(file), .weights = {}, .tensors = {}, .bytes = 0};
}

void add(Shard& shard, std::size_t weight, std::vector<OutTensor> tensors) {
  shard.weights.push_back(weight);
  for (OutTensor& tensor : tensors) {
    shard.bytes += tensor.bytes;
    shard.tensors.push_back(std::move(tensor));
  }
}

/// Mean squared difference from what so many bits make of the numbers.
double rounding_error(const mx::array& numbers, int group, int bits) {
  const auto parts = mx::quantize(numbers, group, bits);
  const mx::array rounded = mx::dequantize(parts[0], parts[1], parts[2], group, bits);
  mx::array error = mx::mean(mx::square(mx::subtract(numbers, rounded)));
  mx::eval(error);
  return static_cast<double>(error.item<float>());
}

}  // namespace

Result<TrialModel> TrialModel::plan(const Options& options, const fs::path& folder) {
  if (is_gguf(options.source))
    return fail(ErrorCode::UnsupportedArgument,
                "a GGUF file cannot be measured; convert it with --bits 16 first, then the result "
                "with --recipe auto");
  TrialModel trial;
  trial.folder_ = folder;
  trial.model_ = TRY(open_model(options.source));
  OpenedModel& model = trial.model_;
  TRY(packing_wish(options, model.config));  // what would be refused later is refused now
  trial.arrangement_ = TRY(arrange(model.tensors, model.config));
  auto& weights = trial.arrangement_.weights;
  if (!options.adapter.empty()) TRY(plan_fusion(options.adapter, model.config, weights));
  Options high = options;
  high.recipe.clear();
  high.layer_bits.clear();
  high.bits = kHighBits;
  trial.packing_ = TRY(PackingPlan::make(high, model.config, weights, model.tensors));
  Shard rest = shard_of("rest.safetensors");
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Treatment& treatment = trial.packing_.at(i);
    if (treatment.kept || treatment.as_before)
      return fail(ErrorCode::InvalidArgument,
                  "it is packed already; --requantize lets the recipe choose anew");
    auto tensors = tensors_of(weights[i], treatment, model.tensors);
    if (!treatment.packing || treatment.own_entry) {
      add(rest, i, std::move(tensors));
      continue;
    }
    trial.shards_.push_back(shard_of(fmt::format("matrix-{:04}.safetensors", i)));
    add(trial.shards_.back(), i, std::move(tensors));
    trial.candidates_.push_back(i);
  }
  if (trial.candidates_.empty())
    return fail(ErrorCode::InvalidArgument,
                "none of its matrices can be packed in groups of {}, so there is nothing to choose",
                options.group == 0 ? kUsualGroup : options.group);
  trial.shards_.push_back(std::move(rest));
  return trial;
}

Treatment TrialModel::with_bits(std::size_t weight, int bits) const {
  Treatment treatment = packing_.at(weight);
  treatment.packing->bits = bits;
  return treatment;
}

std::uint64_t TrialModel::bytes(std::size_t weight, int bits) const {
  std::uint64_t sum = 0;
  for (const OutTensor& tensor :
       tensors_of(arrangement_.weights[weight], with_bits(weight, bits), model_.tensors))
    sum += tensor.bytes;
  return sum;
}

std::uint64_t TrialModel::fixed_bytes() const {
  return shards_.back().bytes;
}

std::int64_t TrialModel::parameters() const {
  std::int64_t sum = 0;
  for (const Weight& weight : arrangement_.weights) sum += weight.elements();
  return sum;
}

Result<void> TrialModel::write_file(const Shard& shard, const Treatment* instead) {
  ShardFile file = TRY(ShardFile::create(folder_ / shard.file));
  TRY(file.append(shard.header()));
  for (const std::size_t weight : shard.weights)
    TRY(write_weight(model_.tensors, arrangement_.weights[weight],
                     instead ? *instead : packing_.at(weight), file,
                     [](std::int64_t) { return true; }));
  TRY(file.finish());
  return {};
}

Result<void> TrialModel::write() {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    return fail(ErrorCode::Io, "cannot make the folder {}: {}", folder_.string(), error.message());
  for (const Shard& shard : shards_) TRY(write_file(shard, nullptr));
  return {};
}

Result<void> TrialModel::write_head(const std::vector<Shard>& shards, json::object setting) const {
  TRY(write_whole(folder_ / "model.safetensors.index.json", index_text(shards, parameters())));
  return write_whole(folder_ / "config.json",
                     config_text(model_.raw_config, model_.generation, std::move(setting)));
}

Result<std::unique_ptr<models::Model>> TrialModel::load_from(const std::vector<Shard>& shards,
                                                             json::object setting) const {
  std::vector<Shard> filled = shards;
  std::erase_if(filled, [](const Shard& shard) { return shard.tensors.empty(); });
  TRY(write_head(filled, std::move(setting)));
  return models::load_model(folder_);
}

Result<std::unique_ptr<models::Model>> TrialModel::load() {
  return load_from(shards_, *packing_.setting(arrangement_.weights));
}

Result<std::unique_ptr<models::Model>> TrialModel::load_with(std::size_t weight, int bits) {
  const Treatment treatment = with_bits(weight, bits);
  const Weight& matrix = arrangement_.weights[weight];
  Shard trial = shard_of("trial.safetensors");
  add(trial, weight, tensors_of(matrix, treatment, model_.tensors));
  TRY(write_file(trial, &treatment));
  std::vector<Shard> shards = shards_;
  const auto place = std::ranges::find(candidates_, weight) - candidates_.begin();
  shards[static_cast<std::size_t>(place)] = trial;
  json::object setting = *packing_.setting(arrangement_.weights);
  setting[matrix.path()] = {{"group_size", treatment.packing->group_size}, {"bits", bits}};
  return load_from(shards, std::move(setting));
}

Result<std::map<int, double>> TrialModel::rounding_errors(std::size_t weight,
                                                          const std::vector<int>& bits) const {
  const Weight& matrix = arrangement_.weights[weight];
  const int group = packing_.at(weight).packing->group_size;
  const auto place = std::ranges::find(candidates_, weight) - candidates_.begin();
  const auto stored =
      TRY(nn::Checkpoint::open_file(folder_ / shards_[static_cast<std::size_t>(place)].file));
  const std::int64_t rows = matrix.rows();
  const std::int64_t width = matrix.width();
  const std::int64_t wanted = std::clamp<std::int64_t>(kSampled / width, 1, rows);
  const std::int64_t blocks = std::min(kBlocks, wanted);
  std::vector<mx::array> parts;
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t count = wanted / blocks;
    const std::int64_t first = (rows - count) * block / std::max<std::int64_t>(1, blocks - 1);
    const auto read = [&](const char* ending, std::int64_t columns) {
      return stored.read_part(matrix.path() + ending, static_cast<std::uint64_t>(first * columns),
                              static_cast<std::uint64_t>(count * columns),
                              static_cast<int>(columns));
    };
    const mx::array codes = TRY(read(".weight", width * kHighBits / 32));
    const mx::array scales = mx::astype(TRY(read(".scales", width / group)), mx::float32);
    const mx::array biases = mx::astype(TRY(read(".biases", width / group)), mx::float32);
    parts.push_back(mx::dequantize(codes, scales, biases, group, kHighBits));
  }
  const mx::array numbers = mx::concatenate(std::move(parts), 0);
  std::map<int, double> errors;
  for (const int each : bits) errors[each] = rounding_error(numbers, group, each);
  return errors;
}

}  // namespace hearth::convert
