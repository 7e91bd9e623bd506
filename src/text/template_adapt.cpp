// How is a conversation changed so that a chat template takes it?
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "text/json_members.h"
#include "text/template_traits.h"

namespace hearth::text {
namespace {

bool is_null_or_missing(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr || value->is_null();
}

/// The content as one string, where it consists of text alone.
std::optional<std::string> plain_text(const json::value& content) {
  if (content.is_string()) return std::string(content.get_string());
  if (content.is_null()) return std::string();
  if (!content.is_array()) return std::nullopt;
  std::string text;
  for (const json::value& part : content.get_array()) {
    const json::object* object = part.if_object();
    if (object == nullptr || string_at(*object, "type") != "text") return std::nullopt;
    text += string_at(*object, "text");
  }
  return text;
}

json::array parts_of(const json::value& content) {
  if (content.is_array()) return content.get_array();
  return {
      json::object{{"type", "text"}, {"text", content.is_string() ? content : json::value("")}}};
}

/// Two contents with a blank line between; lists of parts stay lists.
json::value joined(const json::value& first, const json::value& second) {
  const auto a = plain_text(first);
  const auto b = plain_text(second);
  if (a && b) return json::string(a->empty() || b->empty() ? *a + *b : *a + "\n\n" + *b);
  json::array parts = parts_of(first);
  for (json::value& part : parts_of(second)) parts.push_back(std::move(part));
  return parts;
}

json::value take_content(json::object& message) {
  json::value* content = message.if_contains("content");
  return content != nullptr ? std::exchange(*content, nullptr) : json::value();
}

/// The calls of an assistant's turn; null where it has none.
json::array* calls_of(json::value& message) {
  json::object* object = message.if_object();
  json::value* calls = object != nullptr ? object->if_contains("tool_calls") : nullptr;
  json::array* list = calls != nullptr ? calls->if_array() : nullptr;
  return list != nullptr && !list->empty() ? list : nullptr;
}

json::object* function_of(json::value& call) {
  json::object* object = call.if_object();
  json::value* function = object != nullptr ? object->if_contains("function") : nullptr;
  return function != nullptr ? function->if_object() : nullptr;
}

class Adapter {
 public:
  Adapter(Conversation conversation, const TemplateTraits& traits)
      : messages_(std::move(conversation.messages)),
        tools_(std::move(conversation.tools)),
        traits_(traits) {}

  Conversation run() {
    for (json::value& message : messages_) adapt_message(message);
    if (traits_.short_call_ids) shorten_ids();
    if (traits_.calls_as_text) calls_to_text();
    if (traits_.tools_into_system && !tools_.empty()) tools_to_system();
    if (traits_.developer_as_system) rename_developers();
    if (traits_.late_system_as_user) rename_late_systems();
    if (traits_.system_into_user) systems_to_user();
    if (traits_.one_call_per_turn) split_calls();
    if (traits_.merge_same_role) merge_turns();
    return {std::move(messages_), std::move(tools_)};
  }

 private:
  void adapt_message(json::value& value) {
    json::object* message = value.if_object();
    if (message == nullptr) return;
    if (traits_.null_as_empty && is_null_or_missing(*message, "content")) {
      (*message)["content"] = "";
    }
    name_reasoning(*message);
    json::value* content = message->if_contains("content");
    if (traits_.join_text_parts && content != nullptr && content->is_array()) {
      if (const auto text = plain_text(*content)) *content = json::string(*text);
    }
    if (json::array* calls = calls_of(value)) {
      for (json::value& call : *calls) adapt_arguments(call);
    }
  }

  /// Reasoning goes by three names; templates read the first or, in older ones, `thinking`.
  static void name_reasoning(json::object& message) {
    for (const std::string_view name : {"reasoning_content", "thinking", "reasoning"}) {
      if (is_null_or_missing(message, name)) continue;
      const json::value reasoning = message.at(name);
      message.emplace("thinking", reasoning);
      message["reasoning_content"] = reasoning;
      return;
    }
  }

  void adapt_arguments(json::value& call) {
    json::object* function = function_of(call);
    json::value* arguments = function != nullptr ? function->if_contains("arguments") : nullptr;
    if (arguments == nullptr) return;
    using Arguments = TemplateTraits::Arguments;
    if (traits_.arguments == Arguments::Object && arguments->is_string()) {
      const auto parsed = base::parse_json(arguments->get_string());
      if (parsed && parsed->is_object()) *arguments = *parsed;
    } else if (traits_.arguments == Arguments::Text && arguments->is_object()) {
      *arguments = base::write_json(*arguments);
    }
  }

  /// Ids in the order of their calls: call00001, call00002 ...
  void shorten_ids() {
    std::map<std::string, std::string, std::less<>> names;
    for (json::value& message : messages_) {
      if (json::array* calls = calls_of(message)) {
        for (json::value& call : *calls) {
          if (call.is_object()) shorten(call.get_object(), "id", names);
        }
      }
      if (role_of(message) == "tool") shorten(message.get_object(), "tool_call_id", names);
    }
  }

  static void shorten(json::object& holder, std::string_view key,
                      std::map<std::string, std::string, std::less<>>& names) {
    json::value* id = holder.if_contains(key);
    if (id == nullptr || !id->is_string()) return;
    const std::string next = fmt::format("call{:05}", names.size() + 1);
    *id = names.emplace(std::string(id->get_string()), next).first->second;
  }

