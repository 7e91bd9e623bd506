// Sizes, experts and windows by key.
#include "gguf/config_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "gguf/config_parts.h"
#include "gguf/keys.h"

namespace hearth::gguf {

double neat(double stored) {
  const std::string text = fmt::format("{}", static_cast<float>(stored));
  double value = stored;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::isfinite(value) ? value : stored;
}

namespace {

constexpr std::int64_t kMaxExperts = 4096;
constexpr std::int64_t kMaxLayers = 4096;

/// The kind of storage that most numbers of the model's matrices have.
TensorType usual_type(const TensorTable& tensors) {
  std::map<TensorType, std::int64_t> counts;
  for (const auto& [name, tensor] : tensors)
    if (tensor.shape.size() > 1) counts[tensor.type] += tensor.rows() * tensor.width();
  const auto most = std::ranges::max_element(counts, {}, [](const auto& it) { return it.second; });
  return most == counts.end() ? TensorType::F32 : most->first;
}

/// In which the numbers of packed weights lie, so that blocks with one half-precision scale keep
/// their values. Gemma's activations leave half precision's range.
std::string_view dtype_of(const Family& family, const TensorTable& tensors) {
  switch (usual_type(tensors)) {
    case TensorType::F32:
      return "float32";
    case TensorType::F16:
    case TensorType::Q4_0:
    case TensorType::Q4_1:
    case TensorType::Q5_0:
    case TensorType::Q5_1:
    case TensorType::Q8_0:
      return family.architecture.starts_with("gemma") ? "bfloat16" : "float16";
    default:
      return "bfloat16";
  }
}

/// Builds the config member by member.
class ConfigWriter {
 public:
  ConfigWriter(const Family& family, const Metadata& metadata, const TensorTable& tensors)
      : family_(family),
        keys_(metadata, std::string(family.architecture)),
        tensors_(tensors),
        llama_(family.architecture == "llama"),
        gemma_(family.architecture.starts_with("gemma")) {}

  Result<ConfigFiles> run(std::span<const float> rope_factors) {
    TRY(check());
    TRY(sizes());
    if (!family_.experts.empty()) TRY(experts());
    TRY(add_rope(keys_, rope_factors, config_));
    TRY(windows());
    if (gemma_) TRY(gemma());
    TRY(add_ends(keys_, config_, generation_));
    config_["torch_dtype"] = dtype_of(family_, tensors_);
    return ConfigFiles{.config = std::move(config_), .generation = std::move(generation_)};
  }

 private:
  Result<void> check() const;
  Result<void> sizes();
  Result<void> experts();
  Result<void> windows();
  Result<void> gemma();
  Result<void> windows_by_layer();
  bool has(std::string_view tensor) const { return tensors_.contains(tensor); }

