// A folder of a test's own that goes with it, and model folders to put there.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/id.h"

namespace hearth::services::testing {

class TempFolder {
 public:
  TempFolder()
      : path_(std::filesystem::temp_directory_path() / base::random_id("hearth-test-", 12)) {
    std::filesystem::create_directories(path_);
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Writes a file, making the folders above it.
  std::filesystem::path write(const std::filesystem::path& name, std::string_view content) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

  /// A model folder that the library takes for whole.
  std::filesystem::path add_model(const std::filesystem::path& name,
                                  std::string_view config = kConfig) const {
    write(name / "config.json", config);
    return write(name / "model.safetensors", "weights").parent_path();
  }

  static constexpr std::string_view kConfig =
      R"({"model_type":"qwen3","max_position_embeddings":2048,"torch_dtype":"bfloat16"})";

 private:
  std::filesystem::path path_;
};

}  // namespace hearth::services::testing
