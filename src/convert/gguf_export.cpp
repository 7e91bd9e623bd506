// Plans a GGUF file and writes it.
#include "convert/gguf_export.h"

#include <algorithm>
#include <exception>
#include <mlx/memory.h>
#include <system_error>
#include <utility>

#include "convert/arrange.h"
#include "convert/gguf_metadata.h"
#include "convert/gguf_writer.h"
#include "convert/model_files.h"
#include "convert/opened_model.h"
#include "convert/target_folder.h"
#include "gguf/header_text.h"
#include "gguf/model_file.h"
#include "gguf/quantise.h"
#include "gguf/tokenizer_metadata.h"
#include "nn/file.h"
#include "nn/weights.h"
#include "platform/machine.h"

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMlxCacheBytes = std::size_t{64} << 20U;
constexpr std::uint64_t kTemplateLimit = 4'000'000;

std::string doing(const GgufOptions& options) {
  return fmt::format("convert {} to GGUF", options.source.filename().string());
}

Result<gguf::TensorType> find_type(const std::string& name) {
  const gguf::TypeFacts* facts = gguf::find_type(name);
  if (facts && gguf::can_quantise(facts->type)) return facts->type;
  return fail(ErrorCode::UnsupportedArgument,
              "there is no type \"{}\" (there are f32, f16, bf16, q8_0, q4_0)", name);
}

/// The number that llama.cpp has for files of mostly this kind.
std::uint32_t file_type(gguf::TensorType type) {
  switch (type) {
    case gguf::TensorType::F32:
      return 0;
    case gguf::TensorType::Q4_0:
      return 2;
    case gguf::TensorType::Q8_0:
      return 7;
    case gguf::TensorType::BF16:
      return 32;
    default:
      return 1;
  }
}

Result<gguf::TokenizerFiles> read_tokenizer(const fs::path& folder) {
  gguf::TokenizerFiles files;
  files.tokenizer = TRY(read_json_object(folder / "tokenizer.json"));
  std::error_code ignored;
  if (fs::exists(folder / "tokenizer_config.json", ignored))
    files.config = TRY(read_json_object(folder / "tokenizer_config.json"));
  if (const json::value* text = files.config.if_contains("chat_template");
      text && text->is_string())
    files.chat_template = std::string(text->get_string());
  if (fs::exists(folder / "chat_template.jinja", ignored))
    files.chat_template =
        TRY(TRY(nn::File::open(folder / "chat_template.jinja")).text(kTemplateLimit));
  return files;
}

/// Of a GGUF file the tokenizer's keys as they are, else what the folder's files say.
Result<gguf::Metadata> tokenizer_keys(const GgufOptions& options, std::size_t size) {
  if (!is_gguf(options.source))
    return gguf::tokenizer_metadata(TRY(read_tokenizer(options.source)), size);
  const auto file = TRY(gguf::ModelFile::open(options.source));
  gguf::Metadata keys;
  for (const auto& [key, value] : file.metadata())
    if (key.starts_with("tokenizer.")) keys[key] = value;
  return keys;
}

Result<OpenedModel> open_source(const fs::path& source) {
  if (!is_gguf(source)) return open_model(source);
  return open_gguf({.source = source, .target = {}, .dequantize = true});
}

}  // namespace

struct GgufExport::Parts {
  GgufOptions options;
  gguf::TensorType type = gguf::TensorType::F16;
  OpenedModel model;
  const gguf::Family* family = nullptr;
  Arrangement arrangement;
  gguf::Metadata metadata;
  std::vector<float> rope_factors;
  std::vector<gguf::PlannedTensor> tensors;  // as the weights are ordered, rope factors last
  std::vector<GgufTreatment> treatments;
  std::string header;
  Summary summary;

  Result<void> plan();
  Result<void> plan_weight(const Weight& weight);
  gguf::TensorType type_of(const Weight& weight, const std::string& name);
  Result<void> plan_metadata();
  void plan_sizes();
  Result<void> check() const;
  Result<void> write(ShardFile& file, const std::function<bool(const Progress&)>& go_on);
  Result<void> write_file(const fs::path& path, const std::function<bool(const Progress&)>& go_on);
};

