// How is found out what a chat template takes?
#include "text/template_traits.h"

namespace hearth::text {
namespace {

constexpr std::string_view kSaid = "probe said";
constexpr std::string_view kRule = "probe rule";
constexpr std::string_view kLongId = "call_probe_0123456789";
constexpr std::string_view kShortId = "callprob1";
constexpr std::string_view kOtherId = "callprob2";

json::object message(std::string_view role, json::value content) {
  return {{"role", role}, {"content", std::move(content)}};
}

json::object say(std::string_view role, std::string_view text) {
  return message(role, json::string(text));
}

json::object user() {
  return say("user", kSaid);
}
json::object assistant() {
  return say("assistant", "probe answered");
}

json::value text_part(std::string_view text) {
  return json::array{json::object{{"type", "text"}, {"text", text}}};
}

json::object call(std::string_view id, json::value arguments) {
  return {{"id", id},
          {"type", "function"},
          {"function", json::object{{"name", "probe_tool"}, {"arguments", std::move(arguments)}}}};
}

json::object calling(json::array calls) {
  json::object turn = say("assistant", "");
  turn["tool_calls"] = std::move(calls);
  return turn;
}

json::object tool_result(std::string_view id) {
  json::object result = say("tool", "probe result");
  result["tool_call_id"] = id;
  result["name"] = "probe_tool";
  return result;
}

json::array tools() {
  const json::object key{{"type", "string"}, {"description", "probe text"}};
  const json::object parameters{{"type", "object"},
                                {"properties", json::object{{"probe_key", key}}},
                                {"required", json::array{"probe_key"}}};
  const json::object function{
      {"name", "probe_tool"}, {"description", "probe text"}, {"parameters", parameters}};
  return {json::object{{"type", "function"}, {"function", function}}};
}

json::object object_arguments() {
  return {{"probe_key", "probe value"}};
}
json::value text_arguments() {
  return json::string(R"({"probe_key": "probe value"})");
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t times = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++times;
  }
  return times;
}

class Probe {
 public:
  explicit Probe(const ProbeRender& render) : render_(render) {}

  TemplateTraits run() {
    traits_.empty_tools = !shows({user()}, kSaid);
    if (!shows({user()}, kSaid)) return {};  // nothing can be learnt
    probe_roles();
    probe_content();
    probe_calls();
    return traits_;
  }

 private:
  /// The output; empty where the template fails.
  std::string out(const json::array& messages, const json::array& with_tools = {}) const {
    const bool none = with_tools.empty() && !traits_.empty_tools;
    return render_(messages, none ? json::value() : json::value(with_tools)).value_or("");
  }
  bool shows(const json::array& messages, std::string_view part,
             const json::array& with_tools = {}) const {
    return out(messages, with_tools).find(part) != std::string::npos;
  }

  void probe_roles() {
    traits_.merge_same_role = !shows({user(), say("user", kRule)}, kRule);
    traits_.system_into_user = !shows({say("system", kRule), user()}, kRule);
    traits_.developer_as_system = !shows({say("developer", kRule), user()}, kRule);
    traits_.late_system_as_user =
        traits_.system_into_user ||
        !shows({say("system", "probe"), user(), assistant(), say("system", kRule), user()}, kRule);
  }

  bool takes_parts(std::string_view role) const {
    json::array messages{message(role, text_part(kRule))};
    if (role != "user") messages.push_back(user());
    if (role == "assistant") messages.insert(messages.begin(), user());
    const std::string text = out(messages);
    const bool raw =
        text.find("'type'") != std::string::npos || text.find("\"type\"") != std::string::npos;
    return text.find(kRule) != std::string::npos && !raw;
  }

  bool shows_none(json::object turn) const {
    const std::string with_null = out({user(), turn, user()});
    turn["content"] = "";
    const std::string with_empty = out({user(), turn, user()});
    if (with_empty.empty()) return false;
    return with_null.empty() || count(with_null, "None") > count(with_empty, "None");
  }

  void probe_content() {
    traits_.join_text_parts = !takes_parts("user") || !takes_parts("assistant") ||
                              (!traits_.system_into_user && !takes_parts("system"));
    json::object missing = assistant();
    missing.erase("content");
    json::object called = calling({call(kShortId, object_arguments())});
    called["content"] = nullptr;
    traits_.null_as_empty =
        shows_none(message("assistant", nullptr)) || shows_none(missing) || shows_none(called);
  }

  std::string out_called(std::string_view id, const json::value& arguments) const {
    return out({user(), calling({call(id, arguments)}), tool_result(id), assistant(), user()},
               tools());
  }

  void probe_calls() {
    traits_.tools_into_system = !shows({user()}, "probe_tool", tools());
    const std::string object = out_called(kShortId, object_arguments());
    const std::string text = out_called(kShortId, text_arguments());
    const bool takes_object = count(object, "probe value") > 0 && count(object, "{'probe") == 0;
    const bool takes_text = count(text, "probe value") > 0 && count(text, "\\\"probe_key") == 0;
    traits_.calls_as_text =
        !(takes_object || takes_text) || count(object + text, "probe result") == 0;
    if (traits_.calls_as_text) return;
    using Arguments = TemplateTraits::Arguments;
    if (takes_object && !takes_text) traits_.arguments = Arguments::Object;
    if (takes_text && !takes_object) traits_.arguments = Arguments::Text;
    probe_call_form(takes_object ? json::value(object_arguments()) : text_arguments());
  }

  void probe_call_form(const json::value& arguments) {
    traits_.short_call_ids = out_called(kLongId, arguments).empty();
    const json::array two{call(kShortId, arguments), call(kOtherId, arguments)};
    const std::string both = out(
        {user(), calling(two), tool_result(kShortId), tool_result(kOtherId), assistant(), user()},
        tools());
    traits_.one_call_per_turn = count(both, "probe value") < 2;
  }

  const ProbeRender& render_;
  TemplateTraits traits_;
};

}  // namespace

TemplateTraits probe_template(const ProbeRender& render) {
  return Probe(render).run();
}

json::object describe(const TemplateTraits& traits) {
  json::object set;
  const auto add = [&set](std::string_view name, bool value) {
    if (value) set[name] = true;
  };
  using Arguments = TemplateTraits::Arguments;
  if (traits.arguments == Arguments::Object) set["arguments"] = "object";
  if (traits.arguments == Arguments::Text) set["arguments"] = "text";
  add("null_as_empty", traits.null_as_empty);
  add("join_text_parts", traits.join_text_parts);
  add("system_into_user", traits.system_into_user);
  add("late_system_as_user", traits.late_system_as_user);
  add("developer_as_system", traits.developer_as_system);
  add("merge_same_role", traits.merge_same_role);
  add("calls_as_text", traits.calls_as_text);
  add("tools_into_system", traits.tools_into_system);
  add("one_call_per_turn", traits.one_call_per_turn);
  add("short_call_ids", traits.short_call_ids);
  add("empty_tools", traits.empty_tools);
  return set;
}

}  // namespace hearth::text
