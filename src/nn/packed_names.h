// What the tensors of a packed layer are called: they lie beside each other.
#pragma once

#include <string>

namespace hearth::nn {

inline std::string codes_of(const std::string& path) {
  return path + ".weight";
}
inline std::string scales_of(const std::string& path) {
  return path + ".scales";
}
inline std::string biases_of(const std::string& path) {
  return path + ".biases";
}
inline std::string fp8_scales_of(const std::string& path) {
  return path + ".weight_scale_inv";
}

}  // namespace hearth::nn
