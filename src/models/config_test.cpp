// What the normaliser reads and what it refuses.
#include "models/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/decoder_spec.h"

namespace hearth::models {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = nn::RopeSpec::Kind;

/// A small valid config with `extra` members laid over it; a null removes a member.
std::string config_with(const std::string& extra) {
  json::object config{{"model_type", "llama"},    {"hidden_size", 64},
                      {"intermediate_size", 128}, {"num_hidden_layers", 4},
                      {"num_attention_heads", 4}, {"num_key_value_heads", 2},
                      {"vocab_size", 256},        {"max_position_embeddings", 512},
                      {"rms_norm_eps", 1e-5},     {"eos_token_id", 2}};
  const auto overlay = base::parse_json("{" + extra + "}");
  EXPECT_TRUE(overlay) << extra;
  for (const auto& member : overlay->as_object()) config[member.key()] = member.value();
  return json::serialize(config);
}

Config parsed(const std::string& extra, const std::string& generation = "") {
  auto config = parse_config(config_with(extra), generation);
  EXPECT_TRUE(config) << config.error().message;
  return config ? *std::move(config) : Config{};
}

TEST(Config, FieldsThatAreAbsentHaveTheirFamilysDefaults) {
  const Config llama = parsed(R"("num_key_value_heads":null,"max_position_embeddings":null)");
  EXPECT_EQ(llama.kv_heads, 4);
  EXPECT_EQ(llama.head_dim, 16);
  EXPECT_EQ(llama.context_length, 2048);
  EXPECT_EQ(llama.rope.theta, 10000.0);
  EXPECT_FALSE(llama.tied_head);
  EXPECT_EQ(parsed(R"("model_type":"qwen3")").head_dim, 128);
}

/// The windows of a family of which every layer slides.
std::vector<int> windows(const std::string& extra) {
  const auto windows = sliding_windows(parsed(extra), [](int) { return true; });
  EXPECT_TRUE(windows) << windows.error().message;
  return windows.value_or(std::vector<int>{});
}

TEST(Config, AModelTypeMayBeBuiltByAnotherFamily) {
  const Config mistral = parsed(R"("model_type":"mistral")");
  EXPECT_EQ(mistral.model_type, "mistral");
  EXPECT_EQ(mistral.family, "llama");
}

TEST(Config, WithoutLayerTypesTheFamilysRuleDecides) {
  EXPECT_THAT(windows(R"("sliding_window":7)"), ElementsAre(7, 7, 7, 7));
  EXPECT_THAT(windows(R"("sliding_window":null)"), ElementsAre(0, 0, 0, 0));
  const auto upper = sliding_windows(parsed(R"("sliding_window":7)"), [](int i) { return i > 2; });
  EXPECT_THAT(*upper, ElementsAre(0, 0, 0, 7));
}

TEST(Config, QwenSlidesFromMaxWindowLayersOnWhereItIsSwitchedOn) {
  const std::string qwen = R"("model_type":"qwen2","sliding_window":9,"max_window_layers":3)";
  EXPECT_THAT(*upper_windows(parsed(qwen)), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(*upper_windows(parsed(qwen + R"(,"use_sliding_window":true)")),
              ElementsAre(0, 0, 0, 9));
}

TEST(Config, LayerTypesWin) {
  const std::string kinds =
      R"("sliding_window":9,"layer_types":["full_attention","sliding_attention",)"
      R"("full_attention","sliding_attention"])";
  EXPECT_THAT(windows(kinds), ElementsAre(0, 9, 0, 9));
}

TEST(Config, RopeInBothDialects) {
  const auto v4 = parsed(R"("rope_theta":500000.0,"rope_scaling":{"type":"llama3","factor":8.0,
      "low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192})")
                      .rope;
  const auto v5 =
      parsed(R"("rope_parameters":{"rope_theta":500000.0,"rope_type":"llama3","factor":8.0,
      "low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192})")
          .rope;
  for (const auto& rope : {v4, v5}) {
    EXPECT_EQ(rope.kind, Kind::Llama3);
    EXPECT_EQ(rope.theta, 500000.0);
    EXPECT_EQ(rope.factor, 8.0);
    EXPECT_EQ(rope.original_context, 8192.0);
  }
  const auto per_kind =
      parsed(R"("rope_parameters":{"full_attention":{"rope_theta":5e5,"rope_type":"default"},
      "sliding_attention":{"rope_theta":5e5,"rope_type":"default"}})")
          .rope;
  EXPECT_EQ(per_kind.theta, 500000.0);
}

TEST(Config, SlidingLayersMayTurnOtherwise) {
  const Config config = parsed(R"("rope_parameters":{"full_attention":{"rope_theta":1e6},
      "sliding_attention":{"rope_theta":1e4}})");
  EXPECT_EQ(config.rope.theta, 1e6);
  ASSERT_TRUE(config.local_rope);
  EXPECT_EQ(config.local_rope->theta, 1e4);
  EXPECT_FALSE(parsed(R"("rope_theta":5e5)").local_rope);
}

