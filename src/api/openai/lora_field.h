// `lora`: the adapters that a request chooses, by number or by name.
#pragma once

#include <vector>

#include "base/decode.h"
#include "engine/engine.h"
#include "services/library/adapters.h"

namespace hearth::api::openai {

/// `[{id, scale}]`: id is a number or a name, scale 1 where it is left out.
struct LoraField {
  std::vector<engine::AdapterChoice> choices;
};

/// What a request without a choice of its own gets.
std::vector<engine::AdapterChoice> usual_choices(
    const std::vector<services::AdapterEntry>& adapters);

}  // namespace hearth::api::openai

namespace hearth::base {
template <>
struct Decode<api::openai::LoraField> {
  static void read(const json::value& value, api::openai::LoraField& out, DecodeContext& context);
};
}  // namespace hearth::base
