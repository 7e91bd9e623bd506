// What does a chat template take, and how are messages changed so that it takes them?
#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace hearth::text {

/// What a template was seen to need. Found out once per model by rendering small conversations.
struct TemplateTraits {
  /// How a tool call's arguments must come.
  enum class Arguments { AsGiven, Object, Text } arguments = Arguments::AsGiven;
  bool null_content_as_empty = false;  ///< null or missing content fails or prints None
  bool join_text_parts = false;        ///< content must be one string
  bool system_into_user = false;       ///< no system role: put before the first user message
  bool developer_as_system = false;    ///< no developer role
  bool merge_same_role = false;        ///< roles must alternate
  bool tools_as_text = false;          ///< no tool role: calls and results become plain text
  bool one_call_per_turn = false;      ///< several calls in one turn are refused
  bool operator==(const TemplateTraits&) const = default;
};

/// Renders messages and tools without any adaptation; an error where the template fails.
using ProbeRender =
    std::function<Result<std::string>(const json::array& messages, const json::array& tools)>;

/// Finds out what a template needs. Costs about twenty small renders.
TemplateTraits probe_template(const ProbeRender& render);

/// The messages in the form that the template takes. Order and text stay; nothing is dropped.
json::array adapt_messages(const json::array& messages, const TemplateTraits& traits);

}  // namespace hearth::text
