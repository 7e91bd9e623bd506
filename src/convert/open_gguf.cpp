// Opens a GGUF file as the model that Hugging Face would have.
#include <utility>

#include "base/json.h"
#include "convert/opened_model.h"
#include "convert/pretty_json.h"
#include "gguf/config_json.h"
#include "gguf/model_file.h"
#include "gguf/tokenizer_json.h"

namespace hearth::convert {

namespace {

/// Blocks stay as they are only where nothing else is asked for.
bool keeps_blocks(const Options& options) {
  return options.mode == "affine" && options.bits == 0 && options.group == 0 &&
         options.recipe.empty() && !options.dequantize && !options.requantize;
}

Result<std::vector<float>> rope_factors(const gguf::ModelFile& file) {
  const auto found = file.tensors().find(gguf::kRopeFactors);
  if (found == file.tensors().end()) return std::vector<float>();
  const gguf::TensorInfo& tensor = found->second;
  constexpr std::int64_t kMostPairs = 1 << 16;
  if (tensor.rows() != 1 || tensor.width() > kMostPairs)
    return fail(ErrorCode::CorruptData, "tensor \"{}\" is no short row of factors",
                gguf::kRopeFactors);
  std::vector<float> factors(static_cast<std::size_t>(tensor.width()));
  TRY(file.read_rows(tensor, 0, 1, factors));
  return factors;
}

Result<std::map<std::string, std::string>> tokenizer_texts(const gguf::Metadata& metadata) {
  auto files = TRY(gguf::tokenizer_files(metadata));
  std::map<std::string, std::string> texts;
  texts["tokenizer.json"] = base::write_json(files.tokenizer);
  texts["tokenizer_config.json"] = pretty_json(files.config);
  if (!files.chat_template.empty()) texts["chat_template.jinja"] = std::move(files.chat_template);
  return texts;
}

Result<OpenedModel> open(const Options& options,
                         const std::shared_ptr<const gguf::ModelFile>& file) {
  const gguf::Metadata& metadata = file->metadata();
  const gguf::Family* family = TRY(gguf::find_family(metadata));
  auto files =
      TRY(gguf::config_files(*family, metadata, file->tensors(), TRY(rope_factors(*file))));
  auto texts = TRY(tokenizer_texts(metadata));
  if (!files.generation.empty()) texts["generation_config.json"] = pretty_json(files.generation);
  auto config = TRY(models::parse_config(base::write_json(files.config), ""));
  return OpenedModel{.raw_config = std::move(files.config),
                     .generation = std::move(files.generation),
                     .config = std::move(config),
                     .tensors = SourceTensors::of_gguf(file, keeps_blocks(options)),
                     .files = file->paths(),
                     .gguf = family,
                     .made_files = std::move(texts)};
}

}  // namespace

Result<OpenedModel> open_gguf(const Options& options) {
  const auto file =
      std::make_shared<const gguf::ModelFile>(TRY(gguf::ModelFile::open(options.source)));
  return TRY_IN(file->name(), open(options, file));
}

}  // namespace hearth::convert
