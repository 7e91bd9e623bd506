// Reading a text completion request.
#include "api/openai/completion_request.h"

#include <algorithm>
#include <array>

namespace hearth::api::openai {
namespace {

using base::DecodeContext;

struct CompletionFields : CommonFields {
  std::optional<json::value> prompt;
  std::optional<int> logprobs;
  std::optional<bool> echo;
  std::optional<int> best_of;
};
BOOST_DESCRIBE_STRUCT(CompletionFields, (CommonFields), (prompt, logprobs, echo, best_of))

constexpr auto kRefusedByCompletions = std::to_array<RefusedField>({
    {.name = "suffix",
     .neutral = "\"\"",
     .why = "is not supported: no model here is asked to fill in the middle; send the text before "
            "the gap as the prompt"},
});

constexpr int kMostChoices = 16;

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

void check_best_of(const CompletionFields& fields, DecodeContext& context) {
  const int best_of = fields.best_of.value_or(fields.n.value_or(1));
  context.within("best_of", [&] {
    if (best_of < fields.n.value_or(1)) context.add("must be at least n");
    if (best_of > kMostChoices) context.add("must be at most 16");
    if (best_of > fields.n.value_or(1) && fields.stream.value_or(false))
      context.add("cannot be streamed: the best are known only at the end");
  });
}

std::optional<std::uint32_t> read_text_logprobs(const CompletionFields& fields,
                                                DecodeContext& context) {
  check_likeliest("logprobs", fields.logprobs, context);
  if (fields.logprobs) return static_cast<std::uint32_t>(std::max(*fields.logprobs, 0));
  if (fields.n_probs.value_or(0) > 0) return static_cast<std::uint32_t>(*fields.n_probs);
  return std::nullopt;
}

}  // namespace

Result<Asked> read_completion_request(std::string_view body) {
  const auto document = TRY(base::parse_json(body));
  DecodeContext context;
  CompletionFields fields;
  base::Decode<CompletionFields>::read(document, fields, context);
  if (!document.is_object()) return fail(base::fold(context.take_errors()));
  check_ranges(fields, context);
  refuse_fields(document.get_object(), kRefusedByCompletions, context);
  refuse_fields(document.get_object(), commonly_refused(), context);
  check_best_of(fields, context);
  Asked asked;
  asked.logprobs = read_text_logprobs(fields, context);
  asked.inputs = read_prompts(fields.prompt, context);
  if (!context.clean()) return fail(base::fold(context.take_errors()));
  asked.ignored = ignored_fields(document.get_object());
  asked.echo = fields.echo.value_or(false);
  asked.best_of = fields.best_of.value_or(fields.n.value_or(1));
  asked.common = std::move(fields);
  return asked;
}

}  // namespace hearth::api::openai
