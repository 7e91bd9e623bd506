// Models in Ollama's store, shown as folders of links.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hearth::services {

struct OllamaModel {
  std::string id;                ///< `ollama/NAME`, with `-TAG` unless that is latest
  std::filesystem::path folder;  ///< of links to its blobs
};

/// Looks into a store (`manifests/HOST/NAMESPACE/NAME/TAG`, `blobs/sha256-...`) and makes a folder
/// of links under `views` for every model whose tensors lie there as safetensors under their own
/// names; what is there already is left as it is, and what has no model any more goes. Models as
/// GGUF, or packed in Ollama's own way, are passed over.
std::vector<OllamaModel> link_ollama_models(const std::filesystem::path& store,
                                            const std::filesystem::path& views);

}  // namespace hearth::services
