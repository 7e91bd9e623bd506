// A test's own folder, and model folders to put there.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/testing/temp_folder.h"

namespace hearth::services::testing {

class TempFolder : public base::testing::TempFolder {
 public:
  /// A model folder that the library takes for whole.
  std::filesystem::path add_model(const std::filesystem::path& name,
                                  std::string_view config = kConfig) const {
    write(name / "config.json", config);
    return write(name / "model.safetensors", "weights").parent_path();
  }

  static constexpr std::string_view kConfig =
      R"({"model_type":"qwen3","max_position_embeddings":2048,"torch_dtype":"bfloat16"})";
};

}  // namespace hearth::services::testing
