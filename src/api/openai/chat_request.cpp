// Reading a chat request: all faults are collected before any is reported.
#include "api/openai/chat_request.h"

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::api::openai {
namespace {

using base::DecodeContext;

struct ChatFields : CommonFields {
  std::optional<json::value> messages;
  std::optional<std::int64_t> max_completion_tokens;
  std::optional<bool> enable_thinking;
  std::optional<json::object> chat_template_kwargs;
  std::optional<std::string> reasoning_effort;
  std::optional<bool> continue_final_message;
  std::optional<bool> add_generation_prompt;
  std::optional<bool> logprobs;
  std::optional<int> top_logprobs;
  std::optional<std::string> reasoning_format;
  std::optional<bool> include_reasoning;
};
BOOST_DESCRIBE_STRUCT(ChatFields, (CommonFields),
                      (messages, max_completion_tokens, enable_thinking, chat_template_kwargs,
                       reasoning_effort, continue_final_message, add_generation_prompt, logprobs,
                       top_logprobs, reasoning_format, include_reasoning))

constexpr auto kRefusedByChat = std::to_array<RefusedField>({
    {"tools", "[]"},
    {"tool_choice", "\"auto\"", "\"none\""},
    {"functions", "[]"},
    {"function_call", "\"auto\"", "\"none\""},
    {"response_format", R"({"type":"text"})"},
    {"modalities", R"(["text"])"},
    {"audio", ""},
    {"moderation", ""},
    {"best_of", "1"},
    {"echo", "false"},
    {"reasoning_budget", "-1"},
    {"thinking_budget", "-1"},
    {"thinking", ""},
    {"reasoning", ""},
    {"reasoning_control", "false"},
    {"chat_template", ""},
});

constexpr std::array<std::string_view, 4> kRoles = {"system", "developer", "user", "assistant"};
constexpr std::array<std::string_view, 7> kEfforts = {"none", "minimal", "low", "medium",
                                                      "high", "xhigh",   "max"};

template <class List>
bool contains(const List& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

void check_part(const json::value& part, DecodeContext& context) {
  if (!part.is_object()) return context.add("must be an object");
  const auto* type = part.get_object().if_contains("type");
  const auto* text = part.get_object().if_contains("text");
  context.within("type", [&] {
    if (!type || !type->is_string())
      context.add("must be a string");
    else if (type->get_string() != "text")
      context.add(fmt::format("content of type \"{}\" is not supported by this server: send text",
                              std::string_view(type->get_string())),
                  ErrorCode::UnsupportedCapability);
  });
  if (type && type->is_string() && type->get_string() == "text" && (!text || !text->is_string()))
    context.within("text", [&] { context.add("must be a string"); });
}

void check_content(const json::object& message, std::string_view role, DecodeContext& context) {
  const auto* content = message.if_contains("content");
  context.within("content", [&] {
    if (!content || content->is_null()) {
      // An assistant may have said nothing (only thought); everybody else must say something.
      if (role != "assistant") context.add("is required", ErrorCode::MissingArgument);
    } else if (content->is_array()) {
      std::size_t i = 0;
      for (const auto& part : content->get_array())
        context.within(i++, [&] { check_part(part, context); });
    } else if (!content->is_string()) {
      context.add("must be a string or a list of parts");
    }
  });
}

void check_role(const json::object& message, std::string& role, DecodeContext& context) {
  const auto* found = message.if_contains("role");
  context.within("role", [&] {
    if (!found || found->is_null()) return context.add("is required", ErrorCode::MissingArgument);
    if (!found->is_string()) return context.add("must be a string");
    role = std::string_view(found->get_string());
    if (role == "tool" || role == "function")
      context.add("tool results are not supported by this server", ErrorCode::UnsupportedArgument);
    else if (!contains(kRoles, role))
      context.add(fmt::format("must be system, developer, user or assistant, not \"{}\"", role));
  });
}

/// One message with what a template may use of it; faults go to the context.
json::object read_message(const json::object& message, DecodeContext& context) {
  std::string role;
  check_role(message, role, context);
  check_content(message, role, context);
  static constexpr auto kNoCalls =
      std::to_array<RefusedField>({{"tool_calls", "[]"}, {"function_call", ""}});
  refuse_fields(message, kNoCalls, context);
  json::object out{{"role", role}};
  const auto* content = message.if_contains("content");
  out["content"] = content && !content->is_null() ? *content : json::value("");
  // `reasoning` is the other name that clients send back what was thought under.
  for (const auto& [name, known_as] :
       {std::pair("name", "name"), std::pair("reasoning", "reasoning_content"),
        std::pair("reasoning_content", "reasoning_content")})
    if (const auto* value = message.if_contains(name); value && value->is_string())
      out[known_as] = *value;
  return out;
}

json::array read_messages(const std::optional<json::value>& given, DecodeContext& context) {
  json::array messages;
  context.within("messages", [&] {
    if (!given) return context.add("is required", ErrorCode::MissingArgument);
    if (!given->is_array()) return context.add("must be a list of messages");
    if (given->get_array().empty()) return context.add("must hold at least one message");
    std::size_t i = 0;
    for (const json::value& message : given->get_array())
      context.within(i++, [&] {
        if (!message.is_object()) return context.add("must be an object");
        messages.push_back(read_message(message.get_object(), context));
      });
  });
  return messages;
}

/// Templates that know the variable know these three words.
std::string_view template_effort(std::string_view effort) {
  if (effort == "minimal") return "low";
  if (effort == "xhigh" || effort == "max") return "high";
  return effort;
}

/// What the template is told about thinking; the stronger word comes last (wire rules: the wire's
/// own field, enable_thinking, chat_template_kwargs).
json::object template_variables(const ChatFields& fields, DecodeContext& context) {
  json::object variables = fields.chat_template_kwargs.value_or(json::object());
  for (const std::string_view taken : {"messages", "tools", "documents"})
    if (variables.contains(taken))
      context.within("chat_template_kwargs", [&] {
        context.within(taken, [&] { context.add("cannot be replaced here"); });
      });
  if (fields.enable_thinking) variables["enable_thinking"] = *fields.enable_thinking;
  if (!fields.reasoning_effort) return variables;
  if (!contains(kEfforts, *fields.reasoning_effort))
    context.within("reasoning_effort",
                   [&] { context.add("must be none, minimal, low, medium, high, xhigh or max"); });
  const bool thinks = *fields.reasoning_effort != "none";
  variables["enable_thinking"] = thinks;
  if (thinks) variables["reasoning_effort"] = template_effort(*fields.reasoning_effort);
  return variables;
}

void check_continuation(const ChatFields& fields, const json::array& messages,
                        DecodeContext& context) {
  if (!fields.continue_final_message.value_or(false)) return;
  context.within("continue_final_message", [&] {
    if (fields.add_generation_prompt.value_or(false)) context.add("excludes add_generation_prompt");
    if (messages.empty() || messages.back().as_object().at("role") != "assistant")
      context.add("needs a last message of the assistant");
  });
}

/// Whether reasoning stays in the content.
bool read_reasoning_format(const ChatFields& fields, DecodeContext& context) {
  const std::string format = fields.reasoning_format.value_or("auto");
  if (format != "none" && format != "auto" && format != "deepseek")
    context.within("reasoning_format", [&] { context.add("must be none, auto or deepseek"); });
  return format == "none";
}

std::optional<std::uint32_t> read_chat_logprobs(const ChatFields& fields, DecodeContext& context) {
  check_likeliest("top_logprobs", fields.top_logprobs, context);
  const bool wanted = fields.logprobs.value_or(false);
  if (fields.top_logprobs.value_or(0) > 0 && !wanted)
    context.within("top_logprobs", [&] { context.add("needs \"logprobs\": true"); });
  if (fields.n_probs.value_or(0) > 0) return static_cast<std::uint32_t>(*fields.n_probs);
  if (!wanted) return std::nullopt;
  return static_cast<std::uint32_t>(fields.top_logprobs.value_or(0));
}

}  // namespace

Result<Asked> read_chat_request(std::string_view body) {
  const auto document = TRY(base::parse_json(body));
  DecodeContext context;
  ChatFields fields;
  base::Decode<ChatFields>::read(document, fields, context);
  if (!document.is_object()) return fail(base::fold(context.take_errors()));

  check_ranges(fields, context);
  check_max_tokens("max_completion_tokens", fields.max_completion_tokens, context);
  refuse_fields(document.get_object(), kRefusedByChat, context);
  refuse_fields(document.get_object(), commonly_refused(), context);
  engine::ChatInput input;
  input.messages = read_messages(fields.messages, context);
  input.variables = template_variables(fields, context);
  check_continuation(fields, input.messages, context);
  Asked asked;
  asked.logprobs = read_chat_logprobs(fields, context);
  asked.raw_reasoning = read_reasoning_format(fields, context);
  asked.hide_reasoning = !fields.include_reasoning.value_or(true);
  if (!context.clean()) return fail(base::fold(context.take_errors()));

  input.continue_last = fields.continue_final_message.value_or(false);
  input.add_generation_prompt = fields.add_generation_prompt.value_or(!input.continue_last);
  if (fields.max_completion_tokens) fields.max_tokens = fields.max_completion_tokens;
  asked.ignored = ignored_fields(document.get_object());
  asked.inputs.emplace_back(std::move(input));
  asked.best_of = fields.n.value_or(1);
  asked.common = std::move(fields);
  return asked;
}

}  // namespace hearth::api::openai
