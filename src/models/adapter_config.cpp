// adapter_config.json of mlx-lm and of PEFT.
#include "models/adapter_config.h"

#include <cmath>
#include <string>

#include "base/json.h"
#include "models/fields.h"
#include "nn/file.h"

namespace hearth::models {

namespace {

constexpr std::uint64_t kLimit = 16'000'000;
constexpr std::string_view kFile = "adapter_config.json: ";

constexpr AdapterLayout kMlx{.file = "adapters.safetensors",
                             .prefix = "",
                             .down = ".lora_a",
                             .up = ".lora_b",
                             .transposed = true};
constexpr AdapterLayout kPeft{.file = "adapter_model.safetensors",
                              .prefix = "base_model.model.",
                              .down = ".lora_A.weight",
                              .up = ".lora_B.weight",
                              .transposed = false};

bool holds_something(const json::value& value) {
  if (const auto* object = value.if_object()) return !object->empty();
  if (const auto* list = value.if_array()) return !list->empty();
  return true;
}

Result<AdapterConfig> read_mlx(const json::object& object) {
  Fields fields(object, std::string(kFile));
  const std::string kind = fields.text("fine_tune_type", "lora");
  if (kind != "lora") fields.unsupported("fine_tune_type", kind, "lora");
  const json::value* parameters = fields.find("lora_parameters");
  if (!parameters || !parameters->is_object())
    fields.fault(ErrorCode::CorruptData, "lora_parameters", "must be an object");
  TRY(fields.finish());
  Fields inner(parameters->get_object(), std::string(kFile) + "lora_parameters.");
  AdapterConfig config{.layout = kMlx, .scale = inner.number("scale")};
  TRY(inner.finish());
  return config;
}

Result<AdapterConfig> read_peft(const json::object& object) {
  Fields fields(object, std::string(kFile));
  const std::string kind = fields.text("peft_type", "");
  if (kind != "LORA") fields.unsupported("peft_type", kind, "LORA");
  for (const std::string_view name : {"use_dora", "fan_in_fan_out", "lora_bias"})
    if (fields.boolean(name, false)) fields.unsupported(name, "true", "false");
  const std::string bias = fields.text("bias", "none");
  if (bias != "none") fields.unsupported("bias", bias, "none");
  for (const std::string_view name : {"modules_to_save", "alpha_pattern"})
    if (const auto* value = fields.find(name); value && holds_something(*value))
      fields.unsupported(name, json::serialize(*value), "an adapter without them");
  AdapterConfig config{.layout = kPeft,
                       .alpha = fields.number("lora_alpha"),
                       .rooted = fields.boolean("use_rslora", false)};
  TRY(fields.finish());
  return config;
}

}  // namespace

double AdapterConfig::scale_of(int rank) const {
  if (alpha == 0.0) return scale;
  return alpha / (rooted ? std::sqrt(static_cast<double>(rank)) : static_cast<double>(rank));
}

Result<AdapterConfig> read_adapter_config(const std::filesystem::path& folder) {
  const nn::File file = TRY(nn::File::open(folder / "adapter_config.json"));
  const std::string text = TRY(file.text(kLimit));
  auto parsed = base::parse_json(text);
  if (!parsed || !parsed->is_object())
    return fail(ErrorCode::CorruptData, "{}{}", kFile,
                parsed ? "must hold a JSON object" : parsed.error().message);
  const json::object& object = parsed->get_object();
  return object.contains("peft_type") ? read_peft(object) : read_mlx(object);
}

}  // namespace hearth::models
