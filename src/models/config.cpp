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

Result<json::object> parse_object(std::string_view text, std::string_view file) {
  auto parsed = base::parse_json(text);
  if (!parsed) return fail(ErrorCode::CorruptData, "{}: {}", file, parsed.error().message);
  if (!parsed->is_object()) return fail(ErrorCode::CorruptData, "{}: must be a JSON object", file);
  return std::move(*parsed).as_object();
}

Result<const Family*> read_model_type(Config& config) {
  Fields fields(config.root, std::string(kFile));
  config.model_type = fields.text("model_type", "");
  TRY(fields.finish());
  if (config.model_type.empty())
    return fail(ErrorCode::CorruptData, "config.json: model_type is missing");
  const Family* family = find_family(config.model_type);
  if (family) return family;
  std::string list;
  for (const std::string& name : supported_model_types()) list += (list.empty() ? "" : ", ") + name;
  return fail(ErrorCode::UnsupportedArgument,
              "config.json: model_type \"{}\" is not supported (supported: {})", config.model_type,
              list);
}

/// A wrapper names the language model it holds: that one's family builds it, where we have it.
Result<const Family*> find_language_model(Config& config, const Family* family) {
  config.text_type = config.model_type;
  const json::value* nested = config.root.if_contains("text_config");
  config.nested = nested && nested->is_object();
  config.object = config.nested ? nested->get_object() : config.root;
  if (!config.nested) return family;
  Fields fields = config.fields();
  const std::string named = fields.text("model_type", config.model_type);
  TRY(fields.finish());
  const Family* own = find_family(named);
  if (own) config.text_type = named;
  return own ? own : family;
}

void read_heads(Fields& fields, Config& config) {
  constexpr Range kHeads{1, 1 << 16};
  config.heads = fields.integer("num_attention_heads", {}, kHeads);
  config.kv_heads = fields.integer("num_key_value_heads", config.heads, kHeads);
  const int dims = std::max(1, config.hidden_size / config.heads);
  config.head_dim = fields.integer("head_dim", dims, kHeads);
  if (config.heads % config.kv_heads != 0)
    fields.fault(
        ErrorCode::CorruptData, "num_key_value_heads",
        fmt::format("{} does not divide num_attention_heads {}", config.kv_heads, config.heads));
  if (config.head_dim % 2 != 0) fields.fault(ErrorCode::CorruptData, "head_dim", "must be even");
  if (!fields.has("head_dim") && config.hidden_size % config.heads != 0)
    fields.fault(ErrorCode::CorruptData, "hidden_size",
                 fmt::format("{} is no multiple of num_attention_heads {}", config.hidden_size,
                             config.heads));
}

/// The norms' epsilon under the names it has.
float read_epsilon(Fields& fields) {
  for (const std::string_view key : {"rms_norm_eps", "norm_eps", "layer_norm_eps",
                                     "layer_norm_epsilon", "norm_epsilon", "layernorm_epsilon"})
    if (fields.has(key)) return static_cast<float>(fields.number(key));
  return 1e-6F;
}

void read_sizes(Fields& fields, Config& config) {
  config.vocab_size = fields.integer("vocab_size");
  config.hidden_size = fields.integer("hidden_size", {}, {1, 1 << 20});
  config.intermediate_size = fields.integer("intermediate_size", {}, {1, 1 << 22});
  config.layers = fields.integer("num_hidden_layers", {}, {1, 4096});
  config.context_length = fields.integer("max_position_embeddings", 2048, {1, 1LL << 30});
  config.norm_epsilon = read_epsilon(fields);
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

Fields Config::fields() const {
  return {object, nested ? "config.json: text_config." : std::string(kFile)};
}

Result<Config> parse_config(std::string_view text, std::string_view generation) {
  Config config;
  config.root = TRY(parse_object(text, "config.json"));
  const Family* wrapper = TRY(read_model_type(config));
  const Family* family = TRY(find_language_model(config, wrapper));
  config.family = family->name();
  if (family->prepare) family->prepare(config.object, config.text_type);

  Fields fields = config.fields();
  Fields root_fields(config.root, std::string(kFile));
  read_sizes(fields, config);
  read_heads(fields, config);
  read_shared(fields, root_fields, config);
  TRY(fields.finish());
  TRY(root_fields.finish());

  TRY(parse_rope(config));
  if (config.rope.kind == nn::RopeSpec::Kind::Yarn)
    config.context_length = std::max(
        config.context_length,
        static_cast<int>(std::min(config.rope.factor * config.rope.original_context, 1e9)));
  config.quantisation = TRY(parse_quantisation(config.root));
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
