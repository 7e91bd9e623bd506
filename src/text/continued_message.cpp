// Where does a prompt end whose last message goes on?
#include "text/continued_message.h"

#include <algorithm>

#include "text/template_spaces.h"

namespace hearth::text {
namespace {

/// Ends in a space: a template that trims shows the tag without it.
constexpr std::string_view kTag = "\uFDD6continue\uFDD7 ";

/// The text that is continued: the content, or its last text part; null if there is none.
json::value* last_text(json::value& message) {
  json::object* object = message.if_object();
  json::value* content = object != nullptr ? object->if_contains("content") : nullptr;
  if (content == nullptr || content->is_string()) return content;
  json::array* parts = content->if_array();
  if (parts == nullptr || parts->empty() || !parts->back().is_object()) return nullptr;
  json::value* text = parts->back().get_object().if_contains("text");
  return text != nullptr && text->is_string() ? text : nullptr;
}

std::string_view trimmed_front(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kTemplateSpaces), text.size()));
}

std::string_view trimmed_back(std::string_view text) {
  const std::size_t last = text.find_last_not_of(kTemplateSpaces);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::unexpected<Error> cannot_continue(std::string_view why) {
  return std::unexpected(
      Error{.code = ErrorCode::InvalidArgument,
            .message = fmt::format("the last message cannot be continued: {}", why),
            .param = "messages"});
}

}  // namespace

Result<void> tag_last_message(json::array& messages) {
  json::value* text = messages.empty() ? nullptr : last_text(messages.back());
  if (text == nullptr) return cannot_continue("it has no text");
  text->get_string() += kTag;
  return {};
}

Result<std::string> cut_at_tag(std::string rendered) {
  const std::size_t at = rendered.rfind(kTag.substr(0, kTag.size() - 1));
  if (at == std::string::npos) {
    return cannot_continue("the model's chat template does not show its end");
  }
  const bool keeps_spaces = std::string_view(rendered).substr(at).starts_with(kTag);
  const std::string_view before = std::string_view(rendered).substr(0, at);
  rendered.resize(keeps_spaces ? at : trimmed_back(before).size());
  return rendered;
}

std::string_view after_last_message(std::string_view rendered, const json::array& messages) {
  if (messages.empty()) return rendered;
  json::value last = messages.back();
  const json::value* text = last_text(last);
  const std::string_view shown = text != nullptr ? text->get_string() : std::string_view();
  const std::string_view solid = trimmed_back(trimmed_front(shown));
  const std::size_t at = solid.empty() ? std::string_view::npos : rendered.rfind(solid);
  return at == std::string_view::npos ? rendered : rendered.substr(at + solid.size());
}

}  // namespace hearth::text
