// Ollama's store: which of its models are shown, and that nothing of it is changed.
#include "services/library/ollama_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "services/library/disk_usage.h"
#include "services/library/library.h"
#include "services/testing/temp_folder.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A safetensors file of one tensor with two bytes.
std::string tensor(const std::string& name) {
  const std::string header =
      fmt::format(R"({{"{}":{{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}}})", name);
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size());
  return file + header + "ab";
}

struct Store {
  testing::TempFolder folder;
  fs::path store = folder.path() / "ollama";
  fs::path views = folder.path() / "views";

  /// @returns the layer that names it
  std::string blob(const std::string& content, const std::string& type, const std::string& name) {
    const std::string hash = base::Sha256().add(content).hex();
    folder.write("ollama/blobs/sha256-" + hash, content);
    return fmt::format(
        R"({{"mediaType":"application/vnd.ollama.image.{}","digest":"sha256:{}","name":"{}"}})",
        type, hash, name);
  }
  void manifest(const std::string& name, const std::vector<std::string>& layers) {
    std::string list;
    for (const std::string& layer : layers) list += (list.empty() ? "" : ",") + layer;
    folder.write("ollama/manifests/" + name, fmt::format(R"({{"layers":[{}]}})", list));
  }
  std::string config() {
    return blob(R"({"model_type":"llama","max_position_embeddings":99})", "json", "config.json");
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> ids;
    for (const OllamaModel& model : link_ollama_models(store, views)) ids.push_back(model.id);
    return ids;
  }
};

TEST(OllamaStore, ShowsModelsWhoseTensorsHaveTheirOwnNames) {
  Store store;
  store.manifest("host/library/tiny/latest",
                 {store.config(), store.blob(tensor("a.weight"), "tensor", "a.weight"),
                  store.blob(tensor("b.weight"), "tensor", "b.weight")});
  store.manifest("host/me/tiny/8b",
                 {store.config(), store.blob(tensor("c.weight"), "tensor", "c.weight")});
  store.manifest("host/library/other/latest",
                 {store.config(), store.blob(tensor("data"), "tensor", "a.weight")});
  store.manifest("host/library/gguf/latest", {store.blob("GGUF", "model", "")});
  store.folder.write("ollama/manifests/host/library/broken/latest", "no json");
  EXPECT_THAT(store.ids(), ElementsAre("ollama/tiny", "ollama/me-tiny-8b"));
  EXPECT_THAT(store.ids(), ElementsAre("ollama/tiny", "ollama/me-tiny-8b")) << "again";

  const Library library(
      {.hub_cache = {}, .plain = {}, .ollama = store.store, .ollama_views = store.views});
  const auto model = library.resolve("ollama/tiny");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->context_length, 99U);
  EXPECT_EQ(model->fault, "");
  EXPECT_EQ(model->parameters, 2U);
  EXPECT_EQ(remove_model(*model, {}).error().code, ErrorCode::Forbidden);
}

TEST(OllamaStore, DigestsThatLeaveTheStoreAreNotFollowed) {
  Store store;
  const std::string secret = store.folder.write("secret", tensor("a.weight")).string();
  store.manifest(
      "host/library/evil/latest",
      {store.config(), fmt::format(R"({{"mediaType":"application/vnd.ollama.image.tensor",)"
                                   R"("digest":"sha256:../../secret","name":"a.weight"}})")});
  EXPECT_THAT(store.ids(), IsEmpty());
}

TEST(OllamaStore, WhatIsGoneIsShownNoMore) {
  Store store;
  store.manifest("host/library/tiny/latest",
                 {store.config(), store.blob(tensor("a.weight"), "tensor", "a.weight")});
  EXPECT_EQ(store.ids().size(), 1U);
  fs::remove_all(store.store / "manifests");
  EXPECT_THAT(store.ids(), IsEmpty());
  EXPECT_TRUE(fs::is_empty(store.views));
}

}  // namespace
}  // namespace hearth::services
