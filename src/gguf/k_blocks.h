// Blocks of 256 numbers whose scales are packed too.
#pragma once

#include <cstdint>

namespace hearth::gguf {

// Each turns one block into its 256 numbers.
void read_q2_k(const std::uint8_t* block, float* out);
void read_q3_k(const std::uint8_t* block, float* out);
void read_q4_k(const std::uint8_t* block, float* out);
void read_q5_k(const std::uint8_t* block, float* out);
void read_q6_k(const std::uint8_t* block, float* out);

}  // namespace hearth::gguf