TEST(Config, LongRopeTakesItsStretchFromTheContexts) {
  const auto rope = parsed(R"("original_max_position_embeddings":128,"head_dim":8,
      "partial_rotary_factor":0.5,
      "rope_scaling":{"type":"su","short_factor":[1,2],"long_factor":[3,4.5]})")
                        .rope;
  EXPECT_EQ(rope.kind, Kind::LongRope);
  EXPECT_EQ(rope.factor, 4.0);
  EXPECT_EQ(rope.original_context, 128.0);
  EXPECT_THAT(rope.long_factors, ElementsAre(3.0, 4.5));
}

TEST(Config, YarnStretchesTheContext) {
  const Config config = parsed(R"("rope_scaling":{"rope_type":"yarn","factor":4.0,
      "original_max_position_embeddings":512})");
  EXPECT_EQ(config.context_length, 2048);
  EXPECT_EQ(parsed(R"("rope_scaling":{"rope_type":"yarn","factor":4.0})").rope.original_context,
            512);
}

TEST(Config, ANestedLanguageModelInheritsFromTheRoot) {
  const std::string text = R"({"model_type":"llama","tie_word_embeddings":true,"eos_token_id":[5,6],
      "torch_dtype":"bfloat16","text_config":)" +
                           config_with(R"("eos_token_id":null)") + "}";
  const auto config = parse_config(text, "");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->hidden_size, 64);
  EXPECT_TRUE(config->tied_head);
  EXPECT_EQ(config->dtype, "bfloat16");
  EXPECT_THAT(config->eos_ids, ElementsAre(5, 6));
}

TEST(Config, AWrapperGivesItsLanguageModelToThatFamily) {
  // What the Hub's Gemma 3 leaves out, its family knows.
  const auto gemma = parse_config(R"({"model_type":"gemma3","text_config":{
      "model_type":"gemma3_text","hidden_size":2560,"intermediate_size":10240,
      "num_hidden_layers":34,"sliding_window":1024,
      "rope_scaling":{"factor":8.0,"rope_type":"linear"}}})",
                                  "");
  ASSERT_TRUE(gemma) << gemma.error().message;
  EXPECT_EQ(gemma->model_type, "gemma3");
  EXPECT_EQ(gemma->family, "gemma3_text");
  EXPECT_EQ(gemma->vocab_size, 262208);
  EXPECT_EQ(gemma->heads, 8);
  EXPECT_EQ(gemma->kv_heads, 4);
  EXPECT_EQ(gemma->head_dim, 256);
  EXPECT_TRUE(gemma->tied_head);
  const auto mistral = parse_config(
      R"({"model_type":"mistral3","text_config":)" + config_with(R"("model_type":"mistral")") + "}",
      "");
  ASSERT_TRUE(mistral) << mistral.error().message;
  EXPECT_EQ(mistral->family, "llama");
  EXPECT_EQ(mistral->text_type, "mistral");
}

TEST(Config, EndTokensOfGenerationConfigWin) {
  EXPECT_THAT(parsed("").eos_ids, ElementsAre(2));
  EXPECT_THAT(parsed("", R"({"eos_token_id":[1,2]})").eos_ids, ElementsAre(1, 2));
  EXPECT_THAT(parsed("", R"({"eos_token_id":7})").eos_ids, ElementsAre(7));
  EXPECT_THAT(parsed("", R"({"do_sample":true})").eos_ids, ElementsAre(2));
  EXPECT_TRUE(parsed(R"("eos_token_id":null)").eos_ids.empty());
  const auto broken = parse_config(config_with(""), R"({"eos_token_id":"</s>"})");
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr("generation_config.json: eos_token_id must be"));
}

