// Finds boundaries by asking the template what it makes of other conversations.
#include "engine/host/chat_marks.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "engine/prefix_tree.h"

namespace hearth::engine {
namespace {

/// Begins with a character that no conversation has, so it parts from any other message at once.
constexpr std::string_view kSomethingElse = "\uFDD6something else";
/// What may follow a beginning; how its last letters become tokens depends on it.
constexpr std::array<std::string_view, 3> kFollowing = {"And", "\n\nThen", " 7"};

std::string_view role_of(const json::value& message) {
  const json::object* object = message.if_object();
  const json::value* role = object != nullptr ? object->if_contains("role") : nullptr;
  return role != nullptr && role->is_string() ? std::string_view(role->get_string())
                                              : std::string_view();
}

bool instructs(const json::value& message) {
  return role_of(message) == "system" || role_of(message) == "developer";
}

/// Who speaks after the first `count` messages: who does, or who would.
std::string_view next_role(const json::array& messages, std::size_t count) {
  if (count < messages.size()) return role_of(messages[count]);
  return role_of(messages.back()) == "user" ? "assistant" : "user";
}

/// The first `count` messages, and `content` instead of what follows.
text::ChatPrompt with_other_end(const text::ChatPrompt& chat, std::size_t count,
                                std::string_view content) {
  text::ChatPrompt other{.messages = {},
                         .tools = chat.tools,
                         .variables = chat.variables,
                         .add_generation_prompt = false};
  for (std::size_t i = 0; i < count; ++i) other.messages.push_back(chat.messages[i]);
  other.messages.push_back(
      json::object{{"role", next_role(chat.messages, count)}, {"content", content}});
  return other;
}

/// Shortens `tokens` to what `other` begins with as well.
void keep_common(std::vector<TokenId>& tokens, std::span<const TokenId> other) {
  tokens.resize(common_tokens(tokens, other));
}

}  // namespace

std::vector<std::uint32_t> message_boundaries(const text::ChatTemplate& chat_template,
                                              const text::ChatPrompt& chat,
                                              const text::Tokenizer& tokenizer,
                                              std::span<const TokenId> ids) {
  const std::size_t messages = chat.messages.size();
  const auto first = std::ranges::find_if_not(chat.messages, instructs) - chat.messages.begin();
  std::set<std::size_t> counts{static_cast<std::size_t>(first)};
  for (std::size_t last = 0; last <= 2 && last < messages; ++last) counts.insert(messages - last);
  if (chat.continue_last) counts.erase(messages);
  std::set<std::uint32_t> marks;
  for (const std::size_t count : counts) {
    if (count == 0) continue;
    const auto other = chat_template.encode(with_other_end(chat, count, kSomethingElse), tokenizer);
    if (other) marks.insert(common_tokens(ids, other->ids));
  }
  marks.erase(0);
  return {marks.begin(), marks.end()};
}

Result<std::vector<TokenId>> shared_beginning(const text::ChatTemplate& chat_template,
                                              const text::ChatPrompt& chat,
                                              const text::Tokenizer& tokenizer) {
  const std::size_t messages = chat.messages.size();
  std::optional<std::vector<TokenId>> shared;
  for (const std::string_view content : kFollowing) {
    const auto other =
        TRY(chat_template.encode(with_other_end(chat, messages, content), tokenizer));
    if (!shared) shared = other.ids;
    keep_common(*shared, other.ids);
  }
  if (next_role(chat.messages, messages) == "assistant") {  // it is what answers begin after
    text::ChatPrompt asking = chat;
    asking.add_generation_prompt = true;
    keep_common(*shared, TRY(chat_template.encode(asking, tokenizer)).ids);
  }
  return std::move(*shared);
}

Result<std::vector<TokenId>> shared_beginning(std::string_view text,
                                              const text::Tokenizer& tokenizer) {
  std::optional<std::vector<TokenId>> shared;
  for (const std::string_view content : kFollowing) {
    const auto other = TRY(
        tokenizer.encode(std::string(text) + std::string(content), text::AddSpecialTokens::Yes));
    if (!shared) shared = other;
    keep_common(*shared, other);
  }
  return std::move(*shared);
}

}  // namespace hearth::engine
