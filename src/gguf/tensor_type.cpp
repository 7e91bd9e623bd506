// The table of storage kinds.
#include "gguf/tensor_type.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cctype>
#include <fmt/format.h>
#include <utility>

namespace hearth::gguf {

namespace {

constexpr auto kTypes = std::to_array<TypeFacts>({
    {TensorType::F32, "F32", 1, 4},
    {TensorType::F16, "F16", 1, 2},
    {TensorType::BF16, "BF16", 1, 2},
    {TensorType::Q4_0, "Q4_0", kBlockNumbers, 18},
    {TensorType::Q4_1, "Q4_1", kBlockNumbers, 20},
    {TensorType::Q5_0, "Q5_0", kBlockNumbers, 22},
    {TensorType::Q5_1, "Q5_1", kBlockNumbers, 24},
    {TensorType::Q8_0, "Q8_0", kBlockNumbers, 34},
    {TensorType::Q2_K, "Q2_K", 256, 84},
    {TensorType::Q3_K, "Q3_K", 256, 110},
    {TensorType::Q4_K, "Q4_K", 256, 144},
    {TensorType::Q5_K, "Q5_K", 256, 176},
    {TensorType::Q6_K, "Q6_K", 256, 210},
});

/// Kinds that are only known by name.
constexpr auto kOthers = std::to_array<std::pair<std::uint32_t, std::string_view>>({
    {9, "Q8_1"},   {15, "Q8_K"},   {16, "IQ2_XXS"}, {17, "IQ2_XS"}, {18, "IQ3_XXS"},
    {19, "IQ1_S"}, {20, "IQ4_NL"}, {21, "IQ3_S"},   {22, "IQ2_S"},  {23, "IQ4_XS"},
    {24, "I8"},    {25, "I16"},    {26, "I32"},     {27, "I64"},    {28, "F64"},
    {29, "IQ1_M"}, {34, "TQ1_0"},  {35, "TQ2_0"},   {39, "MXFP4"},  {40, "NVFP4"},
});

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

}  // namespace

std::span<const TypeFacts> tensor_types() {
  return kTypes;
}

const TypeFacts& facts_of(TensorType type) {
  const TypeFacts* facts = find_type(static_cast<std::uint32_t>(type));
  assert(facts != nullptr);
  return *facts;
}

const TypeFacts* find_type(std::uint32_t number) {
  for (const TypeFacts& facts : kTypes)
    if (static_cast<std::uint32_t>(facts.type) == number) return &facts;
  return nullptr;
}

const TypeFacts* find_type(std::string_view name) {
  for (const TypeFacts& facts : kTypes)
    if (std::ranges::equal(facts.name, name, {}, lower, lower)) return &facts;
  return nullptr;
}

std::string any_type_name(std::uint32_t number) {
  if (const TypeFacts* facts = find_type(number)) return std::string(facts->name);
  for (const auto& [known, name] : kOthers)
    if (known == number) return std::string(name);
  return fmt::format("type {}", number);
}

std::string supported_type_names() {
  std::string names;
  for (const TypeFacts& facts : kTypes) {
    if (!names.empty()) names += ", ";
    names += facts.name;
  }
  return names;
}

}  // namespace hearth::gguf
