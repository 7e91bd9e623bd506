// A small Llama made of nothing, in a folder that vanishes with the test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace hearth::engine::testing {

/// What the layers of a tiny model are.
enum class TinyLayers {
  Attention,  ///< Llama: both layers attend
  Hybrid,     ///< LFM2: a short convolution with a state, then a layer that attends
};

/// Two layers, 64 wide, 261 tokens; each weight is a function of its tensor's name and its place.
class TinyModel {
 public:
  explicit TinyModel(std::uint32_t context_length = 512, TinyLayers layers = TinyLayers::Attention);
  ~TinyModel();
  TinyModel(const TinyModel&) = delete;
  TinyModel& operator=(const TinyModel&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  void write(const std::string& name, const std::string& content) const;
  void remove(const std::string& name) const { std::filesystem::remove(folder_ / name); }

  /// Of one page of keys and values: 2 layers, 2 heads, 32 wide, float32.
  static constexpr std::uint64_t kPageBytes = std::uint64_t{2} * 2 * 2 * 16 * 32 * 4;

 private:
  std::filesystem::path folder_;
};

}  // namespace hearth::engine::testing
