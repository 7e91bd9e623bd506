// Config fields by GGUF's keys.
#include "convert/gguf_metadata.h"

namespace hearth::convert {

namespace {

using gguf::Value;
using Kind = nn::RopeSpec::Kind;

Value count(int number) {
  return Value::u32(static_cast<std::uint32_t>(number));
}

Value real(double number) {
  return Value::f32(static_cast<float>(number));
}

std::unexpected<Error> unsupported(std::string_view field) {
  return fail(ErrorCode::UnsupportedArgument,
              "config.json: {} has a value that cannot be written to GGUF", field);
}

/// By how much llama3 slows each pair down.
std::vector<float> llama3_factors(const models::Config& config) {
  const int dims = nn::rope_dims(config.rope, config.head_dim);
  nn::RopeSpec plain = config.rope;
  plain.kind = Kind::Default;
  const auto usual = nn::rope_frequencies(plain, dims);
  const auto slowed = nn::rope_frequencies(config.rope, dims);
  std::vector<float> factors;
  factors.reserve(usual.size());
  for (std::size_t i = 0; i < usual.size(); ++i) factors.push_back(usual[i] / slowed[i]);
  return factors;
}

Result<void> add_rope(const models::Config& config, const std::string& prefix,
                      GgufModelFacts& facts) {
  const nn::RopeSpec& rope = config.rope;
  gguf::Metadata& metadata = facts.metadata;
  metadata[prefix + "rope.freq_base"] = real(rope.theta);
  metadata[prefix + "rope.dimension_count"] = count(nn::rope_dims(rope, config.head_dim));
  if (rope.interleaved || rope.kind == Kind::LongRope || rope.attention_factor || rope.mscale != 0)
    return unsupported("rope_scaling");
  if (rope.kind == Kind::Llama3) facts.rope_factors = llama3_factors(config);
  if (rope.kind != Kind::Linear && rope.kind != Kind::Yarn) return {};
  const bool yarn = rope.kind == Kind::Yarn;
  metadata[prefix + "rope.scaling.type"] = Value::text(yarn ? "yarn" : "linear");
  metadata[prefix + "rope.scaling.factor"] = real(rope.factor);
  if (!yarn) return {};
  metadata[prefix + "rope.scaling.original_context_length"] =
      count(static_cast<int>(rope.original_context));
  metadata[prefix + "rope.scaling.yarn_beta_fast"] = real(rope.beta_fast);
  metadata[prefix + "rope.scaling.yarn_beta_slow"] = real(rope.beta_slow);
  return {};
}

/// A window that is felt; llama.cpp has none for these families, so that only Mistral's is told.
Result<void> add_window(const models::Config& config, const std::string& prefix,
                        gguf::Metadata& metadata) {
  models::Fields fields = config.fields();
  const bool has = fields.has("sliding_window");
  const int window = has ? fields.integer("sliding_window", 0, {0, 1 << 30}) : 0;
  const bool upper = fields.boolean("use_sliding_window", false);
  TRY(fields.finish());
  if (upper) return unsupported("use_sliding_window");
  for (const std::string& kind : TRY(models::layer_types(config)))
    if (kind != "full_attention") return unsupported("layer_types");
  if (config.text_type == "mistral" && window > 0)
    metadata[prefix + "attention.sliding_window"] = count(window);
  return {};
}

}  // namespace

Result<GgufModelFacts> gguf_facts(const gguf::Family& family, const models::Config& config) {
  if (family.one_in_norms)
    return fail(ErrorCode::UnsupportedArgument,
                "{} cannot be written to GGUF (possible: llama, mistral, qwen2, qwen3)",
                config.text_type);
  models::Fields fields = config.fields();
  const std::string activation = fields.text("hidden_act", "silu");
  TRY(fields.finish());
  if (activation != "silu") return unsupported("hidden_act");
  const std::string prefix = std::string(family.architecture) + ".";
  GgufModelFacts facts;
  facts.metadata = {
      {"general.architecture", Value::text(std::string(family.architecture))},
      {prefix + "vocab_size", count(config.vocab_size)},
      {prefix + "context_length", count(config.context_length)},
      {prefix + "embedding_length", count(config.hidden_size)},
      {prefix + "block_count", count(config.layers)},
      {prefix + "feed_forward_length", count(config.intermediate_size)},
      {prefix + "attention.head_count", count(config.heads)},
      {prefix + "attention.head_count_kv", count(config.kv_heads)},
      {prefix + "attention.key_length", count(config.head_dim)},
      {prefix + "attention.value_length", count(config.head_dim)},
      {prefix + "attention.layer_norm_rms_epsilon", real(static_cast<double>(config.norm_epsilon))},
  };
  TRY(add_rope(config, prefix, facts));
  TRY(add_window(config, prefix, facts.metadata));
  return facts;
}

}  // namespace hearth::convert
