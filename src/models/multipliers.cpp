// Reads Granite's factors.
#include "models/multipliers.h"

#include "models/family.h"

namespace hearth::models {

void default_multipliers(json::object& config) {
  for (const std::string_view key :
       {"embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling"})
    set_default(config, key, 1.0);
}

Result<void> read_multipliers(const Config& config, DecoderSpec& spec) {
  Fields fields = config.fields();
  const double logits = fields.number("logits_scaling");
  if (logits == 0.0) fields.fault(ErrorCode::CorruptData, "logits_scaling", "must not be 0");
  spec.embedding_scale = static_cast<float>(fields.number("embedding_multiplier"));
  spec.attention.scale = static_cast<float>(fields.number("attention_multiplier"));
  spec.residual_scale = static_cast<float>(fields.number("residual_multiplier"));
  spec.logit_scale = static_cast<float>(1.0 / logits);
  return fields.finish();
}

}  // namespace hearth::models
