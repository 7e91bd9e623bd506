// Names, places and memory of a conversion to be.
#include "services/conversions/plan_conversion.h"

#include <algorithm>
#include <cctype>
#include <system_error>
#include <utility>

#include "base/decode.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestModelName = 96;
constexpr std::uint64_t kConverterBytes = std::uint64_t{256} << 20;
constexpr std::uint64_t kMostPieceBytes = std::uint64_t{2} << 30;

bool is_name(std::string_view part) {
  const auto fits = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
  };
  return !part.empty() && part.size() <= kLongestModelName && part.front() != '.' &&
         std::ranges::all_of(part, fits);
}

/// NAME, or ORG/NAME.
Result<void> check_model_name(const std::string& name) {
  const auto slash = name.find('/');
  const std::string_view whole(name);
  const bool fine = slash == std::string::npos
                        ? is_name(whole)
                        : is_name(whole.substr(0, slash)) && is_name(whole.substr(slash + 1));
  if (fine) return {};
  return fail(base::fold({{.path = "name",
                           .message = "must be a name of letters, digits, dots, hyphens and "
                                      "underscores, perhaps with an owner's before a slash"}}));
}

/// At most: pieces of single tensors, whatever the model's size; measuring loads models whole.
std::uint64_t conversion_memory(const ModelEntry& model, const ConversionOptions& options) {
  const std::uint64_t weights = model.weight_bytes > 0 ? model.weight_bytes : model.bytes;
  const bool loads = options.measure.value_or(false) || options.recipe == kAutoRecipe;
  return kConverterBytes + std::min(kMostPieceBytes, 2 * weights) + (loads ? weights : 0);
}

}  // namespace

std::string hub_name(const std::string& model, const fs::path& folder) {
  return folder.string().contains("/models--") ? model : std::string();
}

Result<store::ConversionRow> plan_conversion(const Library& library,
                                             const ConversionPresets& presets,
                                             const fs::path& models_folder,
                                             const ConversionRequest& request) {
  ConversionOptions options = request.options;
  std::string preset;
  if (!request.preset.empty()) {
    ConversionPreset found = TRY(presets.find(request.preset));
    options = changed(std::move(found.options), options);
    preset = std::move(found.name);
  }
  TRY(check_conversion_options(options));
  const ModelEntry model = TRY(library.resolve(request.model));
  const std::string name = request.name.empty()
                               ? fs::path(model.id).filename().string() + name_suffix(options)
                               : request.name;
  TRY(check_model_name(name));
  const fs::path target = models_folder / name;
  std::error_code error;
  if (fs::exists(fs::symlink_status(target, error)) && !request.replaces)
    return fail(ErrorCode::InvalidArgument,
                "there is a model {} already: give the new one another name, or have it replaced",
                name);
  if (fs::equivalent(target, model.folder, error))
    return fail(ErrorCode::InvalidArgument, "{} cannot be replaced by what is made of it", name);
  return store::ConversionRow{.model = model.id,
                              .source = model.folder.string(),
                              .target = target.string(),
                              .preset = std::move(preset),
                              .options = base::write_json(write_conversion_options(options)),
                              .replaces = request.replaces,
                              .memory_bytes = conversion_memory(model, options)};
}

Result<ConversionJob> job_of(const store::ConversionRow& row) {
  return ConversionJob{.model = row.model,
                       .base_model = hub_name(row.model, row.source),
                       .source = row.source,
                       .target = row.target,
                       .options = TRY(read_conversion_options(TRY(base::parse_json(row.options)))),
                       .replaces = row.replaces,
                       .begun = row.begun};
}

}  // namespace hearth::services
