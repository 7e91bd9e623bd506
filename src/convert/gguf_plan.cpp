// Names, types, metadata and sizes.
#include "convert/gguf_plan.h"

#include <system_error>
#include <utility>

#include "convert/gguf_metadata.h"
#include "convert/model_files.h"
#include "convert/stamps.h"
#include "gguf/model_file.h"
#include "gguf/quantise.h"
#include "gguf/tokenizer_metadata.h"
#include "nn/file.h"
#include "nn/weights.h"

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kTemplateLimit = 4'000'000;

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
Result<gguf::Metadata> tokenizer_keys(const fs::path& source, std::size_t size) {
  if (!is_gguf(source)) return gguf::tokenizer_metadata(TRY(read_tokenizer(source)), size);
  const auto file = TRY(gguf::ModelFile::open(source));
  gguf::Metadata keys;
  for (const auto& [key, value] : file.metadata())
    if (key.starts_with("tokenizer.")) keys[key] = value;
  return keys;
}

Result<OpenedModel> open_source(const fs::path& source) {
  if (!is_gguf(source)) return open_model(source);
  return open_gguf({.source = source, .target = {}, .dequantize = true});
}

/// Builds the plan step by step.
class Planner {
 public:
  explicit Planner(const GgufOptions& options) : options_(options) {}

  Result<GgufPlan> run() {
    type_ = TRY(find_type(options_.type));
    plan_.model = TRY(open_source(options_.source));
    const OpenedModel& model = plan_.model;
    family_ = gguf::family_of_model_type(model.config.text_type);
    if (!family_)
      return fail(ErrorCode::UnsupportedArgument,
                  "{} cannot be written to GGUF (possible: {}, mistral)", model.config.text_type,
                  gguf::model_type_names());
    plan_.arrangement =
        TRY(model.gguf ? arrange_gguf(plan_.model.tensors, model.config, *model.gguf)
                       : arrange(plan_.model.tensors, model.config));
    if (plan_.arrangement.weights.empty())
      return fail(ErrorCode::CorruptData, "there are no weights in it");
    const gguf::Metadata metadata = TRY(make_metadata());
    for (Weight& weight : plan_.arrangement.weights) TRY(add_weight(weight));
    if (!plan_.rope_factors.empty())
      plan_.tensors.push_back({.name = std::string(gguf::kRopeFactors),
                               .type = gguf::TensorType::F32,
                               .shape = {static_cast<std::int32_t>(plan_.rope_factors.size())}});
    plan_.header = gguf::header_text(metadata, plan_.tensors);
    add_sizes();
    return std::move(plan_);
  }

 private:
  Result<gguf::Metadata> make_metadata();
  Result<void> add_weight(Weight& weight);
  int paired_heads(const std::string& name) const;
  gguf::TensorType type_of(const Weight& weight, const std::string& name);
  void add_sizes();

  const GgufOptions& options_;
  gguf::TensorType type_ = gguf::TensorType::F16;
  const gguf::Family* family_ = nullptr;
  GgufPlan plan_;
};

Result<gguf::Metadata> Planner::make_metadata() {
  const models::Config& config = plan_.model.config;
  GgufModelFacts facts = TRY(gguf_facts(*family_, config));
  plan_.rope_factors = std::move(facts.rope_factors);
  gguf::Metadata metadata = std::move(facts.metadata);
  const auto keys =
      TRY(tokenizer_keys(options_.source, static_cast<std::size_t>(config.vocab_size)));
  metadata.insert(keys.begin(), keys.end());
  metadata["general.name"] = gguf::Value::text(plan_.model.gguf ? options_.source.stem().string()
                                                                : name_of(options_.source));
  metadata["general.file_type"] = gguf::Value::u32(file_type(type_));
  metadata["general.quantization_version"] = gguf::Value::u32(2);
  return metadata;
}

/// Matrices have the type that was asked for. With 4 bits embeddings and head keep 8, since what
/// they lose is never made up for; norms, biases and routers are never rounded.
gguf::TensorType Planner::type_of(const Weight& weight, const std::string& name) {
  if (weight.shape.size() == 1 || name.ends_with(".ffn_gate_inp.weight"))
    return gguf::TensorType::F32;
  const bool outer = name == "token_embd.weight" || name == "output.weight";
  const gguf::TensorType wanted =
      outer && type_ == gguf::TensorType::Q4_0 ? gguf::TensorType::Q8_0 : type_;
  const std::size_t block = gguf::facts_of(wanted).block;
  if (static_cast<std::size_t>(weight.width()) % block == 0) return wanted;
  plan_.summary.plain.push_back(
      {.path = weight.path(),
       .shape = nn::shape_text(weight.shape),
       .reason = fmt::format("{} is not divisible by the blocks' {}; it takes "
                             "16 bits",
                             weight.width(), block),
       .count = 1});
  return gguf::TensorType::F16;
}

int Planner::paired_heads(const std::string& name) const {
  if (!family_->paired_rows) return 0;
  if (name.contains(".attn_q.")) return plan_.model.config.heads;
  return name.contains(".attn_k.") ? plan_.model.config.kv_heads : 0;
}

Result<void> Planner::add_weight(Weight& weight) {
  std::string inner = weight.name;
  constexpr std::string_view kWrapper = "language_model.";
  if (inner.starts_with(kWrapper)) inner.erase(0, kWrapper.size());
  const std::string name = gguf::gguf_name(*family_, inner);
  if (name.empty() || (family_->always_tied && name.starts_with("output.")))
    return fail(ErrorCode::UnsupportedArgument, "tensor \"{}\" has no name in GGUF for {}",
                weight.name, family_->architecture);
  if (family_->one_in_norms && name.ends_with("norm.weight")) weight.added += 1.0F;
  const GgufTreatment treatment{.type = type_of(weight, name), .paired_heads = paired_heads(name)};
  if (treatment.paired_heads > 0 && weight.shape[0] % (2 * treatment.paired_heads) != 0)
    return fail(ErrorCode::CorruptData, "tensor \"{}\" {} does not divide into {} heads",
                weight.name, nn::shape_text(weight.shape), treatment.paired_heads);
  plan_.tensors.push_back(
      {.name = name, .type = treatment.type, .shape = {weight.shape.begin(), weight.shape.end()}});
  plan_.treatments.push_back(treatment);
  if (gguf::facts_of(treatment.type).block > 1) ++plan_.summary.packed;
  plan_.summary.parameters += weight.elements();
  return {};
}

void Planner::add_sizes() {
  constexpr double kBitsInByte = 8.0;
  Summary& summary = plan_.summary;
  summary.how = gguf::facts_of(type_).name;
  summary.files = 1;
  summary.source_bytes = plan_.model.tensors.stored_bytes();
  summary.dropped = plan_.arrangement.dropped;
  std::uint64_t data = 0;
  for (const gguf::PlannedTensor& tensor : plan_.tensors) data += gguf::aligned(tensor.bytes());
  summary.target_bytes = plan_.header.size() + data;
  if (summary.parameters > 0)
    summary.bits_per_weight =
        static_cast<double>(data) * kBitsInByte / static_cast<double>(summary.parameters);
}

}  // namespace

Result<GgufPlan> plan_gguf(const GgufOptions& options) {
  return Planner(options).run();
}

}  // namespace hearth::convert
