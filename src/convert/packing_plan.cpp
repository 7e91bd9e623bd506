// The rules of MLX's tools for packing, and what is said where they do not apply.
#include "convert/packing_plan.h"

#include <algorithm>
#include <array>

#include "nn/weights.h"

namespace hearth::convert {

namespace {

const nn::Packing kCareful{8, 64, nn::PackingMode::Affine};

Result<const nn::PackingFormat*> find_format(const std::string& mode) {
  for (const nn::PackingFormat& format : nn::packing_formats())
    if (format.name == mode) return &format;
  return fail(ErrorCode::UnsupportedArgument,
              "there is no mode \"{}\" (there are affine, mxfp4, nvfp4, mxfp8)", mode);
}

template <std::size_t N>
std::string listed(const std::array<int, N>& numbers) {
  std::string text;
  for (const int number : numbers)
    if (number > 0) text += fmt::format("{}{}", text.empty() ? "" : ", ", number);
  return text;
}

Result<std::optional<mx::Dtype>> find_dtype(const std::string& name) {
  if (name == "float32") return mx::float32;
  if (name == "float16") return mx::float16;
  if (name == "bfloat16") return mx::bfloat16;
  if (name.empty()) return std::nullopt;
  return fail(ErrorCode::UnsupportedArgument,
              "there is no dtype \"{}\" (there are float32, float16, bfloat16)", name);
}

/// What config.json says, in either dialect; empty where it is silent.
std::string told_dtype(const models::Config& config) {
  for (const json::object* object : {&config.root, &config.object})
    for (const char* key : {"torch_dtype", "dtype"})
      if (const json::value* value = object->if_contains(key); value && value->is_string())
        if (find_dtype(value->get_string().c_str())) return value->get_string().c_str();
  return {};
}

json::object entry_of(const nn::Packing& packing, bool with_mode) {
  json::object entry{{"group_size", packing.group_size}, {"bits", packing.bits}};
  if (with_mode) entry["mode"] = nn::format_of(packing.mode).name;
  return entry;
}

/// A matrix that a layer multiplies with or looks up in: the only kind that is ever packed.
bool is_matrix(const Weight& weight) {
  if (!weight.name.ends_with(".weight")) return false;
  if (weight.shape.size() == 2) return true;
  const bool stack = weight.name.contains(".switch_mlp.") || weight.name.contains(".experts.") ||
                     weight.name.ends_with("embed_q.weight") ||
                     weight.name.ends_with("unembed_out.weight");
  return weight.shape.size() == 3 && stack;
}

bool path_is_one_of(const std::string& path, const std::vector<std::string_view>& endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) {
    if (ending.starts_with('^')) return path == ending.substr(1);
    return path.ends_with(ending);
  });
}

std::string group_reason(std::int64_t width, int group, const nn::PackingFormat& format) {
  std::string reason = fmt::format("{} is not divisible by the group size {}", width, group);
  std::string others;
  for (const int size : format.group_sizes)
    if (size > 0 && width % size == 0)
      others += fmt::format("{}--group {}", others.empty() ? "" : " or ", size);
  if (!others.empty()) return reason + "; " + others + " would pack it";
  return reason + (format.mode == nn::PackingMode::Affine ? ", nor by 32" : "");
}

}  // namespace

Result<PackingWish> packing_wish(const Options& options, const models::Config& config) {
  const nn::PackingFormat& format = *TRY(find_format(options.mode));
  std::string dtype = options.dtype;
  if (dtype.empty()) dtype = told_dtype(config);
  PackingWish wish{.packing = {}, .dtype = TRY(find_dtype(dtype))};
  if (options.dequantize && (options.requantize || options.bits != 0 || !options.recipe.empty()))
    return fail(ErrorCode::InvalidArgument,
                "--dequantize makes plain weights: it goes with no bits, recipe or --requantize");
  if (options.dequantize || options.bits == kPlainBits) return wish;
  nn::Packing packing = format.usual;
  if (options.bits != 0) packing.bits = options.bits;
  if (options.group != 0) packing.group_size = options.group;
  if (!format.allows_bits(packing.bits))
    return fail(ErrorCode::UnsupportedArgument, "{} has no {} bits (it has {}; 16 packs nothing)",
                format.name, packing.bits, listed(format.bits));
  if (!format.allows_group(packing.group_size))
    return fail(ErrorCode::UnsupportedArgument, "{} has no groups of {} (it has {})", format.name,
                packing.group_size, listed(format.group_sizes));
  if (!options.recipe.empty() && packing.mode != nn::PackingMode::Affine)
    return fail(ErrorCode::InvalidArgument, "recipes are for the mode affine, not for {}",
                format.name);
  if (!options.recipe.empty() && options.bits != 0)
    return fail(ErrorCode::InvalidArgument, "the recipe {} says how many bits; leave out --bits",
                options.recipe);
  wish.packing = packing;
  return wish;
}

