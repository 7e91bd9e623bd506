// Config, weights and tokenizer of the tiny model.
#include "engine/local/testing/tiny_model.h"

#include <cstring>
#include <fstream>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "engine/testing/tiny_tokenizer.h"

namespace hearth::engine::testing {
namespace {

constexpr int kWidth = 64;
constexpr int kLayers = 2;
constexpr int kHeads = 4;
constexpr int kKvHeads = 2;
constexpr int kInner = 128;
constexpr int kTaps = 3;  // of the convolution: it remembers two tokens

/// Weights as a hash of name and index, in [-1/4, 1/4); around 1 for norms.
std::vector<float> weights(std::string_view name, std::size_t count) {
  std::uint32_t hash = 0x811C9DC5U;
  for (const char letter : name) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x01000193U;
  const bool norm = name.find("norm") != std::string_view::npos;
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t z = static_cast<std::uint32_t>(i) * 0x9E3779B1U + hash;
    z = (z ^ z >> 16) * 0x85EBCA6BU;
    z = (z ^ z >> 13) * 0xC2B2AE35U;
    const float unit = static_cast<float>((z ^ z >> 16) >> 8) / 8388608.0F - 1.0F;
    values[i] = norm ? 1.0F + unit / 8 : unit / 4;
  }
  return values;
}

class CheckpointWriter {
 public:
  void add(const std::string& name, const std::vector<int>& shape) {
    std::size_t count = 1;
    for (const int length : shape) count *= static_cast<std::size_t>(length);
    const std::vector<float> values = weights(name, count);
    const std::size_t begin = data_.size();
    data_.resize(begin + count * sizeof(float));
    std::memcpy(data_.data() + begin, values.data(), count * sizeof(float));
    header_[name] = json::object{{"dtype", "F32"},
                                 {"shape", json::value_from(shape)},
                                 {"data_offsets", json::array{begin, data_.size()}}};
  }
  std::string content() const {
    std::string header = json::serialize(header_);
    header.resize((header.size() + 7) / 8 * 8, ' ');
    std::string file;
    for (unsigned shift = 0; shift < 64; shift += 8)
      file.push_back(static_cast<char>(std::uint64_t{header.size()} >> shift & 0xFF));
    return file + header + data_;
  }

 private:
  json::object header_;
  std::string data_;
};

std::string checkpoint() {
  CheckpointWriter file;
  const int head = kWidth / kHeads;
  file.add("model.embed_tokens.weight", {static_cast<int>(kVocabulary), kWidth});
  file.add("model.norm.weight", {kWidth});
  for (int i = 0; i < kLayers; ++i) {
    const std::string layer = "model.layers." + std::to_string(i) + '.';
    file.add(layer + "input_layernorm.weight", {kWidth});
    file.add(layer + "post_attention_layernorm.weight", {kWidth});
    file.add(layer + "self_attn.q_proj.weight", {kHeads * head, kWidth});
    file.add(layer + "self_attn.k_proj.weight", {kKvHeads * head, kWidth});
    file.add(layer + "self_attn.v_proj.weight", {kKvHeads * head, kWidth});
    file.add(layer + "self_attn.o_proj.weight", {kWidth, kHeads * head});
    file.add(layer + "mlp.gate_proj.weight", {kInner, kWidth});
    file.add(layer + "mlp.up_proj.weight", {kInner, kWidth});
    file.add(layer + "mlp.down_proj.weight", {kWidth, kInner});
  }
  return file.content();
}

void add_hybrid_layer(CheckpointWriter& file, const std::string& layer, bool attends) {
  const int head = kWidth / kHeads;
  file.add(layer + "operator_norm.weight", {kWidth});
  file.add(layer + "ffn_norm.weight", {kWidth});
  file.add(layer + "feed_forward.w1.weight", {kInner, kWidth});
  file.add(layer + "feed_forward.w2.weight", {kWidth, kInner});
  file.add(layer + "feed_forward.w3.weight", {kInner, kWidth});
  if (!attends) {
    file.add(layer + "conv.conv.weight", {kWidth, 1, kTaps});
    file.add(layer + "conv.in_proj.weight", {3 * kWidth, kWidth});
    return file.add(layer + "conv.out_proj.weight", {kWidth, kWidth});
  }
  file.add(layer + "self_attn.q_layernorm.weight", {head});
  file.add(layer + "self_attn.k_layernorm.weight", {head});
  file.add(layer + "self_attn.q_proj.weight", {kHeads * head, kWidth});
  file.add(layer + "self_attn.k_proj.weight", {kKvHeads * head, kWidth});
  file.add(layer + "self_attn.v_proj.weight", {kKvHeads * head, kWidth});
  file.add(layer + "self_attn.out_proj.weight", {kWidth, kHeads * head});
}

std::string hybrid_checkpoint() {
  CheckpointWriter file;
  file.add("model.embed_tokens.weight", {static_cast<int>(kVocabulary), kWidth});
  file.add("model.embedding_norm.weight", {kWidth});
  for (int i = 0; i < kLayers; ++i)
    add_hybrid_layer(file, "model.layers." + std::to_string(i) + '.', i == 1);
  return file.content();
}

json::object hybrid_config(std::uint32_t context_length) {
  return {{"architectures", json::array{"Lfm2ForCausalLM"}},
          {"model_type", "lfm2"},
          {"hidden_size", kWidth},
          {"intermediate_size", kInner},
          {"num_hidden_layers", kLayers},
          {"num_attention_heads", kHeads},
          {"num_key_value_heads", kKvHeads},
          {"vocab_size", kVocabulary},
          {"max_position_embeddings", context_length},
          {"norm_eps", 0.00001},
          {"rope_theta", 10000.0},
          {"conv_L_cache", kTaps},
          {"conv_bias", false},
          {"block_ff_dim", kInner},
          {"block_auto_adjust_ff_dim", false},
          {"layer_types", json::array{"conv", "full_attention"}},
          {"tie_embedding", true},
          {"eos_token_id", kEnd},
          {"torch_dtype", "float32"}};
}

json::object config(std::uint32_t context_length) {
  return {{"architectures", json::array{"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"hidden_act", "silu"},
          {"hidden_size", kWidth},
          {"intermediate_size", kInner},
          {"num_hidden_layers", kLayers},
          {"num_attention_heads", kHeads},
          {"num_key_value_heads", kKvHeads},
          {"vocab_size", kVocabulary},
          {"max_position_embeddings", context_length},
          {"rms_norm_eps", 0.00001},
          {"rope_theta", 10000.0},
          {"tie_word_embeddings", true},
          {"eos_token_id", kEnd},
          {"torch_dtype", "float32"}};
}

}  // namespace

TinyModel::TinyModel(std::uint32_t context_length, TinyLayers layers)
    : folder_(std::filesystem::temp_directory_path() / base::random_id("hearth-tiny-", 12)) {
  std::filesystem::create_directories(folder_);
  const bool hybrid = layers == TinyLayers::Hybrid;
  write("config.json",
        base::write_json(hybrid ? hybrid_config(context_length) : config(context_length)));
  write("model.safetensors", hybrid ? hybrid_checkpoint() : checkpoint());
  write("tokenizer.json", tiny_tokenizer_json(TinyTokens::Readable));
  write("tokenizer_config.json", tiny_tokenizer_config());
}

TinyModel::~TinyModel() {
  std::error_code ignored;  // a folder that is gone already is no fault
  std::filesystem::remove_all(folder_, ignored);
}

void TinyModel::write(const std::string& name, const std::string& content) const {
  std::ofstream(folder_ / name, std::ios::binary) << content;
}

}  // namespace hearth::engine::testing