  const Family& family_;
  Keys keys_;
  const TensorTable& tensors_;
  bool llama_;
  bool gemma_;
  std::int64_t layers_ = 0;
  std::int64_t width_ = 0;
  std::int64_t heads_ = 1;
  std::int64_t head_width_ = 0;
  json::object config_;
  json::object generation_;
};

Result<void> ConfigWriter::check() const {
  const auto embedding = tensors_.find("token_embd.weight");
  if (embedding == tensors_.end() || embedding->second.shape.size() != 2)
    return fail(ErrorCode::CorruptData, "tensor \"token_embd.weight\" is missing or no matrix");
  return {};
}

/// Counts and widths of experts. How they are picked is the architecture's, not the file's.
Result<void> ConfigWriter::experts() {
  const auto count = TRY(keys_.whole(".expert_count", 1, kMaxExperts));
  const auto used = TRY(keys_.whole(".expert_used_count", 1, count));
  const auto stack = tensors_.find("blk.0.ffn_gate_exps.weight");
  if (stack == tensors_.end() || stack->second.shape.size() != 3 ||
      stack->second.shape.front() != count)
    return fail(ErrorCode::CorruptData,
                "tensor \"blk.0.ffn_gate_exps.weight\" is missing or does not hold {} experts "
                "(files of early 2024 and before keep experts apart: convert the model anew)",
                count);
  if (const auto scale = TRY(keys_.number(".expert_weights_scale", 0.0)); scale != 0 && scale != 1)
    return fail(ErrorCode::UnsupportedArgument,
                "metadata \"{}.expert_weights_scale\" is {}, which is not supported",
                family_.architecture, scale);
  config_["num_experts_per_tok"] = used;
  if (llama_) {
    config_["num_local_experts"] = count;
    return {};
  }
  config_["num_experts"] = count;
  config_["moe_intermediate_size"] = stack->second.shape[1];
  config_["norm_topk_prob"] = true;
  config_["decoder_sparse_step"] = 1;
  config_["mlp_only_layers"] = json::array{};
  return {};
}

Result<void> ConfigWriter::sizes() {
  layers_ = TRY(keys_.whole(".block_count", 1, kMaxLayers));
  width_ = TRY(keys_.whole(".embedding_length", 1, kMaxSize));
  heads_ = TRY(keys_.whole(".attention.head_count", 1, kMaxSize));
  const auto kv_heads = TRY(keys_.whole(".attention.head_count_kv", 1, kMaxSize, heads_));
  const auto usual = std::max<std::int64_t>(1, width_ / heads_);
  head_width_ = TRY(keys_.whole(".attention.key_length", 2, kMaxSize, usual));
  if (TRY(keys_.whole(".attention.value_length", 1, kMaxSize, head_width_)) != head_width_)
    return fail(ErrorCode::UnsupportedArgument,
                "metadata \"{}.attention.value_length\" differs from key_length {}, which is not "
                "supported",
                family_.architecture, head_width_);
  const double epsilon = TRY(keys_.number(".attention.layer_norm_rms_epsilon"));
  config_ = {{"architectures", json::array{family_.class_name}},
             {"model_type", family_.model_type},
             {"vocab_size", tensors_.find("token_embd.weight")->second.rows()},
             {"hidden_size", width_},
             {"intermediate_size", TRY(keys_.whole(".feed_forward_length", 1, kMaxSize))},
             {"num_hidden_layers", layers_},
             {"num_attention_heads", heads_},
             {"num_key_value_heads", kv_heads},
             {"head_dim", head_width_},
             {"max_position_embeddings", TRY(keys_.whole(".context_length", 1, kMaxContext))},
             {"rms_norm_eps", neat(epsilon)},
             {"tie_word_embeddings", !has("output.weight")}};
  if (gemma_) return {};
  config_["hidden_act"] = "silu";
  if (family_.architecture != "qwen2") config_["attention_bias"] = has("blk.0.attn_q.bias");
  if (llama_) config_["mlp_bias"] = has("blk.0.ffn_gate.bias");
  return {};
}

Result<void> ConfigWriter::windows() {
  const auto window = TRY(keys_.whole(".attention.sliding_window", 0, kMaxContext, 0));
  const bool felt = window > 0 && window < config_.at("max_position_embeddings").as_int64();
  if (family_.sandwich_norms && window > 0) {
    config_["sliding_window"] = window;
    return family_.architecture == "gemma3" ? windows_by_layer() : Result<void>();
  }
  if (family_.architecture == "gemma2")
    return fail(ErrorCode::CorruptData, "metadata \"gemma2.attention.sliding_window\" is missing");
  if (family_.architecture == "gemma3") config_["sliding_window_pattern"] = 1;  // none slides
  if (!felt || gemma_) return {};
  if (!llama_)
    return fail(ErrorCode::UnsupportedArgument,
                "metadata \"{}.attention.sliding_window\" is not supported for this architecture",
                family_.architecture);
  config_["sliding_window"] = window;
  if (!family_.experts.empty()) return {};
  config_["model_type"] = "mistral";  // a Llama with a window in every layer
  config_["architectures"] = json::array{"MistralForCausalLM"};
  return {};
}

/// One number, of how many layers the last one sees all (0: none does); or a truth value for each
/// layer.
Result<void> ConfigWriter::windows_by_layer() {
  constexpr std::string_view kPattern = ".attention.sliding_window_pattern";
  std::vector<bool> slides(static_cast<std::size_t>(layers_), true);
  if (auto flags = keys_.truths(kPattern)) {
    if (flags->size() < slides.size())
      return fail(ErrorCode::CorruptData, "metadata \"gemma3{}\" has {} entries for {} layers",
                  kPattern, flags->size(), layers_);
    slides = *std::move(flags);
  } else if (const auto pattern = TRY(keys_.whole(kPattern, 0, kMaxLayers, 6)); pattern > 0) {
    config_["sliding_window_pattern"] = pattern;
    return {};
  }
  json::array kinds;
  for (std::size_t i = 0; std::cmp_less(i, layers_); ++i)
    kinds.emplace_back(slides[i] ? "sliding_attention" : "full_attention");
  config_["layer_types"] = std::move(kinds);
  return {};
}

Result<void> ConfigWriter::gemma() {
  config_["hidden_activation"] = "gelu_pytorch_tanh";
  config_["hidden_act"] = "gelu_pytorch_tanh";
  if (!family_.sandwich_norms) return {};
  config_["query_pre_attn_scalar"] = score_divisor(family_, layers_, head_width_, width_ / heads_);
  if (family_.architecture == "gemma2") {
    config_["attn_logit_softcapping"] = neat(TRY(keys_.number(".attn_logit_softcapping", 50.0)));
    config_["final_logit_softcapping"] = neat(TRY(keys_.number(".final_logit_softcapping", 30.0)));
    return {};
  }
  if (keys_.has(".final_logit_softcapping"))
    config_["final_logit_softcapping"] = neat(TRY(keys_.number(".final_logit_softcapping")));
  config_["rope_local_base_freq"] = neat(TRY(keys_.number(".rope.freq_base_swa", 10000.0)));
  return {};
}

}  // namespace

Result<ConfigFiles> config_files(const Family& family, const Metadata& metadata,
                                 const TensorTable& tensors, std::span<const float> rope_factors) {
  return ConfigWriter(family, metadata, tensors).run(rope_factors);
}

}  // namespace hearth::gguf
