// For tests: the same number of threads on every machine.
#pragma once

#include "kernels/thread_pool.h"

namespace hearth::kernels::testing {

/// Three threads, whatever the machine has.
inline ThreadPool& three_threads() {
  static ThreadPool three(3);
  return three;
}

}  // namespace hearth::kernels::testing
