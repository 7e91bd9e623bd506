// Compares names part by part.
#include "convert/name_order.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace hearth::convert {

namespace {

constexpr auto kRanks = std::to_array<std::pair<std::string_view, int>>(
    {{"language_model", 0}, {"model", 1},      {"lm_head", 90},
     {"embed_tokens", 2},   {"wte", 2},        {"wpe", 3},
     {"layers", 4},         {"h", 4},          {"norm", 80},
     {"self_attn", 5},      {"mlp", 6},        {"q_proj", 7},
     {"k_proj", 8},         {"v_proj", 9},     {"o_proj", 10},
     {"gate_proj", 11},     {"down_proj", 12}, {"up_proj", 13},
     {"weight", 14},        {"scales", 15},    {"biases", 16},
     {"bias", 17}});
constexpr int kOther = 50;

int rank(std::string_view part) {
  const auto* found = std::ranges::find(kRanks, part, &std::pair<std::string_view, int>::first);
  return found == kRanks.end() ? kOther : found->second;
}

std::string_view take_part(std::string_view& name) {
  const std::string_view part = name.substr(0, name.find('.'));
  name.remove_prefix(std::min(name.size(), part.size() + 1));
  return part;
}

std::optional<int> number(std::string_view part) {
  int value = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
  if (error != std::errc{} || end != part.data() + part.size()) return {};
  return value;
}

}  // namespace

bool comes_before(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view left = take_part(a);
    const std::string_view right = take_part(b);
    if (left == right) continue;
    const auto left_number = number(left);
    const auto right_number = number(right);
    if (left_number && right_number) return *left_number < *right_number;
    return std::pair(rank(left), left) < std::pair(rank(right), right);
  }
  return a.empty() && !b.empty();
}

}  // namespace hearth::convert