Result<PackingPlan> PackingPlan::make(const Options& options, const models::Config& config,
                                      const std::vector<Weight>& weights,
                                      const SourceTensors& source) {
  PackingPlan plan;
  plan.options_ = options;
  plan.wish_ = TRY(packing_wish(options, config));
  plan.rules_ = &layout_rules(config.text_type);
  if (!options.recipe.empty() && options.layer_bits.empty())
    plan.recipe_ = TRY(Recipe::find(options.recipe, weights, config.layers));
  for (const Weight& weight : weights) plan.treatments_.push_back(plan.treat(weight, source));
  const bool kept = std::ranges::any_of(
      plan.treatments_, [](const Treatment& it) { return it.kept || it.as_before; });
  if (!kept) return plan;
  if (const json::value* stored = config.root.if_contains("quantization");
      stored && stored->is_object())
    plan.stored_ = stored->get_object();
  else  // published packed, in a form of its own: that of the first layer that is kept
    for (const Treatment& treatment : plan.treatments_)
      if ((treatment.kept || treatment.as_before) && !plan.stored_)
        plan.stored_ = entry_of(*treatment.packing, true);
  for (Treatment& treatment : plan.treatments_)
    treatment.own_entry =
        treatment.own_entry || (treatment.packing && !treatment.kept && !treatment.as_before);
  return plan;
}

Treatment PackingPlan::treat(const Weight& weight, const SourceTensors& source) const {
  Treatment treatment;
  const auto is_exact = [&](auto part) { return weight.name.contains(part); };
  if (!std::ranges::any_of(rules_->exact, is_exact)) treatment.dtype = wish_.dtype;
  const StoredTensor& stored = source.at(weight.ranges[0].tensor);
  const bool alike = std::ranges::all_of(weight.ranges, [&](const RowRange& range) {
    const StoredTensor& other = source.at(range.tensor);
    return other.packed() == stored.packed() && other.packing == stored.packing;
  });
  const bool keep =
      !options_.dequantize && !options_.requantize && stored.packed() && alike && !weight.turned;
  if (keep) {
    treatment.kept = !weight.addition;
    treatment.as_before = weight.addition.has_value();
    treatment.packing = stored.packing;
    return treatment;
  }
  if (!is_matrix(weight)) return treatment;
  return pack(weight, std::move(treatment));
}

Treatment PackingPlan::pack(const Weight& weight, Treatment treatment) const {
  const std::string path = weight.path();
  if (!wish_.packing) return treatment;
  if (path_is_one_of(path, rules_->plain)) {
    treatment.reason = "a router, which MLX's tools leave plain";
    return treatment;
  }
  if (weight.width() % wish_.packing->group_size != 0) {
    treatment.reason =
        group_reason(weight.width(), wish_.packing->group_size, nn::format_of(wish_.packing->mode));
    return treatment;
  }
  treatment.packing = wish_.packing;
  if (recipe_) {
    treatment.packing->bits = recipe_->bits(path);
    treatment.own_entry = true;
  } else if (const auto own = options_.layer_bits.find(path); own != options_.layer_bits.end()) {
    treatment.packing->bits = own->second;
    treatment.own_entry = true;
  } else if (path_is_one_of(path, rules_->careful)) {
    treatment.packing = kCareful;
    if (weight.width() % kCareful.group_size != 0) treatment.packing->group_size = 32;
    treatment.own_entry = true;
    treatment.short_entry = true;
    if (weight.width() % treatment.packing->group_size != 0) {
      treatment.packing.reset();
      treatment.own_entry = false;
      treatment.reason = fmt::format(
          "a layer that takes 8 bits in groups of 64 or 32, but {} is "
          "divisible by neither",
          weight.width());
    }
  }
  return treatment;
}

std::optional<json::object> PackingPlan::setting(const std::vector<Weight>& weights) const {
  if (!std::ranges::any_of(treatments_, [](const auto& it) { return it.packing.has_value(); }))
    return {};
  json::object setting = stored_ ? *stored_ : entry_of(*wish_.packing, true);
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (treatments_[i].own_entry)
      setting[weights[i].path()] = entry_of(*treatments_[i].packing, !treatments_[i].short_entry);
  return setting;
}

}  // namespace hearth::convert
