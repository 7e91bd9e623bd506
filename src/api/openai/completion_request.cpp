// Reading a text completion request.
#include "api/openai/completion_request.h"

#include <algorithm>
#include <array>

namespace hearth::api::openai {
namespace {

using base::DecodeContext;

struct CompletionFields : CommonFields {
  std::optional<json::value> prompt;
};
BOOST_DESCRIBE_STRUCT(CompletionFields, (CommonFields), (prompt))

constexpr auto kRefused = std::to_array<RefusedField>({
    {"suffix", "\"\""},
    {"echo", "false"},
    {"best_of", "1"},
    {"logprobs", ""},
});

constexpr std::size_t kMostPrompts = 128;

bool is_token_list(const json::array& list) {
  return !list.empty() && std::all_of(list.begin(), list.end(),
                                      [](const json::value& item) { return item.is_number(); });
}

engine::Input read_tokens(const json::value& value, DecodeContext& context) {
  engine::TokenInput input;
  base::Decode<std::vector<engine::TokenId>>::read(value, input.tokens, context);
  return input;
}

/// One prompt: a text or a list of token ids.
engine::Input read_one(const json::value& value, DecodeContext& context) {
  if (value.is_string()) return engine::TextInput{std::string(value.get_string())};
  if (value.is_array() && is_token_list(value.get_array())) return read_tokens(value, context);
  context.add("must be a string or a list of token ids");
  return engine::TextInput{};
}

std::vector<engine::Input> read_prompts(const std::optional<json::value>& prompt,
                                        DecodeContext& context) {
  std::vector<engine::Input> prompts;
  context.within("prompt", [&] {
    if (!prompt) {
      prompts.emplace_back(engine::TextInput{});  // the model starts from its beginning token
    } else if (!prompt->is_array() || is_token_list(prompt->get_array())) {
      prompts.push_back(read_one(*prompt, context));
    } else if (prompt->get_array().empty() || prompt->get_array().size() > kMostPrompts) {
      context.add(fmt::format("must hold 1 to {} prompts", kMostPrompts));
    } else {
      std::size_t i = 0;
      for (const auto& one : prompt->get_array())
        context.within(i++, [&] { prompts.push_back(read_one(one, context)); });
    }
  });
  return prompts;
}

}  // namespace

Result<CompletionRequest> read_completion_request(std::string_view body) {
  const auto document = TRY(base::parse_json(body));
  DecodeContext context;
  CompletionFields fields;
  base::Decode<CompletionFields>::read(document, fields, context);
  if (!document.is_object()) return fail(base::fold(context.take_errors()));
  check_ranges(fields, context);
  refuse_fields(document.get_object(), kRefused, context);
  refuse_fields(document.get_object(), commonly_refused(), context);
  CompletionRequest request;
  request.prompts = read_prompts(fields.prompt, context);
  if (!context.clean()) return fail(base::fold(context.take_errors()));
  request.common = std::move(fields);
  return request;
}

}  // namespace hearth::api::openai
