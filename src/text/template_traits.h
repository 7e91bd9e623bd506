// What does a chat template take, and how is a conversation changed so that it takes it?
#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace hearth::text {

/// What a template was seen to need. Found out once per model by rendering small conversations.
struct TemplateTraits {
  /// How a tool call's arguments must come: either way, as an object, or as JSON text.
  enum class Arguments { AsGiven, Object, Text } arguments = Arguments::AsGiven;
  bool null_as_empty = false;        ///< null or missing content fails or prints None
  bool join_text_parts = false;      ///< content must be one string
  bool system_into_user = false;     ///< no system role: put before the first user message
  bool late_system_as_user = false;  ///< system messages only at the start
  bool developer_as_system = false;  ///< no developer role
  bool merge_same_role = false;      ///< roles must alternate
  bool calls_as_text = false;        ///< no tool calls and results: they become plain text
  bool tools_into_system = false;    ///< no place for tool definitions: told in the system text
  bool one_call_per_turn = false;    ///< several calls in one turn are refused
  bool short_call_ids = false;       ///< call ids must be nine letters and digits
  bool empty_tools = false;          ///< loops over tools: an empty list where there are none
  bool operator==(const TemplateTraits&) const = default;
};

/// The traits by name, for reports: only those that are set.
json::object describe(const TemplateTraits& traits);

/// Renders messages and tools (a list or null) without any adaptation; an error where that fails.
using ProbeRender =
    std::function<Result<std::string>(const json::array& messages, const json::value& tools)>;

/// Finds out what a template needs. Costs about twenty small renders.
TemplateTraits probe_template(const ProbeRender& render);

/// A conversation on its way to the template.
struct Conversation {
  json::array messages;
  json::array tools;
};

/// Brings a conversation into the form that the template takes. Nothing that was said is dropped.
Conversation adapt(Conversation conversation, const TemplateTraits& traits);

}  // namespace hearth::text