Result<void> GgufExport::Parts::plan() {
  type = TRY(find_type(options.type));
  model = TRY(open_source(options.source));
  family = gguf::family_of_model_type(model.config.text_type);
  if (!family)
    return fail(ErrorCode::UnsupportedArgument,
                "{} cannot be written to GGUF (possible: llama, mistral, qwen2, qwen3)",
                model.config.text_type);
  arrangement = TRY(model.gguf ? arrange_gguf(model.tensors, model.config, *model.gguf)
                               : arrange(model.tensors, model.config));
  TRY(plan_metadata());
  for (const Weight& weight : arrangement.weights) TRY(plan_weight(weight));
  if (!rope_factors.empty())
    tensors.push_back({.name = std::string(gguf::kRopeFactors),
                       .type = gguf::TensorType::F32,
                       .shape = {static_cast<std::int32_t>(rope_factors.size())}});
  plan_sizes();
  return check();
}

Result<void> GgufExport::Parts::plan_metadata() {
  GgufModelFacts facts = TRY(gguf_facts(*family, model.config));
  metadata = std::move(facts.metadata);
  rope_factors = std::move(facts.rope_factors);
  const auto keys = TRY(tokenizer_keys(options, static_cast<std::size_t>(model.config.vocab_size)));
  metadata.insert(keys.begin(), keys.end());
  const fs::path name = options.source.stem();
  metadata["general.name"] = gguf::Value::text(name.string());
  metadata["general.file_type"] = gguf::Value::u32(file_type(type));
  metadata["general.quantization_version"] = gguf::Value::u32(2);
  return {};
}

/// Matrices have the type that was asked for. With 4 bits embeddings and head keep 8, since what
/// they lose is never made up for.
gguf::TensorType GgufExport::Parts::type_of(const Weight& weight, const std::string& name) {
  if (weight.shape.size() == 1) return gguf::TensorType::F32;
  const bool outer = name == "token_embd.weight" || name == "output.weight";
  const gguf::TensorType wanted =
      outer && type == gguf::TensorType::Q4_0 ? gguf::TensorType::Q8_0 : type;
  const std::size_t block = gguf::facts_of(wanted).block;
  if (static_cast<std::size_t>(weight.width()) % block == 0) return wanted;
  summary.plain.push_back({.path = weight.path(),
                           .shape = nn::shape_text(weight.shape),
                           .reason = fmt::format("{} is not divisible by the blocks' {}; it takes "
                                                 "16 bits",
                                                 weight.width(), block),
                           .count = 1});
  return gguf::TensorType::F16;
}

Result<void> GgufExport::Parts::plan_weight(const Weight& weight) {
  std::string inner = weight.name;
  constexpr std::string_view kWrapper = "language_model.";
  if (inner.starts_with(kWrapper)) inner.erase(0, kWrapper.size());
  const std::string name = gguf::gguf_name(*family, inner);
  if (name.empty())
    return fail(ErrorCode::UnsupportedArgument, "tensor \"{}\" has no name in GGUF for {}",
                weight.name, family->architecture);
  GgufTreatment treatment{.type = type_of(weight, name)};
  if (family->paired_rows && name.contains(".attn_q.")) treatment.paired_heads = model.config.heads;
  if (family->paired_rows && name.contains(".attn_k."))
    treatment.paired_heads = model.config.kv_heads;
  if (treatment.paired_heads > 0 && weight.shape[0] % (2 * treatment.paired_heads) != 0)
    return fail(ErrorCode::CorruptData, "tensor \"{}\" {} does not divide into {} heads",
                weight.name, nn::shape_text(weight.shape), treatment.paired_heads);
  tensors.push_back(
      {.name = name, .type = treatment.type, .shape = {weight.shape.begin(), weight.shape.end()}});
  treatments.push_back(treatment);
  if (weight.shape.size() > 1 && gguf::facts_of(treatment.type).block > 1) ++summary.packed;
  summary.parameters += weight.elements();
  return {};
}