TEST(Config, QuantisationPerLayer) {
  const auto settings = parsed(R"("quantization":{"group_size":null,"bits":4,
      "model.embed_tokens":{"group_size":32,"bits":8},"lm_head":false,"a":true,
      "b":{"bits":6,"group_size":null}},
      "quantization_config":{"group_size":32,"bits":8})")
                            .quantisation;
  EXPECT_EQ(settings.at("anything"), (nn::Packing{.bits = 4, .group_size = 64}));
  EXPECT_EQ(settings.at("model.embed_tokens"), (nn::Packing{.bits = 8, .group_size = 32}));
  EXPECT_EQ(settings.at("a"), (nn::Packing{.bits = 4, .group_size = 64}));
  EXPECT_EQ(settings.at("b"), (nn::Packing{.bits = 6, .group_size = 64}));
  EXPECT_EQ(settings.at("lm_head"), std::nullopt);
  EXPECT_EQ(parsed(R"("quantization_config":{"group_size":32,"bits":8})").quantisation.at("x"),
            (nn::Packing{.bits = 8, .group_size = 32}));
  EXPECT_EQ(parsed("").quantisation.at("x"), std::nullopt);
}

TEST(Config, PackingModes) {
  const auto packing = [](const std::string& text) {
    return parsed(R"("quantization":{)" + text + "}").quantisation.at("x");
  };
  using enum nn::PackingMode;
  EXPECT_EQ(packing(R"("mode":"mxfp4","bits":4,"group_size":32)"), (nn::Packing{4, 32, Mxfp4}));
  EXPECT_EQ(packing(R"("mode":"mxfp4")"), (nn::Packing{4, 32, Mxfp4}));
  EXPECT_EQ(packing(R"("mode":"nvfp4","bits":null)"), (nn::Packing{4, 16, Nvfp4}));
  EXPECT_EQ(packing(R"("mode":"mxfp8")"), (nn::Packing{8, 32, Mxfp8}));
  EXPECT_EQ(packing(R"("mode":"mxfp4","x":{"bits":8,"group_size":64})"),
            (nn::Packing{8, 64, Affine}));
}

TEST(Config, WeightsOfForeignFormats) {
  const auto fp8 = parsed(R"("quantization_config":{"quant_method":"fp8","fmt":"e4m3",
      "activation_scheme":"dynamic","weight_block_size":[128,64]})")
                       .quantisation;
  ASSERT_TRUE(fp8.fp8);
  EXPECT_EQ(fp8.fp8->rows, 128);
  EXPECT_EQ(fp8.fp8->columns, 64);
  EXPECT_FALSE(fp8.global);
  const auto mxfp4 = parsed(R"("quantization_config":{"quant_method":"mxfp4",
      "modules_to_not_convert":["lm_head"]})")
                         .quantisation;
  EXPECT_TRUE(mxfp4.mxfp4_blocks);
  EXPECT_FALSE(mxfp4.fp8);
}

struct Refusal {
  const char* extra;
  ErrorCode code;
  const char* message;
};

class Refused : public ::testing::TestWithParam<Refusal> {};

TEST_P(Refused, NamesFileFieldAndWhatIsSupported) {
  const auto& [extra, code, message] = GetParam();
  const auto config = parse_config(config_with(extra), "");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, code);
  EXPECT_THAT(config.error().message, HasSubstr(std::string("config.json: ") + message));
}

constexpr auto kUnsupported = ErrorCode::UnsupportedArgument;
constexpr auto kCorrupt = ErrorCode::CorruptData;

