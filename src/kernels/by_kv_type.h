// From what is known only when a kernel runs to the instance of a template: each path's unit
// includes this and compiles it with its own flags. Everything stays inside the unit.
#pragma once

#include "kernels/attention_path.h"

namespace hearth::kernels {

namespace {

/// call.operator()<type>()
template <class Call>
[[gnu::always_inline]] inline void by_kv_type(KvType type, const Call& call) {
  switch (type) {
    case KvType::F32:
      return call.template operator()<KvType::F32>();
    case KvType::BF16:
      return call.template operator()<KvType::BF16>();
    case KvType::F16:
      return call.template operator()<KvType::F16>();
    case KvType::Bits8:
      return call.template operator()<KvType::Bits8>();
    case KvType::Bits4:
      return call.template operator()<KvType::Bits4>();
  }
}

/// call.operator()<rows>(), for 1 to kMost rows.
template <int kMost = kFusedRows, class Call>
[[gnu::always_inline]] inline void by_rows(int rows, const Call& call) {
  if constexpr (kMost > 0) {
    if (rows == kMost) return call.template operator()<kMost>();
    by_rows<kMost - 1>(rows, call);
  }
}

}  // namespace

}  // namespace hearth::kernels