void GgufExport::Parts::plan_sizes() {
  constexpr double kBitsInByte = 8.0;
  header = gguf::header_text(metadata, tensors);
  summary.how = gguf::facts_of(type).name;
  summary.files = 1;
  summary.source_bytes = model.tensors.stored_bytes();
  summary.dropped = arrangement.dropped;
  std::uint64_t data = 0;
  for (const gguf::PlannedTensor& tensor : tensors) data += gguf::aligned(tensor.bytes());
  summary.target_bytes = header.size() + data;
  summary.left_bytes = summary.target_bytes;
  if (summary.parameters > 0)
    summary.bits_per_weight =
        static_cast<double>(data) * kBitsInByte / static_cast<double>(summary.parameters);
  summary.free_bytes =
      platform::free_disk_bytes(TargetFolder::hidden_place(options.target).string());
}

Result<void> GgufExport::Parts::check() const {
  std::error_code error;
  if (arrangement.weights.empty())
    return fail(ErrorCode::CorruptData, "there are no weights in it");
  if (!fs::exists(fs::symlink_status(options.target, error))) return {};
  if (!options.force)
    return fail(ErrorCode::InvalidArgument,
                "{} is there already; --force replaces it, --out names another file",
                options.target.string());
  if (!fs::is_regular_file(options.target, error) ||
      fs::equivalent(options.source, options.target, error))
    return fail(ErrorCode::InvalidArgument, "{} is no file that --force could replace",
                options.target.string());
  return {};
}

Result<void> GgufExport::Parts::write(ShardFile& file,
                                      const std::function<bool(const Progress&)>& go_on) {
  TRY(file.append(header));
  std::int64_t done = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (i < treatments.size()) {
      const Weight& weight = arrangement.weights[i];
      const auto told = [&](std::int64_t numbers) {
        done += numbers;
        return go_on({.numbers = done,
                      .all = summary.parameters,
                      .file = options.target.filename().string(),
                      .tensor = tensors[i].name});
      };
      TRY(write_gguf_weight(model.tensors, weight, treatments[i], file, told));
    } else {
      TRY(file.append(std::as_bytes(std::span(rope_factors))));
    }
    const std::uint64_t bytes = tensors[i].bytes();
    TRY(file.append(std::string(static_cast<std::size_t>(gguf::aligned(bytes) - bytes), '\0')));
  }
  if (file.size() != summary.target_bytes)
    return fail(ErrorCode::Internal, "{} bytes were written, but {} were planned", file.size(),
                summary.target_bytes);
  return {};
}

Result<void> GgufExport::Parts::write_file(const fs::path& path,
                                           const std::function<bool(const Progress&)>& go_on) {
  ShardFile file = TRY(ShardFile::create(path));
  TRY(write(file, go_on));
  TRY(file.finish());
  return {};
}

GgufExport::GgufExport(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
GgufExport::GgufExport(GgufExport&&) noexcept = default;
GgufExport::~GgufExport() = default;

const Summary& GgufExport::summary() const {
  return parts_->summary;
}

Result<GgufExport> GgufExport::make(const GgufOptions& options) {
  try {
    auto parts = std::make_unique<Parts>();
    parts->options = options;
    TRY_IN(doing(options), parts->plan());
    return GgufExport(std::move(parts));
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "{}: {}", doing(options), error.what());
  }
}

Result<void> GgufExport::run(const std::function<bool(const Progress&)>& go_on) {
  Parts& parts = *parts_;
  const std::string what = doing(parts.options);
  if (parts.summary.left_bytes > parts.summary.free_bytes)
    return fail(ErrorCode::Io,
                "{}: it needs {} MB of disk, but there are {} MB free beside {}; make room or name "
                "another place with --out",
                what, parts.summary.left_bytes >> 20U, parts.summary.free_bytes >> 20U,
                parts.options.target.string());
  try {
    mx::set_cache_limit(kMlxCacheBytes);
    const fs::path name = parts.options.target.filename();
    const TargetFolder folder = TRY_IN(what, TargetFolder::open(parts.options.target));
    std::error_code error;
    if (auto done = parts.write_file(folder.hidden() / name, go_on); !done) {
      fs::remove_all(folder.hidden(), error);
      return fail_in(what, std::move(done).error());
    }
    fs::rename(folder.hidden() / name, parts.options.target, error);
    if (error)
      return fail(ErrorCode::Io, "{}: cannot give {} its name: {}", what,
                  parts.options.target.string(), error.message());
    fs::remove_all(folder.hidden(), error);
    return {};
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "{}: {}", what, error.what());
  }
}

}  // namespace hearth::convert