INSTANTIATE_TEST_SUITE_P(
    Table, Refused,
    ::testing::Values(
        Refusal{R"("model_type":"gpt5")", kUnsupported,
                "model_type \"gpt5\" is not supported (supported: "},
        Refusal{R"("model_type":null)", kCorrupt, "model_type is missing"},
        Refusal{R"("model_type":["llama"])", kCorrupt, "model_type must be a string"},
        Refusal{R"("hidden_size":null)", kCorrupt, "hidden_size is missing"},
        Refusal{R"("hidden_size":"64")", kCorrupt, "hidden_size must be a whole number"},
        Refusal{R"("hidden_size":-64)", kCorrupt, "hidden_size must be a whole number from 1"},
        Refusal{R"("vocab_size":99999999999)", kCorrupt, "vocab_size must be a whole number"},
        Refusal{R"("num_hidden_layers":0)", kCorrupt, "num_hidden_layers"},
        Refusal{R"("num_key_value_heads":3)", kCorrupt, "num_key_value_heads 3 does not divide"},
        Refusal{R"("head_dim":7)", kCorrupt, "head_dim must be even"},
        Refusal{R"("num_attention_heads":6)", kCorrupt, "hidden_size 64 is no multiple"},
        Refusal{R"("torch_dtype":"float64")", kUnsupported, "torch_dtype \"float64\""},
        Refusal{R"("rope_scaling":{"rope_type":"foo"})", kUnsupported,
                "rope_scaling.rope_type \"foo\" is not supported (supported: default, linear, "
                "llama3, yarn, longrope)"},
        Refusal{R"("rope_scaling":{"type":"dynamic","factor":2})", kUnsupported,
                "rope_scaling.type \"dynamic\""},
        Refusal{R"("rope_parameters":{"rope_type":"linear"})", kCorrupt,
                "rope_parameters.factor is missing"},
        Refusal{R"("rope_scaling":7)", kCorrupt, "rope_scaling must be an object"},
        Refusal{R"("rope_scaling":{"type":"llama3","factor":8})", kCorrupt,
                "rope_scaling.low_freq_factor is missing"},
        Refusal{R"("rope_scaling":{"type":"linear","factor":0})", kCorrupt,
                "rope_scaling.factor must be at least 1"},
        Refusal{R"("rope_theta":0)", kCorrupt, "rope_theta must be above 1"},
        Refusal{R"("partial_rotary_factor":1.5)", kCorrupt, "partial_rotary_factor must leave"},
        Refusal{R"("partial_rotary_factor":0.2)", kCorrupt, "partial_rotary_factor must leave"},
        Refusal{R"("rope_scaling":{"type":"longrope","short_factor":[1],"long_factor":[1]})",
                kCorrupt, "rope_scaling.short_factor must be a list of 8 positive numbers"},
        Refusal{R"("eos_token_id":[1,-2])", kCorrupt, "eos_token_id must be a token id"},
        Refusal{R"("quantization":{"bits":7})", kUnsupported,
                "quantization.bits \"7\" is not supported (supported: in mode affine: 2, 3, 4, 5, "
                "6, 8)"},
        Refusal{R"("quantization":{"bits":4,"group_size":16})", kUnsupported,
                "quantization.group_size \"16\" is not supported (supported: in mode affine: 32, "
                "64, 128)"},
        Refusal{R"("quantization":{"bits":4,"mode":"fp4"})", kUnsupported,
                "quantization.mode \"fp4\" is not supported (supported: affine, mxfp4, nvfp4, "
                "mxfp8)"},
        Refusal{R"("quantization":{"bits":8,"group_size":32,"mode":"mxfp4"})", kUnsupported,
                "quantization.bits \"8\" is not supported (supported: in mode mxfp4: 4)"},
        Refusal{R"("quantization":{"bits":4,"a.b":7})", kCorrupt,
                "quantization.a.b must be an object or false"},
        Refusal{R"("quantization":{"bits":4,"a.b":{"bits":9}})", kUnsupported,
                "quantization.a.b.bits \"9\""},
        Refusal{R"("quantization":[4])", kCorrupt, "quantization must be an object"},
        Refusal{
            R"("quantization_config":{"quant_method":"gptq","bits":4})", kUnsupported,
            "quantization_config.quant_method \"gptq\" is not supported (supported: fp8, mxfp4"},
        Refusal{R"("quantization_config":{"quant_method":"fp8","fmt":"e5m2"})", kUnsupported,
                "quantization_config.fmt \"e5m2\""},
        Refusal{R"("quantization_config":{"quant_method":"fp8","weight_block_size":[128]})",
                kCorrupt, "quantization_config.weight_block_size must be two whole numbers"}));

/// What a family's settings refuse, beyond what all share.
std::string refusal(const std::string& extra) {
  const Config config = parsed(extra);
  const auto spec = decoder_spec(config, {});
  if (!spec) return spec.error().message;
  const auto windows = sliding_windows(config, [](int) { return false; });
  return windows ? "" : windows.error().message;
}

TEST(Config, SettingsOfFamiliesAreRefusedByField) {
  EXPECT_THAT(refusal(R"("hidden_act":"mish")"),
              HasSubstr("config.json: hidden_act \"mish\" is not supported (supported: silu, "));
  EXPECT_THAT(refusal(R"("attention_bias":1)"),
              HasSubstr("config.json: attention_bias must be true or false"));
  EXPECT_THAT(refusal(R"("layer_types":["full_attention"])"),
              HasSubstr("layer_types must be a list of num_hidden_layers = 4"));
  const std::string full = R"("full_attention","full_attention","full_attention",)";
  EXPECT_THAT(refusal(R"("layer_types":[)" + full + R"("linear_attention"])"),
              HasSubstr("layer_types \"linear_attention\" is not supported"));
  EXPECT_THAT(refusal(R"("layer_types":[)" + full + R"("sliding_attention"])"),
              HasSubstr("sliding_window is missing"));
}

TEST(Config, TextThatIsNoConfigIsRefused) {
  for (const char* text : {"", "{", "[]", "null", "{\"model_type\":\"llama\"} x"}) {
    const auto config = parse_config(text, "");
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().code, kCorrupt);
    EXPECT_THAT(config.error().message, HasSubstr("config.json: "));
  }
}

}  // namespace
}  // namespace hearth::models
