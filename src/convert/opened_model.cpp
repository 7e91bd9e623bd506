// Opens a folder and refuses what cannot be converted.
#include "convert/opened_model.h"

#include <utility>

#include "convert/layout_rules.h"
#include "convert/model_files.h"

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

std::string text_member(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// AutoAWQ's settings, where the model is packed by it.
Result<std::optional<AwqSettings>> awq_settings(const json::object& config) {
  const json::value* found = config.if_contains("quantization_config");
  const json::object* settings = found ? found->if_object() : nullptr;
  if (!settings || text_member(*settings, "quant_method") != "awq") return std::nullopt;
  const auto number = [&](std::string_view key, std::int64_t otherwise) {
    const json::value* value = settings->if_contains(key);
    return value && value->is_int64() ? value->get_int64() : otherwise;
  };
  const std::string version = text_member(*settings, "version");
  if (number("bits", 4) != 4)
    return fail(ErrorCode::UnsupportedArgument,
                "config.json: quantization_config.bits is {}: AWQ is supported with 4 bits",
                number("bits", 4));
  if (!version.empty() && version != "gemm")
    return fail(ErrorCode::UnsupportedArgument,
                "config.json: quantization_config.version is \"{}\": AWQ is supported as \"gemm\"",
                version);
  const std::int64_t group = number("group_size", 128);
  if (!nn::format_of(nn::PackingMode::Affine).allows_group(static_cast<int>(group)))
    return fail(ErrorCode::UnsupportedArgument,
                "config.json: quantization_config.group_size is {} (supported: 32, 64, 128)",
                group);
  return AwqSettings{.group_size = static_cast<int>(group)};
}

Result<models::Config> parse(json::object config, const json::object& generation, bool awq) {
  if (awq) config.erase("quantization_config");  // which no model runs with as it is
  return models::parse_config(base::write_json(config),
                              generation.empty() ? "" : base::write_json(generation));
}

}  // namespace

bool is_gguf(const fs::path& source) {
  std::error_code ignored;
  return source.extension() == ".gguf" && !fs::is_directory(source, ignored);
}

Result<OpenedModel> open_model(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    return fail(ErrorCode::NotFound, "there is no folder \"{}\"", folder.string());
  json::object raw = TRY(read_json_object(folder / "config.json"));
  json::object generation;
  if (fs::exists(folder / "generation_config.json", ignored))
    generation = TRY(read_json_object(folder / "generation_config.json"));
  const auto awq = TRY(awq_settings(raw));
  models::Config config = TRY(parse(raw, generation, awq.has_value()));
  if (const auto reason = refusal(config.text_type); !reason.empty())
    return fail(ErrorCode::UnsupportedArgument, "{} cannot be converted: {}", config.text_type,
                reason);
  SourceTensors tensors = TRY(SourceTensors::open(folder, config.quantisation, awq));
  std::vector<fs::path> files;
  for (const auto& item : fs::directory_iterator(folder, ignored))
    if (item.path().extension() == ".safetensors") files.push_back(item.path());
  return OpenedModel{.raw_config = std::move(raw),
                     .generation = std::move(generation),
                     .config = std::move(config),
                     .tensors = std::move(tensors),
                     .files = std::move(files)};
}

}  // namespace hearth::convert
