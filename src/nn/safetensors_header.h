// The table of contents of a safetensors file, by the names that this folder uses.
#pragma once

#include "base/safetensors_header.h"

namespace hearth::nn {

using base::kSafetensorsPrefix;
using base::parse_safetensors_header;
using base::safetensors_header_bytes;
using base::TensorEntry;
using base::TensorTable;

}  // namespace hearth::nn
