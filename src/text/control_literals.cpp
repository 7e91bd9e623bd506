// Which words of a text would be control tokens, and how are a user's kept from being some?
#include "text/control_literals.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>

#include "text/control_marks.h"
#include "text/json_members.h"
#include "text/reasoning_splitter.h"
#include "text/template_spaces.h"

namespace hearth::text {
namespace {

/// What families write around tool calls (reasoning markers have their own table).
constexpr std::array<std::string_view, 24> kToolMarkers{
    "<tool_call>",
    "</tool_call>",
    "<|python_tag|>",
    "[TOOL_CALLS]",
    "[CALL_ID]",
    "[ARGS]",
    "<|START_ACTION|>",
    "<|END_ACTION|>",
    "<minimax:tool_call>",
    "</minimax:tool_call>",
    "<arg_key>",
    "</arg_key>",
    "<arg_value>",
    "</arg_value>",
    "<|tool_calls_section_begin|>",
    "<|tool_calls_section_end|>",
    "<|tool_call_begin|>",
    "<|tool_call_argument_begin|>",
    "<|tool_call_end|>",
    "<|tool_call>",
    "<tool_call|>",
    "<|\"|>",
    "<|tool_call_start|>",
    "<|tool_call_end|>",
};

bool is_tool_marker(std::string_view text) {
  return std::find(kToolMarkers.begin(), kToolMarkers.end(), text) != kToolMarkers.end();
}

/// `<|channel>thought` begins with the token `<|channel>`.
bool is_reasoning_marker(std::string_view text) {
  const auto markers = known_reasoning_markers();
  return std::any_of(markers.begin(), markers.end(), [text](const ReasoningMarkers& pair) {
    return pair.open == text || pair.close == text ||
           (text == "<|channel>" && pair.open.starts_with(text));
  });
}

bool is_control(const AddedToken& token, std::string_view template_source) {
  const bool blank = token.text.find_first_not_of(kTemplateSpaces) == std::string::npos;
  if (blank) return false;  // runs of white space are text, though templates hold them too
  return token.special || is_tool_marker(token.text) || is_reasoning_marker(token.text) ||
         template_source.find(token.text) != std::string_view::npos;
}

std::size_t first_character_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
  return size;
}

std::size_t last_solid(std::string_view text) {
  const std::size_t last = text.find_last_not_of(kTemplateSpaces);
  return last == std::string_view::npos ? 0 : last + 1;
}

/// Whether `text`, or what a template would trim it to, needs marks.
bool needs_marks(std::string_view text, const PatternSet& patterns) {
  return patterns.found_in(text) || patterns.open_end(text.substr(0, last_solid(text))) > 0;
}

std::string marked(std::string_view text, const PatternSet& patterns, bool at_start) {
  const std::string& mark = control_mark();
  const std::size_t solid = last_solid(text);
  const bool open_end = patterns.open_end(text.substr(0, solid)) > 0;
  const std::size_t start = std::min(text.find_first_not_of(kTemplateSpaces), text.size());
  std::string out;
  std::size_t mark_at = at_start ? start : std::string_view::npos;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at == mark_at || (open_end && at == solid)) out += mark;
    if (patterns.match_at(text, at)) mark_at = at + first_character_size(text.substr(at));
    out += text[at];
  }
  if (mark_at == text.size() || (open_end && solid == text.size())) out += mark;
  return out;
}

/// Calls `visit` for every string in a value, names of members included.
void each_text(const json::value& value, const std::function<void(std::string_view)>& visit) {
  if (value.is_string()) visit(value.get_string());
  if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) each_text(item, visit);
  }
  if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) {
      visit(member.key());
      each_text(member.value(), visit);
    }
  }
}

/// The value with every string changed, names of members included.
json::value changed(const json::value& value,
                    const std::function<std::string(std::string_view)>& change) {
  if (value.is_string()) return json::string(change(value.get_string()));
  if (const json::array* array = value.if_array()) {
    json::array out;
    for (const json::value& item : *array) out.push_back(changed(item, change));
    return out;
  }
  if (const json::object* object = value.if_object()) {
    json::object out;
    for (const auto& member : *object) {
      out[change(member.key())] = changed(member.value(), change);
    }
    return out;
  }
  return value;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_.:/-").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

}  // namespace

ControlLiterals::ControlLiterals(const Tokenizer& tokenizer, std::string_view template_source) {
  std::vector<std::string> every;
  std::vector<std::string> foreign;
  for (const AddedToken& token : tokenizer.vocabulary().added()) {
    if (!is_control(token, template_source)) continue;
    ids_.push_back(token.id);
    every.push_back(token.text);
    if (!is_tool_marker(token.text) && !is_reasoning_marker(token.text)) {
      foreign.push_back(token.text);
    }
  }
  every_ = PatternSet(every);
  foreign_ = PatternSet(foreign);
}

const PatternSet& ControlLiterals::patterns_for(std::string_view role) const {
  return role == "assistant" ? foreign_ : every_;
}

bool ControlLiterals::found_in(const Conversation& conversation,
                               const json::object& variables) const {
  bool found = false;
  const auto look = [&found](const json::value& value, const PatternSet& patterns) {
    each_text(value, [&](std::string_view text) { found = found || needs_marks(text, patterns); });
  };
  for (const json::value& message : conversation.messages) {
    look(message, patterns_for(role_of(message)));
  }
  look(conversation.tools, every_);
  look(variables, every_);
  return found;
}

void ControlLiterals::mark(Conversation& conversation, json::object& variables,
                           bool at_start) const {
  const auto with_marks = [](const json::value& value, const PatternSet& patterns, bool start) {
    return changed(value, [&](std::string_view text) { return marked(text, patterns, start); });
  };
  for (json::value& message : conversation.messages) {
    const PatternSet& patterns = patterns_for(role_of(message));
    json::object* object = message.if_object();
    if (object == nullptr) continue;
    for (auto& member : *object) {
      const bool fixed = member.key() == "role" || member.key() == "type";
      // Only what a template writes right behind its own text can complete its half literal.
      const bool start = at_start && member.key() == "content";
      if (!fixed) member.value() = with_marks(member.value(), patterns, start);
    }
  }
  conversation.tools = with_marks(conversation.tools, every_, false).as_array();
  variables = with_marks(variables, every_, false).as_object();
}

std::string ControlLiterals::spell(std::string_view rendered) const {
  std::string spelt;
  std::size_t at = 0;
  for (const PatternSet::Match& match : every_.find_all(rendered)) {
    const std::size_t end = match.begin + match.length;
    // A literal of one character cannot be broken: the mark behind it says whose it is.
    const bool is_users = rendered.substr(end).starts_with(control_mark());
    spelt += rendered.substr(at, match.begin - at);
    spelt += is_users ? std::string(rendered.substr(match.begin, match.length))
                      : control_spelling(ids_[match.pattern]);
    at = end;
  }
  spelt += rendered.substr(at);
  return without_marks(spelt);
}

Result<void> check_roles(const json::array& messages) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const json::object* message = messages[i].if_object();
    if (message == nullptr) continue;
    for (const std::string_view field : {"role", "name"}) {
      const json::value* value = message->if_contains(field);
      if (value == nullptr || !value->is_string() || is_plain_name(value->get_string())) continue;
      return std::unexpected(Error{
          .code = ErrorCode::InvalidArgument,
          .message =
              fmt::format("messages[{}].{}: may hold letters, digits and _ . : / - only", i, field),
          .param = fmt::format("messages[{}].{}", i, field)});
    }
  }
  return {};
}

}  // namespace hearth::text
