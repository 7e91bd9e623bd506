// For tests: temporary folders and safetensors files written byte by byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/testing/temp_folder.h"

namespace hearth::nn::testing {

using TemporaryFolder = base::testing::TempFolder;

/// One tensor ready to be stored.
struct StoredTensor {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::string bytes;
};

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// A float32 tensor; its values are 0, 1, 2 ... where none are given.
inline StoredTensor f32(std::string name, std::vector<std::int64_t> shape,
                        std::vector<float> values = {}) {
  std::int64_t count = 1;
  for (const std::int64_t length : shape) count *= length;
  for (auto i = std::ssize(values); i < count; ++i) values.push_back(static_cast<float>(i));
  return {std::move(name), "F32", std::move(shape), bytes_of(values)};
}

/// A file with this header text in front of `data`.
inline std::string safetensors(const std::string& header, const std::string& data) {
  return bytes_of(std::vector<std::uint64_t>{header.size()}) + header + data;
}

/// A well-formed safetensors file.
inline std::string safetensors(const std::vector<StoredTensor>& tensors) {
  json::object header{{"__metadata__", {{"format", "pt"}}}};
  std::string data;
  for (const StoredTensor& tensor : tensors) {
    const std::size_t begin = data.size();
    data += tensor.bytes;
    header[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", json::value_from(tensor.shape)},
                           {"data_offsets", {begin, data.size()}}};
  }
  return safetensors(json::serialize(header), data);
}

}  // namespace hearth::nn::testing
