// Reads Mamba2's sizes.
#include "models/mamba_layers.h"

#include <algorithm>

namespace hearth::models {

namespace {

constexpr float kLongest = 1e30F;  // configs write infinity, or numbers beyond float32

/// The limits of time steps; JSON knows no infinity, so a config may have them as text.
void read_limits(Fields& fields, nn::Mamba2Spec& spec) {
  const json::value* value = fields.find("time_step_limit");
  const json::array* limits = value ? value->if_array() : nullptr;
  if (!limits || limits->size() != 2) return;
  const auto limit = [](const json::value& one, float otherwise) {
    return one.is_number() ? std::min(one.to_number<double>(), double{kLongest}) : otherwise;
  };
  spec.shortest_step = static_cast<float>(limit((*limits)[0], 0.0F));
  spec.longest_step = static_cast<float>(limit((*limits)[1], kLongest));
}

}  // namespace

Result<nn::Mamba2Spec> mamba2_spec(const Config& config, int inner) {
  Fields fields = config.fields();
  nn::Mamba2Spec spec{.width = config.hidden_size,
                      .heads = fields.integer("mamba_n_heads", 128),
                      .head_dim = 0,
                      .groups = fields.integer("mamba_n_groups", 1),
                      .state = fields.integer("mamba_d_state", 256),
                      .kernel = fields.integer("mamba_d_conv", 4, {2, 1024}),
                      .conv_bias = fields.boolean("mamba_conv_bias", true),
                      .in_bias = fields.boolean("mamba_proj_bias", false),
                      .out_bias = fields.boolean("mamba_proj_bias", false)};
  if (inner % spec.heads != 0)
    fields.fault(ErrorCode::CorruptData, "mamba_n_heads",
                 fmt::format("{} does not divide the mixer's width {}", spec.heads, inner));
  if (spec.heads % spec.groups != 0)
    fields.fault(ErrorCode::CorruptData, "mamba_n_groups",
                 fmt::format("{} does not divide mamba_n_heads {}", spec.groups, spec.heads));
  read_limits(fields, spec);
  TRY(fields.finish());
  spec.head_dim = inner / spec.heads;
  return spec;
}

}  // namespace hearth::models
