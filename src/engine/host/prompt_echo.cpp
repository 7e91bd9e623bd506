// From the prompt's tokens back to text.
#include "engine/host/prompt_echo.h"

#include <utility>

namespace hearth::engine {

PromptEcho::PromptEcho(std::shared_ptr<const text::Tokenizer> tokenizer, EchoedPrompt prompt)
    : prompt_(std::move(prompt)), decoder_(std::move(tokenizer), text::SkipSpecial::No) {}

bool PromptEcho::is_shown(std::size_t index) const {
  return index >= prompt_.added_front && index + prompt_.added_back < prompt_.tokens.size();
}

std::string PromptEcho::whole() {
  std::string text;
  for (; !done(); ++next_)
    if (is_shown(next_)) text += decoder_.push(prompt_.tokens[next_]);
  return text += decoder_.finish();
}

std::string PromptEcho::add(std::span<const RowChances> chances, TokenTrace& trace) {
  std::string text;
  if (next_ == 0) push(std::nullopt, trace, text);
  for (const RowChances& one : chances)
    if (!done()) push(one, trace, text);
  if (!done()) return text;
  const std::string_view rest = decoder_.finish();
  trace.decoded(rest.size());
  return text += rest;
}

void PromptEcho::push(const std::optional<RowChances>& chances, TokenTrace& trace,
                      std::string& text) {
  const TokenId token = prompt_.tokens[next_];
  const bool shown = is_shown(next_++);
  trace.add(token, chances, shown ? TokenTrace::Width::Text : TokenTrace::Width::Marked);
  if (!shown) return;
  const std::string_view more = decoder_.push(token);
  trace.decoded(more.size());
  text += more;
}

}  // namespace hearth::engine
