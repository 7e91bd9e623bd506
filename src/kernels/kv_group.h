// Where a packed row keeps the scale and the bias of its groups; included as gate_loop.h is.
#pragma once

#include "kernels/attention_path.h"

namespace hearth::kernels {

namespace {

/// number = scale * code + bias, in a group of a packed row.
struct GroupLine {
  float scale;
  float bias;
};

/// That of number `at` of the row that begins at `from`.
[[gnu::always_inline]] inline GroupLine group_line(const KvRow& row, const std::uint8_t* from,
                                                   int at) {
  const int groups = (row.width + row.group - 1) / row.group;
  const int codes = groups * row.group / (row.type == KvType::Bits8 ? 1 : 2);
  const std::uint8_t* place = from + codes + std::ptrdiff_t{at / row.group} * 4;
  GroupLine line;
  __builtin_memcpy(&line.scale, place, sizeof line.scale);
  __builtin_memcpy(&line.bias, place + std::ptrdiff_t{groups} * 4, sizeof line.bias);
  return line;
}

}  // namespace

}  // namespace hearth::kernels
