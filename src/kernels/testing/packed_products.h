// For tests: products with packed examples, and every layout that packed matrices have.
#pragma once

#include <cstdint>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "kernels/panel_matmul.h"
#include "kernels/panel_matrix.h"
#include "kernels/testing/packed_example.h"
#include "kernels/testing/three_threads.h"

namespace hearth::kernels::testing {

/// x [rows, K] → [rows, N].
inline std::vector<float> product(const PackedExample& w, const std::vector<float>& x,
                                  const Means& means) {
  const int rows = static_cast<int>(std::ssize(x)) / w.width;
  std::vector<float> y(static_cast<std::size_t>(rows) * static_cast<std::size_t>(w.outputs), -1.0F);
  const auto panels = PanelMatrix::pack(w.view());
  const PanelTask task{.layer = {panels->view()}, .y = y.data()};
  panel_matmul({&task, 1}, {x.data(), FloatType::F32, w.width, rows}, means);
  return y;
}

inline std::vector<float> product(const PackedExample& w, const std::vector<float>& x,
                                  CpuPath path) {
  return product(w, x, Means{path, three_threads()});
}

inline std::vector<Layout> every_layout() {
  std::vector<Layout> all;
  for (const int bits : {2, 3, 4, 5, 6, 8})
    for (const int group : {32, 64, 128})
      for (const ScaleType type : {ScaleType::F32, ScaleType::BF16, ScaleType::F16})
        all.push_back({bits, group, type});
  all.push_back({4, 32, ScaleType::E8M0});
  all.push_back({4, 16, ScaleType::E4M3});
  return all;
}

inline std::string layout_name(const ::testing::TestParamInfo<Layout>& info) {
  static constexpr const char* kTypes[] = {"f32", "bf16", "f16", "mxfp4", "nvfp4"};
  return fmt::format("{}_{}_{}", kTypes[static_cast<int>(info.param.scale_type)], info.param.bits,
                     info.param.group);
}

}  // namespace hearth::kernels::testing
