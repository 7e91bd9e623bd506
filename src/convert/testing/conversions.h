// For tests: conversions that run to their end, and what came out of them.
#pragma once

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/sha256.h"
#include "convert/convert.h"
#include "models/testing/golden.h"
#include "nn/checkpoint.h"
#include "nn/file.h"

namespace hearth::convert::testing {

inline Result<Summary> convert_to(const Options& options) {
  auto conversion = Conversion::make(options);
  if (!conversion) return fail(conversion.error());
  TRY(conversion->run([](const Progress&) { return true; }));
  return conversion->summary();
}

inline std::string file_content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The same model with plain float32 weights: products with packed ones round their other side.
inline std::filesystem::path unpacked(const std::filesystem::path& source,
                                      const std::filesystem::path& target) {
  Options options{.source = source, .target = target};
  options.dequantize = true;
  options.dtype = "float32";
  const auto done = convert_to(options);
  EXPECT_TRUE(done) << done.error().message;
  return target;
}

inline std::vector<float> logits_of(const std::filesystem::path& folder,
                                    const std::vector<std::int32_t>& ids) {
  const auto model = models::load_model(folder);
  EXPECT_TRUE(model) << model.error().message;
  return model ? models::testing::one_pass(**model, ids) : std::vector<float>();
}

/// @param share  of the expected numbers' standard deviation
inline void expect_close(const std::vector<float>& found, const std::vector<float>& expected,
                         float share) {
  ASSERT_EQ(found.size(), expected.size());
  EXPECT_LE(models::testing::largest_difference(found, expected),
            share * models::testing::standard_deviation(expected));
}

/// "BF16[64,2] 0123456789abcdef": by name, what is compared of the tensors of a model in one file.
inline std::map<std::string, std::string> digest(const std::filesystem::path& folder) {
  std::map<std::string, std::string> found;
  const auto checkpoint = nn::Checkpoint::open(folder);
  const auto file = nn::File::open(folder / "model.safetensors");
  EXPECT_TRUE(checkpoint && file) << folder;
  if (!checkpoint || !file) return found;
  for (const auto& [name, tensor] : checkpoint->tensors()) {
    std::vector<std::byte> bytes(tensor.entry.bytes);
    EXPECT_TRUE(file->read(tensor.entry.offset, bytes));
    std::string shape;
    for (const int length : tensor.entry.shape)
      shape += fmt::format("{}{}", shape.empty() ? "" : ",", length);
    found[name] = fmt::format("{}[{}] {}", tensor.entry.dtype, shape,
                              base::Sha256().add(bytes).hex().substr(0, 16));
  }
  return found;
}

/// The golden case's config, with what GGUF cannot say set to what llama.cpp takes for it.
inline json::object gguf_config(const models::testing::Golden& golden) {
  json::object config =
      json::parse(models::testing::file_text(golden.folder / "config.json")).as_object();
  json::value* nested = config.if_contains("text_config");
  json::object& text = nested ? nested->as_object() : config;
  if (text.contains("query_pre_attn_scalar")) text["query_pre_attn_scalar"] = text.at("head_dim");
  return config;
}

/// A test's name for a case's: letters, digits and underscores.
inline std::string identifier(std::string name) {
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

}  // namespace hearth::convert::testing
