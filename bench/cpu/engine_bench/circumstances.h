// What a measurement stands on: kernels that ran, memory of the process, limits of the machine.
#pragma once

#include "base/json.h"

namespace hearth::engine_bench {

/// path, activation_bits, threads, and products: how many each path computed since the start.
/// @returns an error where HEARTH_CPU or HEARTH_ACTIVATIONS is wrong.
Result<json::object> kernels_used();

/// resident, peak, anonymous and mapped memory of this process in bytes; empty where the system
/// does not tell.
json::object memory_held();

/// read_gbs, fma_gflops, dot8_gops of all threads; takes seconds and half a gigabyte.
json::object measured_roofs();

}  // namespace hearth::engine_bench
