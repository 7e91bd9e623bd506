// How the numbers of a GGUF tensor are stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hearth::gguf {

/// The kinds of storage that Hearth reads, with the numbers that the file format has for them.
enum class TensorType : std::uint32_t {
  F32 = 0,
  F16 = 1,
  Q4_0 = 2,
  Q4_1 = 3,
  Q5_0 = 6,
  Q5_1 = 7,
  Q8_0 = 8,
  Q2_K = 10,
  Q3_K = 11,
  Q4_K = 12,
  Q5_K = 13,
  Q6_K = 14,
  BF16 = 30,
};

/// In a block of the kinds Q4_0 to Q8_0.
inline constexpr int kBlockNumbers = 32;

/// A kind of storage: rows are cut into blocks of equal size.
struct TypeFacts {
  TensorType type;
  std::string_view name;  ///< as GGUF's tools spell it: Q4_K
  std::size_t block;      ///< numbers in a block
  std::size_t bytes;      ///< of a block
};

/// All of them.
std::span<const TypeFacts> tensor_types();
const TypeFacts& facts_of(TensorType type);

/// The kind with that number in the file format; null where Hearth does not read it.
const TypeFacts* find_type(std::uint32_t number);
/// By name, whatever its case; null for a name that is not among them.
const TypeFacts* find_type(std::string_view name);

/// The name of any kind that the format has ever had: "IQ2_XXS", else "type 99".
std::string any_type_name(std::uint32_t number);
/// "F32, F16, Q4_0 ...".
std::string supported_type_names();

}  // namespace hearth::gguf
