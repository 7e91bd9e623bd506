// Rope settings: rope_theta + rope_scaling (transformers 4) or rope_parameters (transformers 5).
#include "models/config.h"
#include "models/fields.h"

namespace hearth::models {

namespace {

using Kind = nn::RopeSpec::Kind;

constexpr std::string_view kSupported = "default, linear, llama3, yarn";

std::optional<Kind> kind_of(std::string_view name) {
  if (name == "default") return Kind::Default;
  if (name == "linear") return Kind::Linear;
  if (name == "llama3") return Kind::Llama3;
  if (name == "yarn") return Kind::Yarn;
  return {};
}

/// Where the settings stand, and under which name messages should speak of them.
struct RopeObject {
  json::object settings;
  std::string name;
};

/// rope_parameters may hold one dict per kind of layer; all kinds must agree.
Result<RopeObject> find_settings(const json::object& object) {
  const json::value* v5 = object.if_contains("rope_parameters");
  const json::value* v4 = object.if_contains("rope_scaling");
  if (v5 && v5->is_object()) {
    const json::object& settings = v5->get_object();
    const json::value* full = settings.if_contains("full_attention");
    if (!full || !full->is_object()) return RopeObject{settings, "rope_parameters"};
    const json::value* sliding = settings.if_contains("sliding_attention");
    if (sliding && *sliding != *full)
      return fail(ErrorCode::UnsupportedArgument,
                  "config.json: rope_parameters differ between full_attention and "
                  "sliding_attention, which this architecture does not support");
    return RopeObject{full->get_object(), "rope_parameters.full_attention"};
  }
  if (v4 && v4->is_object()) return RopeObject{v4->get_object(), "rope_scaling"};
  for (const auto& [value, name] :
       {std::pair(v5, "rope_parameters"), std::pair(v4, "rope_scaling")})
    if (value && !value->is_null())
      return fail(ErrorCode::CorruptData, "config.json: {} must be an object", name);
  return RopeObject{{}, "rope_scaling"};
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

void refuse_partial(Fields& fields) {
  if (fields.number("partial_rotary_factor", 1.0) != 1.0)
    fields.fault(ErrorCode::UnsupportedArgument, "partial_rotary_factor",
                 "other than 1 is not supported by this architecture");
}

}  // namespace

Result<nn::RopeSpec> parse_rope(const json::object& object, int context_length) {
  const RopeObject rope = TRY(find_settings(object));
  Fields root(object, "config.json: ");
  Fields fields(rope.settings, "config.json: " + rope.name + ".");
  nn::RopeSpec spec;
  spec.theta =
      fields.has("rope_theta") ? fields.number("rope_theta") : root.number("rope_theta", 10000.0);
  if (!(spec.theta > 1.0)) root.fault(ErrorCode::CorruptData, "rope_theta", "must be above 1");
  refuse_partial(root);
  refuse_partial(fields);

  const std::string_view key = fields.has("rope_type") ? "rope_type" : "type";
  const std::string name = fields.text(key, "default");
  const auto kind = kind_of(name);
  if (!kind) fields.unsupported(key, name, kSupported);
  spec.kind = kind.value_or(Kind::Default);
  const double original = root.number("original_max_position_embeddings", context_length);
  if (spec.kind != Kind::Default) read_stretching(fields, original, spec);
  if (spec.kind == Kind::Llama3) read_llama3(fields, spec);
  if (spec.kind == Kind::Yarn) read_yarn(fields, spec);
  TRY(root.finish());
  TRY(fields.finish());
  return spec;
}

}  // namespace hearth::models
