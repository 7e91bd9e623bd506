// Sizes, rope, windows and end tokens by key.
#include "gguf/config_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "gguf/keys.h"

namespace hearth::gguf {

namespace {

constexpr std::int64_t kMaxSize = 1 << 22;
constexpr std::int64_t kMaxContext = 1 << 30;

/// The decimal number that was meant by a float32: 1e-05 for 9.99999974737875e-06.
double neat(double stored) {
  const std::string text = fmt::format("{}", static_cast<float>(stored));
  double value = stored;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::isfinite(value) ? value : stored;
}

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
    TRY(rope(rope_factors));
    TRY(windows());
    if (gemma_) TRY(gemma());
    TRY(ends());
    config_["torch_dtype"] = dtype_of(family_, tensors_);
    return ConfigFiles{.config = std::move(config_), .generation = std::move(generation_)};
  }

 private:
  Result<void> check() const;
  Result<void> sizes();
  Result<void> rope(std::span<const float> factors);
  Result<void> rope_scaling();
  void rope_by_factors(std::span<const float> factors);
  bool is_llama3(std::span<const float> factors, double factor) const;
  Result<void> windows();
  Result<void> gemma();
  Result<void> ends();
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
  double theta_ = 10000.0;
  json::object config_;
  json::object generation_;
};

Result<void> ConfigWriter::check() const {
  const auto embedding = tensors_.find("token_embd.weight");
  if (embedding == tensors_.end() || embedding->second.shape.size() != 2)
    return fail(ErrorCode::CorruptData, "tensor \"token_embd.weight\" is missing or no matrix");
  if (TRY(keys_.whole(".expert_count", 0, kMaxSize, 0)) > 0)
    return fail(ErrorCode::UnsupportedArgument,
                "metadata \"{}.expert_count\": mixtures of experts cannot be converted from GGUF",
                family_.architecture);
  return {};
}

Result<void> ConfigWriter::sizes() {
  layers_ = TRY(keys_.whole(".block_count", 1, 4096));
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

Result<void> ConfigWriter::rope(std::span<const float> factors) {
  theta_ = neat(TRY(keys_.number(".rope.freq_base", gemma_ ? 10000.0 : theta_)));
  config_["rope_theta"] = theta_;
  const auto turned = TRY(keys_.whole(".rope.dimension_count", 2, kMaxSize, head_width_));
  if (turned > head_width_)
    return fail(ErrorCode::CorruptData,
                "metadata \"{}.rope.dimension_count\" is {}, but heads have {}",
                family_.architecture, turned, head_width_);
  if (turned != head_width_)
    config_["partial_rotary_factor"] =
        static_cast<double>(turned) / static_cast<double>(head_width_);
  TRY(rope_scaling());
  if (factors.empty()) return {};
  if (std::cmp_not_equal(factors.size(), turned / 2) ||
      !std::ranges::all_of(factors, [](float factor) { return factor > 0 && factor < 1e9F; }))
    return fail(ErrorCode::CorruptData, "tensor \"{}\" does not hold {} factors above 0",
                kRopeFactors, turned / 2);
  if (config_.contains("rope_scaling"))
    return fail(ErrorCode::UnsupportedArgument,
                "tensor \"{}\" and metadata \"{}.rope.scaling.type\" together are not supported",
                kRopeFactors, family_.architecture);
  rope_by_factors(factors);
  return {};
}

/// Llama 3's stretching is stored as the factors that it gives; any others are listed one by one.
void ConfigWriter::rope_by_factors(std::span<const float> factors) {
  const double factor = neat(std::ranges::max(factors));
  if (is_llama3(factors, factor)) {
    config_["rope_scaling"] = {{"rope_type", "llama3"},
                               {"factor", factor},
                               {"low_freq_factor", 1.0},
                               {"high_freq_factor", 4.0},
                               {"original_max_position_embeddings", 8192}};
    return;
  }
  json::array list;
  for (const float each : factors) list.emplace_back(neat(each));
  const json::value context = config_.at("max_position_embeddings");
  config_["original_max_position_embeddings"] = context;
  config_["rope_scaling"] = {
      {"rope_type", "longrope"}, {"original_max_position_embeddings", context},
      {"factor", 1.0},           {"attention_factor", 1.0},
      {"short_factor", list},    {"long_factor", list}};
}

/// Compares with what Llama 3.1 and its successors say: 1 and 4 of 8192 positions.
bool ConfigWriter::is_llama3(std::span<const float> factors, double factor) const {
  constexpr double kContext = 8192.0;
  const auto dims = static_cast<double>(2 * factors.size());
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const double length =
        2.0 * std::numbers::pi * std::pow(theta_, 2.0 * static_cast<double>(i) / dims);
    double expected = 1.0;
    if (length > kContext) {
      expected = factor;
    } else if (length >= kContext / 4.0) {
      const double smooth = (kContext / length - 1.0) / 3.0;
      expected = 1.0 / ((1.0 - smooth) / factor + smooth);
    }
    if (std::abs(factors[i] - expected) > 1e-4 * expected) return false;
  }
  return true;
}

