// Config fields by GGUF's keys.
#include "convert/gguf_metadata.h"

#include <algorithm>
#include <utility>

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

/// How many layers follow each other until one sees all, where that is so throughout: 0 where none
/// does, 1 where all do. Nothing for another order.
std::optional<int> pattern_of(const std::vector<int>& windows) {
  for (int length = 0; std::cmp_less_equal(length, windows.size()); ++length) {
    bool fits = true;
    for (int layer = 0; std::cmp_less(layer, windows.size()); ++layer) {
      const bool slides = length == 0 || layer % length < length - 1;
      fits = fits && slides == (windows[static_cast<std::size_t>(layer)] > 0);
    }
    if (fits) return length;
  }
  return {};
}

class FactsWriter {
 public:
  FactsWriter(const gguf::Family& family, const models::Config& config)
      : family_(family), config_(config), gemma_(family.one_in_norms), fields_(config.fields()) {}

  Result<GgufModelFacts> run() {
    TRY(add_sizes());
    TRY(add_rope());
    if (!family_.experts.empty()) TRY(add_experts());
    TRY(gemma_ ? add_gemma() : add_window());
    TRY(fields_.finish());
    return std::move(facts_);
  }

 private:
  Result<void> add_sizes();
  Result<void> add_rope();
  Result<void> add_window();
  Result<void> add_experts();
  Result<void> add_gemma();
  Result<void> add_gemma_caps();
  Result<void> add_gemma_windows();
  void put(std::string_view key, Value value) {
    facts_.metadata[fmt::format("{}.{}", family_.architecture, key)] = std::move(value);
  }

  const gguf::Family& family_;
  const models::Config& config_;
  bool gemma_;
  models::Fields fields_;
  GgufModelFacts facts_;
};

Result<void> FactsWriter::add_sizes() {
  const std::string usual = gemma_ ? "gelu_pytorch_tanh" : "silu";
  if (fields_.text("hidden_act", usual) != usual) return unsupported("hidden_act");
  facts_.metadata["general.architecture"] = Value::text(std::string(family_.architecture));
  put("vocab_size", count(config_.vocab_size));
  put("context_length", count(config_.context_length));
  put("embedding_length", count(config_.hidden_size));
  put("block_count", count(config_.layers));
  put("feed_forward_length", count(config_.intermediate_size));
  put("attention.head_count", count(config_.heads));
  put("attention.head_count_kv", count(config_.kv_heads));
  put("attention.key_length", count(config_.head_dim));
  put("attention.value_length", count(config_.head_dim));
  put("attention.layer_norm_rms_epsilon", real(static_cast<double>(config_.norm_epsilon)));
  return {};
}

Result<void> FactsWriter::add_rope() {
  const nn::RopeSpec& rope = config_.rope;
  const int dims = nn::rope_dims(rope, config_.head_dim);
  if (dims != config_.head_dim) return unsupported("partial_rotary_factor");
  put("rope.freq_base", real(rope.theta));
  put("rope.dimension_count", count(dims));
  const bool yarn = rope.kind == Kind::Yarn;
  if (rope.interleaved || rope.kind == Kind::LongRope || rope.attention_factor ||
      rope.mscale != 0 || rope.mscale_all_dim != 0 || !rope.truncate || (gemma_ && yarn))
    return unsupported("rope_scaling");
  if (rope.kind == Kind::Llama3) {  // a tensor that llama.cpp looks for in this architecture alone
    if (family_.architecture != "llama") return unsupported("rope_scaling");
    facts_.rope_factors = llama3_factors(config_);
  }
  if (rope.kind != Kind::Linear && !yarn) return {};
  put("rope.scaling.type", Value::text(yarn ? "yarn" : "linear"));
  put("rope.scaling.factor", real(rope.factor));
  if (!yarn) return {};
  put("rope.scaling.original_context_length", count(static_cast<int>(rope.original_context)));
  put("rope.scaling.yarn_beta_fast", real(rope.beta_fast));
  put("rope.scaling.yarn_beta_slow", real(rope.beta_slow));
  return {};
}

