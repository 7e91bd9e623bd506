// Writes JSON with line breaks.
#include "convert/pretty_json.h"

namespace hearth::convert {

namespace {

constexpr std::size_t kIndent = 4;

void append(std::string& out, const json::value& value, std::size_t depth) {
  const auto new_line = [&](std::size_t to) { out += "\n" + std::string(to * kIndent, ' '); };
  if (const json::object* object = value.if_object(); object && !object->empty()) {
    out += '{';
    bool first = true;
    for (const auto& member : *object) {
      if (!first) out += ',';
      first = false;
      new_line(depth + 1);
      base::append_json_string(out, member.key());
      out += ": ";
      append(out, member.value(), depth + 1);
    }
    new_line(depth);
    out += '}';
  } else if (const json::array* list = value.if_array(); list && !list->empty()) {
    out += '[';
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i > 0) out += ',';
      new_line(depth + 1);
      append(out, (*list)[i], depth + 1);
    }
    new_line(depth);
    out += ']';
  } else {
    base::append_json(out, value);
  }
}

}  // namespace

std::string pretty_json(const json::value& value) {
  std::string text;
  append(text, value, 0);
  return text + "\n";
}

}  // namespace hearth::convert