Result<void> ConfigWriter::rope_scaling() {
  const std::string type = TRY(keys_.text(".rope.scaling.type", "none"));
  if (type == "none") return {};
  const double factor = neat(TRY(keys_.number(".rope.scaling.factor")));
  if (type == "linear") {
    config_["rope_scaling"] = {{"rope_type", "linear"}, {"factor", factor}};
    return {};
  }
  if (type != "yarn")
    return fail(ErrorCode::UnsupportedArgument,
                "metadata \"{}.rope.scaling.type\" is \"{}\" (supported: none, linear, yarn)",
                family_.architecture, type);
  const auto context = TRY(keys_.whole(".rope.scaling.original_context_length", 1, kMaxContext));
  json::object scaling{
      {"rope_type", "yarn"}, {"factor", factor}, {"original_max_position_embeddings", context}};
  for (const auto& [key, name] : {std::pair(".rope.scaling.yarn_beta_fast", "beta_fast"),
                                  std::pair(".rope.scaling.yarn_beta_slow", "beta_slow")})
    if (keys_.has(key)) scaling[name] = neat(TRY(keys_.number(key)));
  config_["rope_scaling"] = std::move(scaling);
  return {};
}

Result<void> ConfigWriter::windows() {
  const auto window = TRY(keys_.whole(".attention.sliding_window", 0, kMaxContext, 0));
  const bool felt = window > 0 && window < config_.at("max_position_embeddings").as_int64();
  if (family_.sandwich_norms || (llama_ && felt)) config_["sliding_window"] = window;
  if (llama_ && felt) {  // a Llama with a window in every layer is a Mistral
    config_["model_type"] = "mistral";
    config_["architectures"] = json::array{"MistralForCausalLM"};
  }
  if (family_.sandwich_norms && window == 0)
    return fail(ErrorCode::CorruptData, "metadata \"{}.attention.sliding_window\" is missing",
                family_.architecture);
  if (!felt || llama_ || gemma_) return {};
  return fail(ErrorCode::UnsupportedArgument,
              "metadata \"{}.attention.sliding_window\" is not supported for this architecture",
              family_.architecture);
}

Result<void> ConfigWriter::gemma() {
  config_["hidden_activation"] = "gelu_pytorch_tanh";
  config_["hidden_act"] = "gelu_pytorch_tanh";
  if (!family_.sandwich_norms) return {};
  // The largest of either series has a scale of its own, which GGUF does not tell.
  const bool largest = family_.architecture == "gemma2" ? layers_ == 46 : layers_ == 62;
  config_["query_pre_attn_scalar"] = largest ? width_ / heads_ : head_width_;
  for (const char* cap : {"attn_logit_softcapping", "final_logit_softcapping"}) {
    const std::string key = "." + std::string(cap);
    const bool attention = key.starts_with(".attn");
    if (keys_.has(key))
      config_[cap] = neat(TRY(keys_.number(key)));
    else if (family_.architecture == "gemma2")
      config_[cap] = attention ? 50.0 : 30.0;
  }
  if (family_.architecture != "gemma3") return {};
  config_["sliding_window_pattern"] =
      TRY(keys_.whole(".attention.sliding_window_pattern", 1, kMaxSize, 6));
  config_["rope_local_base_freq"] = neat(TRY(keys_.number(".rope.freq_base_swa", 10000.0)));
  return {};
}

Result<void> ConfigWriter::ends() {
  const auto vocab = config_.at("vocab_size").as_int64();
  const auto token = [&](std::string_view key) -> Result<std::int64_t> {
    const auto id = TRY(keys_.whole(fmt::format("tokenizer.ggml.{}_token_id", key), -1,
                                    std::numeric_limits<std::uint32_t>::max(), -1));
    return id < vocab ? id : -1;  // some writers say so that there is none
  };
  const auto begin = TRY(token("bos"));
  if (begin >= 0) config_["bos_token_id"] = generation_["bos_token_id"] = begin;
  if (const auto pad = TRY(token("padding")); pad >= 0)
    config_["pad_token_id"] = generation_["pad_token_id"] = pad;
  json::array all;
  for (const char* key : {"eos", "eot", "eom"}) {
    const auto id = TRY(token(key));
    if (id >= 0 && std::ranges::find(all, json::value(id)) == all.end()) all.emplace_back(id);
  }
  if (all.empty()) return {};
  config_["eos_token_id"] = all[0];
  generation_["eos_token_id"] = all.size() == 1 ? all[0] : json::value(all);
  return {};
}

}  // namespace

Result<ConfigFiles> config_files(const Family& family, const Metadata& metadata,
                                 const TensorTable& tensors, std::span<const float> rope_factors) {
  return ConfigWriter(family, metadata, tensors).run(rope_factors);
}

}  // namespace hearth::gguf