/// A window that is felt; llama.cpp has none for these families, so that only Mistral's is told.
Result<void> FactsWriter::add_window() {
  const bool has = fields_.has("sliding_window");
  const int window = has ? fields_.integer("sliding_window", 0, {0, 1 << 30}) : 0;
  if (fields_.boolean("use_sliding_window", false)) return unsupported("use_sliding_window");
  for (const std::string& kind : TRY(models::layer_types(config_)))
    if (kind != "full_attention") return unsupported("layer_types");
  const bool told = config_.text_type == "mistral" || config_.text_type == "mixtral";
  if (told && window > 0) put("attention.sliding_window", count(window));
  return {};
}

/// How experts are picked is not told: llama.cpp takes it from the architecture.
Result<void> FactsWriter::add_experts() {
  const bool mixtral = config_.text_type == "mixtral";
  put("expert_count", count(fields_.integer(mixtral ? "num_local_experts" : "num_experts")));
  put("expert_used_count", count(fields_.integer("num_experts_per_tok")));
  if (mixtral) return {};
  put("expert_feed_forward_length", count(fields_.integer("moe_intermediate_size")));
  if (!fields_.boolean("norm_topk_prob", false)) return unsupported("norm_topk_prob");
  return {};
}

Result<void> FactsWriter::add_gemma() {
  if (!family_.sandwich_norms) return {};
  const auto divisor = gguf::score_divisor(family_, config_.layers, config_.head_dim,
                                           config_.hidden_size / config_.heads);
  if (fields_.number("query_pre_attn_scalar") != static_cast<double>(divisor))
    return fail(ErrorCode::UnsupportedArgument,
                "config.json: query_pre_attn_scalar is {}, but llama.cpp takes {} for this model, "
                "and GGUF has no word for it",
                fields_.number("query_pre_attn_scalar"), divisor);
  TRY(add_gemma_caps());
  return add_gemma_windows();
}

Result<void> FactsWriter::add_gemma_caps() {
  const double attention = fields_.number("attn_logit_softcapping", 0.0);
  const double final_cap = fields_.number("final_logit_softcapping", 0.0);
  const bool second = family_.architecture == "gemma2";
  if (second != (attention > 0)) return unsupported("attn_logit_softcapping");
  if (second && final_cap <= 0) return unsupported("final_logit_softcapping");
  if (attention > 0) put("attn_logit_softcapping", real(attention));
  if (final_cap > 0) put("final_logit_softcapping", real(final_cap));
  return {};
}

Result<void> FactsWriter::add_gemma_windows() {
  constexpr int kUsualPattern = 6;
  const bool second = family_.architecture == "gemma2";
  const int told = second ? 2 : fields_.integer("sliding_window_pattern", kUsualPattern, {1, 4096});
  const auto windows =
      TRY(models::sliding_windows(config_, [told](int layer) { return (layer + 1) % told != 0; }));
  const auto pattern = pattern_of(windows);
  if (!pattern || (second && *pattern != 2 && windows.size() > 1))
    return unsupported("layer_types");
  if (const int window = std::ranges::max(windows); window > 0)
    put("attention.sliding_window", count(window));
  if (second) return {};
  put("attention.sliding_window_pattern", count(*pattern));
  double theta = fields_.number("rope_local_base_freq", 10000.0);
  if (config_.local_rope) {
    if (config_.local_rope->kind != Kind::Default || config_.local_rope->partial != 1.0)
      return unsupported("rope_parameters.sliding_attention");
    theta = config_.local_rope->theta;
  }
  put("rope.freq_base_swa", real(theta));
  return {};
}

}  // namespace

Result<GgufModelFacts> gguf_facts(const gguf::Family& family, const models::Config& config) {
  return FactsWriter(family, config).run();
}

}  // namespace hearth::convert
