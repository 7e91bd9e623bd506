// The normaliser in front of every model.
#include "models/config.h"

#include <algorithm>
#include <array>
#include <utility>

#include "models/fields.h"
#include "models/registry.h"
#include "nn/file.h"

namespace hearth::models {

namespace {

constexpr std::uint64_t kConfigLimit = 16'000'000;
constexpr std::string_view kFile = "config.json: ";

/// What transformers assumes where a config is silent.
struct FamilyDefaults {
  std::string_view model_type;
  int head_dim;  // 0: hidden / heads
  int context_length;
};
constexpr auto kDefaults = std::to_array<FamilyDefaults>({
    {"llama", 0, 2048},
    {"mistral", 0, 131072},
    {"qwen2", 0, 32768},
    {"qwen3", 128, 32768},
});
constexpr FamilyDefaults kNoDefaults{"", 0, 2048};

FamilyDefaults defaults_of(std::string_view model_type) {
  const auto* found = std::ranges::find(kDefaults, model_type, &FamilyDefaults::model_type);
  return found == kDefaults.end() ? kNoDefaults : *found;
}

Result<json::object> parse_object(std::string_view text, std::string_view file) {
  auto parsed = base::parse_json(text);
  if (!parsed) return fail(ErrorCode::CorruptData, "{}: {}", file, parsed.error().message);
  if (!parsed->is_object()) return fail(ErrorCode::CorruptData, "{}: must be a JSON object", file);
  return std::move(*parsed).as_object();
}

Result<std::string> read_model_type(const json::object& root) {
  Fields fields(root, std::string(kFile));
  std::string model_type = fields.text("model_type", "");
  TRY(fields.finish());
  if (model_type.empty()) return fail(ErrorCode::CorruptData, "config.json: model_type is missing");
  if (!find_family(model_type)) {
    std::string list;
    for (const std::string& name : supported_model_types())
      list += (list.empty() ? "" : ", ") + name;
    return fail(ErrorCode::UnsupportedArgument,
                "config.json: model_type \"{}\" is not supported (supported: {})", model_type,
                list);
  }
  return model_type;
}

void read_heads(Fields& fields, Config& config) {
  constexpr Range kHeads{1, 1 << 16};
  config.heads = fields.integer("num_attention_heads", {}, kHeads);
  config.kv_heads = fields.integer("num_key_value_heads", config.heads, kHeads);
  const int family = defaults_of(config.model_type).head_dim;
  const int dims = family > 0 ? family : std::max(1, config.hidden_size / config.heads);
  config.head_dim = fields.integer("head_dim", dims, kHeads);
  if (config.heads % config.kv_heads != 0)
    fields.fault(
        ErrorCode::CorruptData, "num_key_value_heads",
        fmt::format("{} does not divide num_attention_heads {}", config.kv_heads, config.heads));
  if (config.head_dim % 2 != 0) fields.fault(ErrorCode::CorruptData, "head_dim", "must be even");
  if (!fields.has("head_dim") && family == 0 && config.hidden_size % config.heads != 0)
    fields.fault(ErrorCode::CorruptData, "hidden_size",
                 fmt::format("{} is no multiple of num_attention_heads {}", config.hidden_size,
                             config.heads));
}

void read_sizes(Fields& fields, Config& config) {
  config.vocab_size = fields.integer("vocab_size");
  config.hidden_size = fields.integer("hidden_size", {}, {1, 1 << 20});
  config.intermediate_size = fields.integer("intermediate_size", {}, {1, 1 << 22});
  config.layers = fields.integer("num_hidden_layers", {}, {1, 4096});
  config.context_length = fields.integer(
      "max_position_embeddings", defaults_of(config.model_type).context_length, {1, 1LL << 30});
  config.norm_epsilon = static_cast<float>(fields.number("rms_norm_eps", 1e-6));
  config.attention_bias = fields.boolean("attention_bias", false);
  config.mlp_bias = fields.boolean("mlp_bias", false);
  const std::string activation = fields.text("hidden_act", "silu");
  if (activation != "silu" && activation != "swish")
    fields.unsupported("hidden_act", activation, "silu");
}

/// What a nested language model may leave to the root: the root's word counts where it is silent.
void read_shared(Fields& fields, Fields& root, Config& config) {
  const auto whose = [&](std::string_view name) -> Fields& {
    return fields.has(name) ? fields : root;
  };
  config.tied_head = whose("tie_word_embeddings").boolean("tie_word_embeddings", false);
  config.eos_ids = whose("eos_token_id").id_list("eos_token_id");
  const std::string_view key = fields.has("dtype") || root.has("dtype") ? "dtype" : "torch_dtype";
  config.dtype = whose(key).text(key, "float32");
  if (config.dtype != "float32" && config.dtype != "float16" && config.dtype != "bfloat16")
    whose(key).unsupported(key, config.dtype, "float32, float16, bfloat16");
}

Result<void> read_generation(std::string_view text, Config& config) {
  if (text.empty()) return {};
  const json::object object = TRY(parse_object(text, "generation_config.json"));
  Fields fields(object, "generation_config.json: ");
  auto ids = fields.id_list("eos_token_id");
  TRY(fields.finish());
  if (!ids.empty()) config.eos_ids = std::move(ids);
  return {};
}

}  // namespace

Result<Config> parse_config(std::string_view text, std::string_view generation) {
  const json::object root = TRY(parse_object(text, "config.json"));
  Config config;
  config.model_type = TRY(read_model_type(root));
  config.family = find_family(config.model_type)->name;
  const json::value* nested = root.if_contains("text_config");
  const bool is_nested = nested && nested->is_object();
  const json::object& object = is_nested ? nested->get_object() : root;

  Fields fields(object, is_nested ? "config.json: text_config." : std::string(kFile));
  Fields root_fields(root, std::string(kFile));
  read_sizes(fields, config);
  read_heads(fields, config);
  read_shared(fields, root_fields, config);
  TRY(fields.finish());
  TRY(root_fields.finish());

  config.rope = TRY(parse_rope(object, config.context_length));
  if (config.rope.kind == nn::RopeSpec::Kind::Yarn)
    config.context_length = std::max(
        config.context_length,
        static_cast<int>(std::min(config.rope.factor * config.rope.original_context, 1e9)));
  config.windows = TRY(parse_windows(object, config.model_type, config.layers));
  config.quantisation = TRY(parse_quantisation(root));
  TRY(read_generation(generation, config));
  return config;
}

Result<Config> read_config(const std::filesystem::path& folder) {
  const nn::File file = TRY(nn::File::open(folder / "config.json"));
  const std::string config = TRY(file.text(kConfigLimit));
  std::string generation;
  if (std::filesystem::exists(folder / "generation_config.json")) {
    const nn::File other = TRY(nn::File::open(folder / "generation_config.json"));
    generation = TRY(other.text(kConfigLimit));
  }
  return parse_config(config, generation);
}

}  // namespace hearth::models
