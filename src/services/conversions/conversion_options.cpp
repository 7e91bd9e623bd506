// Reading, checking and writing options of conversions.
#include "services/conversions/conversion_options.h"

#include <algorithm>
#include <array>
#include <boost/mp11.hpp>
#include <fmt/ranges.h>
#include <vector>

#include "services/optional_members.h"

namespace hearth::services {
namespace {

using base::DecodeContext;

constexpr auto kRecipes = std::to_array<std::string_view>(
    {"mixed_2_6", "mixed_3_4", "mixed_3_6", "mixed_4_6", kAutoRecipe});
constexpr auto kModes = std::to_array<std::string_view>({"affine", "mxfp4", "nvfp4", "mxfp8"});
constexpr auto kTypes = std::to_array<std::string_view>({"bfloat16", "float16", "float32"});
constexpr auto kBits = std::to_array<int>({2, 3, 4, 5, 6, 8, 16});
constexpr auto kGroups = std::to_array<int>({16, 32, 64, 128});
constexpr int kPlainBits = 16;
constexpr double kLeastBpw = 2;
constexpr double kMostBpw = 9;

template <class Value, class Allowed>
void check_one_of(std::string_view member, const std::optional<Value>& value,
                  const Allowed& allowed, DecodeContext& context) {
  if (!value || std::ranges::find(allowed, *value) != std::end(allowed)) return;
  context.within(member,
                 [&] { context.add(fmt::format("must be one of {}", fmt::join(allowed, ", "))); });
}

void check_option_values(const ConversionOptions& options, DecodeContext& context) {
  check_one_of("bits", options.bits, kBits, context);
  check_one_of("group", options.group, kGroups, context);
  check_one_of("mode", options.mode, kModes, context);
  check_one_of("recipe", options.recipe, kRecipes, context);
  check_one_of("dtype", options.dtype, kTypes, context);
  if (options.target_bpw && (*options.target_bpw < kLeastBpw || *options.target_bpw > kMostBpw))
    context.within("target_bpw", [&] {
      context.add(fmt::format("must be at least {} and at most {}", kLeastBpw, kMostBpw));
    });
}

}  // namespace

std::span<const std::string_view> conversion_recipes() {
  return kRecipes;
}

Result<void> check_conversion_options(const ConversionOptions& options) {
  const bool measured = options.recipe == kAutoRecipe;
  if (options.target_bpw && !measured)
    return fail(ErrorCode::InvalidArgument, "target_bpw goes with the recipe auto");
  if (options.recipe && options.mode && options.mode != "affine")
    return fail(ErrorCode::InvalidArgument,
                "a recipe chooses bits of the mode affine; leave out the recipe or the mode {}",
                *options.mode);
  if (options.recipe && options.bits)
    return fail(ErrorCode::InvalidArgument, "the recipe {} says how many bits; leave out bits",
                *options.recipe);
  if (options.dequantize.value_or(false) &&
      (options.bits || options.recipe || options.requantize.value_or(false)))
    return fail(ErrorCode::InvalidArgument,
                "dequantize makes plain weights: it goes with no bits, recipe or requantize");
  return {};
}

Result<ConversionOptions> read_conversion_options(const json::value& value, std::string_view path) {
  return read_optional_members<ConversionOptions>(value, path, "is no option of a conversion",
                                                  check_option_values);
}

json::object write_conversion_options(const ConversionOptions& options) {
  return write_optional_members(options);
}

ConversionOptions changed(ConversionOptions options, const ConversionOptions& change) {
  if (change.bits || change.mode || change.recipe || change.dequantize)
    options = {.dtype = options.dtype,
               .requantize = options.requantize,
               .measure = options.measure};  // another way of packing takes the whole place
  boost::mp11::mp_for_each<OptionalMembers<ConversionOptions>>([&](auto member) {
    if (const auto& value = change.*member.pointer) options.*member.pointer = value;
  });
  return options;
}

std::string name_suffix(const ConversionOptions& options) {
  constexpr int kUsualBits = 4;
  const int bits = options.bits.value_or(kUsualBits);
  if (options.dequantize.value_or(false) || bits == kPlainBits)
    return options.dtype ? "-" + *options.dtype : "-plain";
  if (options.recipe == kAutoRecipe)
    return fmt::format("-{}bpw", options.target_bpw.value_or(kUsualTargetBpw));
  if (options.recipe) return "-" + *options.recipe;
  if (options.mode && options.mode != "affine") return "-" + *options.mode;
  return fmt::format("-{}bit", bits);
}

}  // namespace hearth::services