  void calls_to_text() {
    for (json::value& message : messages_) {
      if (json::array* calls = calls_of(message)) {
        std::string text;
        for (json::value& call : *calls) text += (text.empty() ? "" : "\n") + call_text(call);
        json::object& turn = message.get_object();
        turn.erase("tool_calls");
        turn["content"] = joined(take_content(turn), json::string(text));
      } else if (role_of(message) == "tool") {
        json::object& turn = message.get_object();
        const auto result = plain_text(take_content(turn));
        const std::string text =
            fmt::format("<tool_response>\n{}\n</tool_response>", result.value_or(""));
        message = json::object{{"role", "user"}, {"content", text}};
      }
    }
  }

  static std::string call_text(json::value& call) {
    const json::object* function = function_of(call);
    if (function == nullptr) return {};
    const json::value* arguments = function->if_contains("arguments");
    json::value object = arguments != nullptr ? *arguments : json::value(json::object{});
    if (object.is_string()) object = base::parse_json(object.get_string()).value_or(object);
    const json::object written{{"name", string_at(*function, "name")}, {"arguments", object}};
    return fmt::format("<tool_call>\n{}\n</tool_call>", base::write_json(written));
  }

  void tools_to_system() {
    std::string text = "You can call these functions, one JSON object per line:\n";
    for (const json::value& tool : tools_) text += base::write_json(tool) + "\n";
    text +=
        "To call one, write its name and arguments like this:\n"
        "<tool_call>\n{\"name\": \"function_name\", \"arguments\": {}}\n</tool_call>";
    tools_.clear();
    if (messages_.empty() || role_of(messages_.front()) != "system") {
      messages_.insert(messages_.begin(), json::object{{"role", "system"}, {"content", ""}});
    }
    json::object& system = messages_.front().get_object();
    system["content"] = joined(take_content(system), json::string(text));
  }

  /// At the start a developer message is a system message; later it is the user's, order kept.
  void rename_developers() {
    bool at_start = true;
    for (json::value& message : messages_) {
      const std::string_view role = role_of(message);
      at_start = at_start && (role == "system" || role == "developer");
      if (role == "developer") message.get_object()["role"] = at_start ? "system" : "user";
    }
  }

  void rename_late_systems() {
    for (std::size_t i = 1; i < messages_.size(); ++i) {
      const bool follows_system = role_of(messages_[i - 1]) == "system";
      if (role_of(messages_[i]) != "system") continue;
      if (follows_system) {
        json::object& first = messages_[i - 1].get_object();
        json::object& second = messages_[i].get_object();
        first["content"] = joined(take_content(first), take_content(second));
        messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(i--));
      } else {
        messages_[i].get_object()["role"] = "user";
      }
    }
  }

  void systems_to_user() {
    if (messages_.empty() || role_of(messages_.front()) != "system") return;
    if (messages_.size() < 2 || role_of(messages_[1]) != "user") {
      messages_.front().get_object()["role"] = "user";
      return;
    }
    json::object& system = messages_[0].get_object();
    json::object& user = messages_[1].get_object();
    user["content"] = joined(take_content(system), take_content(user));
    messages_.erase(messages_.begin());
  }

  /// One turn per call, each followed by its result; what was said stays with the first.
  void split_calls() {
    json::array split;
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      json::array* calls = calls_of(messages_[i]);
      if (calls == nullptr || calls->size() < 2) {
        split.push_back(std::move(messages_[i]));
        continue;
      }
      std::size_t end = i + 1;
      while (end < messages_.size() && role_of(messages_[end]) == "tool") ++end;
      append_single_calls(split, i, end);
      i = end - 1;
    }
    messages_ = std::move(split);
  }

  void append_single_calls(json::array& split, std::size_t turn, std::size_t end) {
    const json::array calls = *calls_of(messages_[turn]);
    std::vector<bool> used(end, false);
    for (std::size_t k = 0; k < calls.size(); ++k) {
      json::object single = messages_[turn].get_object();
      single["tool_calls"] = json::array{calls[k]};
      if (k > 0) single["content"] = "";
      split.push_back(std::move(single));
      const std::size_t result = result_of(calls[k], turn + 1, end, used);
      if (result == end) continue;
      used[result] = true;
      split.push_back(messages_[result]);
    }
    for (std::size_t i = turn + 1; i < end; ++i) {
      if (!used[i]) split.push_back(messages_[i]);
    }
  }

  /// The result with the call's id, else the first that is left.
  std::size_t result_of(const json::value& call, std::size_t begin, std::size_t end,
                        const std::vector<bool>& used) const {
    const std::string_view id =
        call.is_object() ? string_at(call.get_object(), "id") : std::string_view();
    std::size_t first = end;
    for (std::size_t i = begin; i < end; ++i) {
      if (used[i]) continue;
      if (!id.empty() && string_at(messages_[i].get_object(), "tool_call_id") == id) return i;
      first = std::min(first, i);
    }
    return first;
  }

  void merge_turns() {
    json::array merged;
    for (json::value& message : messages_) {
      const std::string_view role = role_of(message);
      const bool same = !merged.empty() && (role == "user" || role == "assistant") &&
                        role == role_of(merged.back()) && calls_of(message) == nullptr &&
                        calls_of(merged.back()) == nullptr;
      if (!same) {
        merged.push_back(std::move(message));
        continue;
      }
      json::object& last = merged.back().get_object();
      last["content"] = joined(take_content(last), take_content(message.get_object()));
    }
    messages_ = std::move(merged);
  }

  json::array messages_;
  json::array tools_;
  const TemplateTraits& traits_;
};

}  // namespace

Conversation adapt(Conversation conversation, const TemplateTraits& traits) {
  return Adapter(std::move(conversation), traits).run();
}

}  // namespace hearth::text
