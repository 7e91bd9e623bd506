// Rope settings: rope_theta + rope_scaling (transformers 4) or rope_parameters (transformers 5).
#include <algorithm>
#include <utility>

#include "models/config.h"
#include "models/fields.h"

namespace hearth::models {

namespace {

using Kind = nn::RopeSpec::Kind;

constexpr std::string_view kSupported = "default, linear, llama3, yarn, longrope";

std::optional<Kind> kind_of(std::string_view name) {
  if (name == "default") return Kind::Default;
  if (name == "linear") return Kind::Linear;
  if (name == "llama3") return Kind::Llama3;
  if (name == "yarn") return Kind::Yarn;
  if (name == "longrope" || name == "su") return Kind::LongRope;
  if (name == "mrope") return Kind::Default;  // differs for images only
  return {};
}

/// Where the settings stand, and under which name messages should speak of them.
struct RopeObject {
  const json::object* settings = nullptr;
  std::string name = {};
};

const json::object* object_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value ? value->if_object() : nullptr;
}

/// rope_parameters may hold one dict per kind of layer.
RopeObject find_settings(const json::object& object, std::string_view kind) {
  static const json::object kNothing;
  if (const json::object* v5 = object_at(object, "rope_parameters")) {
    const json::object* own = object_at(*v5, kind);
    if (own) return {own, fmt::format("rope_parameters.{}", kind)};
    return {v5, "rope_parameters"};
  }
  const json::object* v4 = object_at(object, "rope_scaling");
  return {v4 ? v4 : &kNothing, "rope_scaling"};
}

Result<void> check_objects(Fields& fields) {
  for (const std::string_view key : {"rope_parameters", "rope_scaling"})
    if (fields.has(key) && !fields.find(key)->is_object())
      fields.fault(ErrorCode::CorruptData, key, "must be an object");
  return fields.finish();
}

void read_stretching(Fields& fields, double original_context, nn::RopeSpec& spec) {
  spec.factor = fields.number("factor");
  if (!(spec.factor >= 1.0)) fields.fault(ErrorCode::CorruptData, "factor", "must be at least 1");
  if (spec.kind == Kind::Linear) return;
  spec.original_context = fields.number("original_max_position_embeddings", original_context);
  if (!(spec.original_context >= 1.0))
    fields.fault(ErrorCode::CorruptData, "original_max_position_embeddings", "must be positive");
}

void read_llama3(Fields& fields, nn::RopeSpec& spec) {
  spec.low_freq_factor = fields.number("low_freq_factor");
  spec.high_freq_factor = fields.number("high_freq_factor");
  if (!(spec.low_freq_factor > 0.0 && spec.low_freq_factor < spec.high_freq_factor))
    fields.fault(ErrorCode::CorruptData, "low_freq_factor",
                 "must be positive and below high_freq_factor");
}

void read_yarn(Fields& fields, nn::RopeSpec& spec) {
  spec.beta_fast = fields.number("beta_fast", 32.0);
  spec.beta_slow = fields.number("beta_slow", 1.0);
  spec.mscale = fields.number("mscale", 0.0);
  spec.mscale_all_dim = fields.number("mscale_all_dim", 0.0);
  spec.truncate = fields.boolean("truncate", true);
  if (fields.has("attention_factor")) spec.attention_factor = fields.number("attention_factor");
  if (!(spec.beta_fast > 0.0 && spec.beta_slow > 0.0))
    fields.fault(ErrorCode::CorruptData, "beta_fast", "and beta_slow must be positive");
}

std::vector<double> read_factors(Fields& fields, std::string_view key, int pairs) {
  std::vector<double> factors = fields.number_list(key);
  const bool positive = std::ranges::all_of(factors, [](double f) { return f > 0.0; });
  if (std::cmp_not_equal(factors.size(), pairs) || !positive)
    fields.fault(ErrorCode::CorruptData, key,
                 fmt::format("must be a list of {} positive numbers", pairs));
  return factors;
}

void read_longrope(Fields& fields, const Config& config, double original, nn::RopeSpec& spec) {
  spec.original_context = fields.number("original_max_position_embeddings", original);
  if (!(spec.original_context > 1.0))
    fields.fault(ErrorCode::CorruptData, "original_max_position_embeddings", "must be above 1");
  spec.factor = fields.number("factor", config.context_length / spec.original_context);
  if (fields.has("attention_factor")) spec.attention_factor = fields.number("attention_factor");
  if (fields.has("short_mscale")) spec.short_magnitude = fields.number("short_mscale");
  if (fields.has("long_mscale")) spec.long_magnitude = fields.number("long_mscale");
  const int pairs = nn::rope_dims(spec, config.head_dim) / 2;
  spec.short_factors = read_factors(fields, "short_factor", pairs);
  spec.long_factors = read_factors(fields, "long_factor", pairs);
}

/// The settings of the layers of one kind.
Result<nn::RopeSpec> parse_kind(const Config& config, std::string_view layers) {
  Fields root = config.fields();
  TRY(check_objects(root));
  const RopeObject rope = find_settings(config.object, layers);
  Fields fields(*rope.settings, root.path() + rope.name + ".");
  nn::RopeSpec spec;
  const auto either = [&](std::string_view key, double otherwise) {
    return fields.has(key) ? fields.number(key) : root.number(key, otherwise);
  };
  spec.theta = either("rope_theta", 10000.0);
  if (!(spec.theta > 1.0)) root.fault(ErrorCode::CorruptData, "rope_theta", "must be above 1");
  spec.partial = either("partial_rotary_factor", 1.0);
  if (!(spec.partial > 0.0 && spec.partial <= 1.0) || nn::rope_dims(spec, config.head_dim) % 2 != 0)
    root.fault(ErrorCode::CorruptData, "partial_rotary_factor",
               "must leave an even number of each head's channels, at most all");

  const std::string_view key = fields.has("rope_type") ? "rope_type" : "type";
  const std::string name = fields.text(key, "default");
  const auto kind = kind_of(name);
  if (!kind) fields.unsupported(key, name, kSupported);
  spec.kind = kind.value_or(Kind::Default);
  const double original = root.number("original_max_position_embeddings", config.context_length);
  if (spec.kind == Kind::LongRope)
    read_longrope(fields, config, original, spec);
  else if (spec.kind != Kind::Default)
    read_stretching(fields, original, spec);
  if (spec.kind == Kind::Llama3) read_llama3(fields, spec);
  if (spec.kind == Kind::Yarn) read_yarn(fields, spec);
  TRY(root.finish());
  TRY(fields.finish());
  return spec;
}

constexpr std::string_view kFull = "full_attention";
constexpr std::string_view kSliding = "sliding_attention";

}  // namespace

Result<void> parse_rope(Config& config) {
  config.rope = TRY(parse_kind(config, kFull));
  const json::object* v5 = object_at(config.object, "rope_parameters");
  if (v5 && object_at(*v5, kSliding)) config.local_rope = TRY(parse_kind(config, kSliding));
  return {};
}

Fields Config::rope_fields() const {
  const RopeObject found = find_settings(object, kFull);
  return {*found.settings, fields().path() + found.name + "."};
}

}  // namespace hearth::models
