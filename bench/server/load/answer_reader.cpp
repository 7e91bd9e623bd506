// Reading events and whole answers.
#include "load/answer_reader.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/json.h"

namespace hearth::load {
namespace {

constexpr std::string_view kText = R"("text":)";
constexpr std::string_view kUsage = R"("usage":)";
constexpr std::string_view kError = R"("error":)";

std::string_view skip_spaces(std::string_view text) {
  return text.substr(std::min(text.size(), text.find_first_not_of(' ')));
}

/// What follows a member's name, or nothing if it is not there.
std::string_view after(std::string_view line, std::string_view name) {
  const auto at = line.find(name);
  return at == std::string_view::npos ? "" : skip_spaces(line.substr(at + name.size()));
}

/// The inside of the JSON string that `text` begins with, escapes left as they are.
std::string_view string_inside(std::string_view text) {
  if (!text.starts_with('"')) return "";
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return text.substr(1, std::min(end, text.size()) - 1);
}

std::uint32_t number_at(const json::value& document, std::string_view pointer) {
  boost::system::error_code missing;
  const json::value* found = document.find_pointer(pointer, missing);
  return found && found->is_number() ? found->to_number<std::uint32_t>() : 0;
}

}  // namespace

void AnswerReader::read_events(std::string_view piece, double now) {
  for (std::size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    if (body_.empty()) {
      read_line(piece.substr(0, end), now);
    } else {
      body_ += piece.substr(0, end);
      read_line(std::exchange(body_, {}), now);
    }
    piece.remove_prefix(end + 1);
  }
  body_ += piece;
}

void AnswerReader::read_line(std::string_view line, double now) {
  constexpr std::string_view kData = "data:";
  if (!line.starts_with(kData)) return;
  line = skip_spaces(line.substr(kData.size()));
  if (line.starts_with("[DONE]")) {
    done_ = true;
    return;
  }
  read_text(line, now);
  if (after(line, kUsage).starts_with('{') || after(line, kError).starts_with('{'))
    read_document(line, /*with_text=*/false);
}

void AnswerReader::read_text(std::string_view line, double now) {
  const std::string_view text = string_inside(after(line, kText));
  if (text.empty()) return;
  record_.text += text;
  const auto length = static_cast<std::uint32_t>(text.size());
  const std::uint32_t tokens =
      characters_per_token_ == 0 ? 1 : std::max(1U, length / characters_per_token_);
  record_.arrivals.push_back({.at = now, .tokens = tokens});
}

void AnswerReader::read_document(std::string_view document, bool with_text) {
  const auto parsed = base::parse_json(document);
  if (!parsed || !parsed->is_object()) {
    record_.error = fmt::format("the answer is no JSON object: {}", document.substr(0, 200));
    return;
  }
  if (const auto* error = parsed->get_object().if_contains("error"); error && !error->is_null()) {
    record_.error = base::write_json(*error);
    return;
  }
  record_.prompt_tokens = number_at(*parsed, "/usage/prompt_tokens");
  record_.completion_tokens = number_at(*parsed, "/usage/completion_tokens");
  record_.cached_tokens = number_at(*parsed, "/usage/prompt_tokens_details/cached_tokens");
  // llama-server says it beside the usage.
  if (record_.cached_tokens == 0) record_.cached_tokens = number_at(*parsed, "/timings/cache_n");
  boost::system::error_code missing;
  if (const auto* text = parsed->find_pointer("/choices/0/text", missing);
      with_text && text && text->is_string())
    record_.text = text->get_string();
}

void AnswerReader::finish(int status, bool streamed) {
  if (!record_.error.empty()) return;
  if (!streamed || status != 200) {
    read_document(body_, /*with_text=*/true);
    if (record_.error.empty() && status != 200) record_.error = fmt::format("status {}", status);
  } else if (!done_) {
    record_.error = "the stream ended without [DONE]";
  }
  if (record_.error.empty() && record_.completion_tokens == 0)
    record_.error = "the answer says nothing of its usage";
}

}  // namespace hearth::load
