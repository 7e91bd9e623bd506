// What a model is for: the config decides, then the name.
#include "services/library/model_kind.h"

#include <gtest/gtest.h>

#include "services/testing/temp_folder.h"

namespace hearth::services {
namespace {

struct Case {
  std::string_view config;
  bool pools;
  std::string_view id;
  std::string_view kind;
};

class ModelKind : public ::testing::TestWithParam<Case> {};

TEST_P(ModelKind, IsToldFromConfigThenName) {
  const auto& [config, pools, id, kind] = GetParam();
  EXPECT_EQ(model_kind(json::parse(config).as_object(), pools, id), kind);
}

INSTANTIATE_TEST_SUITE_P(
    Models, ModelKind,
    ::testing::Values(
        Case{R"({"model_type":"qwen3","architectures":["Qwen3ForCausalLM"]})", false, "q/Qwen3",
             "text"},
        Case{R"({"model_type":"qwen2_vl","vision_config":{}})", false, "q/vl", "vision"},
        Case{R"({"model_type":"gemma3","image_token_index":7})", false, "g/gemma", "vision"},
        Case{R"({"model_type":"whisper"})", false, "o/tiny", "speech-to-text"},
        Case{R"({"model_type":"kokoro"})", false, "h/82M", "text-to-speech"},
        Case{R"({"model_type":"llama","architectures":["LlamaForCausalLM"]})", false,
             "O/Llama-OuteTTS-1.0-1B", "text-to-speech"},
        Case{R"({"model_type":"bert","architectures":["BertModel"]})", true, "s/all-MiniLM",
             "embedding"},
        Case{R"({"architectures":["XLMRobertaForSequenceClassification"]})", false,
             "b/bge-reranker", "reranker"},
        Case{R"({"model_type":"qwen3","architectures":["Qwen3ForCausalLM"]})", false,
             "Qwen/Qwen3-Embedding-0.6B", "embedding"},
        Case{R"({"model_type":"qwen3","architectures":["Qwen3ForCausalLM"]})", false,
             "Qwen/Qwen3-Reranker-0.6B", "reranker"},
        Case{R"({})", false, "mlx/whisper-large-v3-turbo", "speech-to-text"}));

TEST(Licence, StandsInTheHeadOfTheCard) {
  testing::TempFolder folder;
  folder.write("README.md", "---\ntags: [a]\nlicense: \"apache-2.0\"\n---\nlicense: none\n");
  EXPECT_EQ(licence_of(folder.path()), "apache-2.0");
  folder.write("README.md", "# A model\nlicense: none\n");
  EXPECT_EQ(licence_of(folder.path()), "");
  folder.write("LICENSE", "You may");
  EXPECT_EQ(licence_of(folder.path()), "see LICENSE");
}

TEST(Template, IsFoundWhereverItLies) {
  testing::TempFolder folder;
  EXPECT_EQ(template_text(folder.path()), "");
  folder.write("tokenizer_config.json", R"({"tools":1,"chat_template":"from the tokenizer"})");
  EXPECT_EQ(template_text(folder.path()), "from the tokenizer");
  folder.write("chat_template.jinja", "a file of its own");
  EXPECT_EQ(template_text(folder.path()), "a file of its own");
}

TEST(PackingFault, NamesWhatCannotBeRead) {
  const auto fault = [](std::string_view config) {
    return packing_fault(json::parse(config).as_object());
  };
  EXPECT_NE(fault(R"({"quantization_config":{"quant_method":"gptq"}})").find("gptq"),
            std::string::npos);
  EXPECT_EQ(fault(R"({"quantization_config":{"quant_method":"fp8"}})"), "");
  EXPECT_EQ(fault(R"({"quantization":{"bits":4},"quantization_config":{"bits":4}})"), "");
}

}  // namespace
}  // namespace hearth::services
