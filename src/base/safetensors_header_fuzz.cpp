// libFuzzer program: whatever header is accepted may be read without a further check.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/safetensors_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const auto length = hearth::base::safetensors_header_bytes(file.substr(0, 8), size);
  if (!length) return 0;
  const auto table = hearth::base::parse_safetensors_header(file.substr(8, *length), size);
  if (!table) return 0;
  for (const auto& [name, entry] : *table)
    if (entry.offset > size || entry.bytes > size - entry.offset) std::abort();
  return 0;
}
