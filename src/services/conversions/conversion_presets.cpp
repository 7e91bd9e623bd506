// The table of built-in presets, and people's own in the database.
#include "services/conversions/conversion_presets.h"

#include <algorithm>
#include <cctype>
#include <fmt/ranges.h>

#include "base/decode.h"
#include "services/letter_case.h"
#include "store/conversion_presets.h"

namespace hearth::services {
namespace {

constexpr std::size_t kLongestPresetName = 64;
constexpr std::size_t kLongestDescription = 500;

bool is_built_in(std::string_view name) {
  return std::ranges::any_of(
      built_in_presets(), [&](const auto& preset) { return same_but_for_case(preset.name, name); });
}

Result<void> check_preset_name(std::string_view name) {
  const auto fits = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
  };
  if (name.empty() || name.size() > kLongestPresetName || !std::ranges::all_of(name, fits))
    return fail(
        base::fold({{.path = "name",
                     .message = fmt::format("must be 1 to {} letters, digits, dots, hyphens "
                                            "and underscores",
                                            kLongestPresetName)}}));
  if (is_built_in(name))
    return fail(
        ErrorCode::InvalidArgument,
        "the preset {} comes with Hearth and stays as it is; choose another name for your own",
        name);
  return {};
}

std::unexpected<Error> no_database() {
  return fail(ErrorCode::Io,
              "there is no database here, so nothing can be kept: set HEARTH_HOME to a folder that "
              "can be written");
}

}  // namespace

const std::vector<ConversionPreset>& built_in_presets() {
  static const std::vector<ConversionPreset> kPresets{
      {"4bit", "A quarter of the size: for most uses, and for small machines", {.bits = 4}, true},
      {"8bit", "Half the size, hardly distinguishable from the source", {.bits = 8}, true},
      {"6bit", "Between the two", {.bits = 6}, true},
      {"mixed-4-6", "4 bits, and 6 where they count most", {.recipe = "mixed_4_6"}, true},
      {"mixed-3-6", "3 bits, and 6 where they count most", {.recipe = "mixed_3_6"}, true},
      {"auto",
       "The size of 4 bits, spent where measurements say; takes far longer",
       {.recipe = std::string(kAutoRecipe), .target_bpw = kUsualTargetBpw},
       true},
      {"mxfp4", "4-bit floating point in blocks of 32", {.mode = "mxfp4"}, true},
      {"nvfp4", "4-bit floating point in blocks of 16", {.mode = "nvfp4"}, true},
      {"mxfp8", "8-bit floating point in blocks of 32", {.mode = "mxfp8"}, true},
      {"bf16", "Nothing is packed", {.bits = 16, .dtype = "bfloat16"}, true},
  };
  return kPresets;
}

Result<std::vector<ConversionPreset>> ConversionPresets::list() const {
  std::vector<ConversionPreset> all = built_in_presets();
  if (database_ == nullptr) return all;
  for (store::ConversionPresetRow& row : TRY(store::ConversionPresets(*database_).list())) {
    auto options = read_conversion_options(TRY(base::parse_json(row.options)));
    if (!options)
      return fail(ErrorCode::CorruptData, "the database's preset {} makes no sense: {}", row.name,
                  options.error().message);
    all.push_back({.name = std::move(row.name),
                   .description = std::move(row.description),
                   .options = std::move(*options)});
  }
  return all;
}

Result<ConversionPreset> ConversionPresets::find(std::string_view name) const {
  std::vector<std::string> names;
  for (ConversionPreset& preset : TRY(list())) {
    if (same_but_for_case(preset.name, name)) return std::move(preset);
    names.push_back(std::move(preset.name));
  }
  return fail(ErrorCode::NotFound, "there is no preset \"{}\" (there are {})", name,
              fmt::join(names, ", "));
}

Result<void> ConversionPresets::put(const ConversionPreset& preset) {
  TRY(check_preset_name(preset.name));
  if (preset.description.size() > kLongestDescription)
    return fail(
        base::fold({{.path = "description",
                     .message = fmt::format("must have at most {} bytes", kLongestDescription)}}));
  TRY(check_conversion_options(preset.options));
  if (database_ == nullptr) return no_database();
  return store::ConversionPresets(*database_)
      .put({.name = preset.name,
            .description = preset.description,
            .options = base::write_json(write_conversion_options(preset.options))});
}

Result<void> ConversionPresets::remove(const std::string& name) {
  if (is_built_in(name))
    return fail(ErrorCode::InvalidArgument, "the preset {} comes with Hearth and cannot be removed",
                name);
  if (database_ == nullptr) return no_database();
  if (!TRY(store::ConversionPresets(*database_).remove(name)))
    return fail(ErrorCode::NotFound, "there is no preset \"{}\"", name);
  return {};
}

}  // namespace hearth::services
