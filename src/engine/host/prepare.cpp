// Reading of prompts.
#include "engine/host/prepare.h"

#include <algorithm>
#include <utility>

#include "engine/host/chat_marks.h"
#include "engine/host/prepare_adapters.h"
#include "engine/host/prepare_sampling.h"

namespace hearth::engine {
namespace {

constexpr std::size_t kMaxStops = 16;

struct Prompt {
  std::vector<TokenId> tokens;
  std::optional<text::ReasoningMarkers> reasoning = {};
  bool starts_in_reasoning = false;
  bool is_text = false;  ///< the reply goes on where the prompt ends, instead of beginning a turn
  std::vector<std::uint32_t> marks = {};  ///< where messages begin
};

Result<void> check_template(const PromptReader& reader) {
  if (reader.chat_template) return {};
  return fail(ErrorCode::UnsupportedCapability,
              "this model has no chat template, so it cannot read a conversation; use completions, "
              "or a model made for chat");
}

text::ChatPrompt conversation_of(const ChatInput& chat) {
  return {.messages = chat.messages,
          .tools = {},
          .variables = chat.variables,
          .add_generation_prompt = chat.add_generation_prompt,
          .continue_last = chat.continue_last};
}

Result<Prompt> read_chat(const PromptReader& reader, const ChatInput& chat) {
  TRY(check_template(reader));
  const text::ChatPrompt conversation = conversation_of(chat);
  text::EncodedChat encoded = TRY(reader.chat_template->encode(conversation, *reader.tokenizer));
  Prompt prompt{.tokens = std::move(encoded.ids),
                .reasoning = reader.chat_template->reasoning_markers(),
                .starts_in_reasoning = encoded.opens_reasoning};
  if (reader.marks && prompt.tokens.size() > kPageTokens)  // they count by whole pages
    prompt.marks =
        message_boundaries(*reader.chat_template, conversation, *reader.tokenizer, prompt.tokens);
  return prompt;
}

/// What of the input all later prompts share that begin with it, in whole pages.
Result<Prompt> read_beginning(const PromptReader& reader, const Input& input) {
  std::vector<TokenId> tokens;
  if (const auto* chat = std::get_if<ChatInput>(&input)) {
    TRY(check_template(reader));
    tokens =
        TRY(shared_beginning(*reader.chat_template, conversation_of(*chat), *reader.tokenizer));
  } else if (const auto* text = std::get_if<TextInput>(&input)) {
    tokens = TRY(shared_beginning(text->text, *reader.tokenizer));
  } else {
    tokens = std::get<TokenInput>(input).tokens;
  }
  if (tokens.size() < kPageTokens)
    return fail(ErrorCode::InvalidArgument,
                "the prompt's beginning that later prompts share is {} tokens long; from {} on it "
                "is worth saving",
                tokens.size(), kPageTokens);
  tokens.resize(tokens.size() / kPageTokens * kPageTokens);
  const auto end = static_cast<std::uint32_t>(tokens.size());
  return Prompt{.tokens = std::move(tokens), .is_text = true, .marks = {end}};
}

Result<Prompt> read_input(const PromptReader& reader, const Input& input) {
  if (const auto* chat = std::get_if<ChatInput>(&input)) return read_chat(reader, *chat);
  if (const auto* tokens = std::get_if<TokenInput>(&input))
    return Prompt{.tokens = tokens->tokens, .is_text = true};
  const std::string& text = std::get<TextInput>(input).text;
  return Prompt{.tokens = TRY(reader.tokenizer->encode(text, text::AddSpecialTokens::Yes)),
                .is_text = true};
}

/// The model's context, or less where the request wants less.
Result<std::uint32_t> context_of(const PromptReader& reader, const Request& request) {
  const std::uint32_t wanted = request.context_length.value_or(reader.context_length);
  if (wanted > 0 && wanted <= reader.context_length) return wanted;
  return fail(Error{.code = ErrorCode::InvalidArgument,
                    .message = fmt::format("the context can be limited to 1..{} tokens, which is "
                                           "what the model is served with, not to {}",
                                           reader.context_length, wanted),
                    .param = "context_length"});
}

Result<void> check_tokens(const PromptReader& reader, std::uint32_t context,
                          const std::vector<TokenId>& tokens) {
  if (tokens.empty())
    return fail(ErrorCode::InvalidArgument, "the prompt is empty; send at least one character");
  const auto outside =
      std::ranges::find_if(tokens, [&](TokenId token) { return token >= reader.vocabulary; });
  if (outside != tokens.end())
    return fail(ErrorCode::InvalidArgument,
                "the prompt holds the token {}, but the model knows only ids below {}", *outside,
                reader.vocabulary);
  if (tokens.size() >= context)
    return fail(ErrorCode::ContextExceeded,
                "This model's maximum context length is {} tokens. However, your messages resulted "
                "in {} tokens. Please reduce the length of the messages.",
                context, tokens.size());
  return {};
}

Result<void> check_limits(const Request& request) {
  if (request.max_tokens == 0U)
    return fail(Error{.code = ErrorCode::InvalidArgument,
                      .message = "max_tokens must be at least 1, not 0",
                      .param = "max_tokens"});
  if (request.stop.size() > kMaxStops)
    return fail(Error{.code = ErrorCode::InvalidArgument,
                      .message = fmt::format("at most {} stop strings can be watched for, not {}",
                                             kMaxStops, request.stop.size()),
                      .param = "stop"});
  if (request.echo && std::holds_alternative<ChatInput>(request.input))
    return fail(Error{.code = ErrorCode::InvalidArgument,
                      .message = "echo tells a raw prompt back; a conversation has none",
                      .param = "echo"});
  return {};
}

Result<void> check_min_tokens(const Request& request, const Job& job) {
  if (request.min_tokens <= job.max_new_tokens) return {};
  return fail(Error{.code = ErrorCode::InvalidArgument,
                    .message = fmt::format(
                        "min_tokens must be at most {}, {}, not {}", job.max_new_tokens,
                        job.when_full == FinishReason::Length ? "which is max_tokens"
                                                              : "for which the context has room",
                        request.min_tokens),
                    .param = "min_tokens"});
}

/// The prompt as it is told back: without the tokens that the tokenizer put around a text.
EchoedPrompt echo_of(const PromptReader& reader, const Request& request,
                     const std::vector<TokenId>& tokens) {
  EchoedPrompt echo{.tokens = tokens};
  const auto* text = std::get_if<TextInput>(&request.input);
  if (text == nullptr) return echo;
  const auto added = [&](TokenId token, bool there) {
    return reader.tokenizer->is_special(token) && !there;
  };
  const std::string_view first = reader.tokenizer->token_text(tokens.front());
  const std::string_view last = reader.tokenizer->token_text(tokens.back());
  if (added(tokens.front(), text->text.starts_with(first))) echo.added_front = 1;
  if (tokens.size() > 1 && added(tokens.back(), text->text.ends_with(last))) echo.added_back = 1;
  return echo;
}

/// Some decoders drop a space at the start of a text. A reply that goes on in the middle of one
/// must keep it, so its decoder is told which token came before.
std::optional<TokenId> continued_token(const PromptReader& reader, const Prompt& prompt) {
  const text::Vocabulary& vocabulary = reader.tokenizer->vocabulary();
  const TokenId last = prompt.tokens.back();
  if (!prompt.is_text || vocabulary.decoder() == text::DecoderKind::ByteLevel ||
      vocabulary.is_special(last) || vocabulary.is_byte(last))
    return std::nullopt;
  return last;
}

ReplyOptions reply_options(const PromptReader& reader, Request& request, Prompt& prompt) {
  ReplyOptions options{.tokenizer = reader.tokenizer,
                       .reasoning = std::move(prompt.reasoning),
                       .starts_in_reasoning = prompt.starts_in_reasoning,
                       .continues = continued_token(reader, prompt),
                       .stop = std::move(request.stop),
                       .min_tokens = request.min_tokens,
                       .reports = request.logprobs.has_value(),
                       .ids = request.report_ids,
                       .raw_reasoning = request.raw_reasoning,
                       .time_limit_ms = request.time_limit_ms};
  if (request.echo) options.echo = echo_of(reader, request, prompt.tokens);
  return options;
}

}  // namespace

Result<Job> prepare(const PromptReader& reader, Submission submission) {
  Request& request = submission.request;
  TRY(check_limits(request));
  if (request.keep) request.max_tokens = 1;
  Job job;
  job.sampling = TRY(prepare_sampling(reader, request));
  job.adapters = TRY(prepare_adapters(reader, request));
  job.salt = prefix_salt(request, job.adapters);
  job.reuse_prefix = request.reuse_prefix;
  Prompt prompt =
      TRY(request.keep ? read_beginning(reader, request.input) : read_input(reader, request.input));
  const std::uint32_t context = TRY(context_of(reader, request));
  TRY(check_tokens(reader, context, prompt.tokens));

  const auto length = static_cast<std::uint32_t>(prompt.tokens.size());
  const std::uint32_t room = context - length;
  const bool limited = request.max_tokens && *request.max_tokens <= room;
  job.max_new_tokens = limited ? *request.max_tokens : room;
  job.when_full = limited ? FinishReason::Length : FinishReason::ContextFull;
  TRY(check_min_tokens(request, job));
  job.logprobs = request.logprobs;
  job.keep = request.keep;
  job.marks = std::move(prompt.marks);
  job.request_id = request.id;
  job.standpoint = request.standpoint;
  job.submitted = submission.submitted;
  job.prompt_logprobs = request.echo && request.logprobs;
  job.reply =
      std::make_shared<Reply>(submission.id, std::move(submission.events),
                              reply_options(reader, request, prompt), submission.submitted, length);
  job.prompt = std::move(prompt.tokens);
  return job;
}

}  // namespace hearth::engine
