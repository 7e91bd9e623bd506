// Requests as messages and back.
#include <utility>

#include "base/json.h"
#include "engine/wire/convert.h"

namespace hearth::engine::wire {
namespace {

void write_input(const Input& input, Submit& message) {
  if (const auto* text = std::get_if<TextInput>(&input)) {
    message.set_text(text->text);
  } else if (const auto* tokens = std::get_if<TokenInput>(&input)) {
    message.mutable_tokens()->mutable_ids()->Assign(tokens->tokens.begin(), tokens->tokens.end());
  } else {
    const auto& chat = std::get<ChatInput>(input);
    message.mutable_chat()->set_messages_json(base::write_json(chat.messages));
    message.mutable_chat()->set_variables_json(base::write_json(chat.variables));
    message.mutable_chat()->set_add_generation_prompt(chat.add_generation_prompt);
    message.mutable_chat()->set_continue_last(chat.continue_last);
  }
}

Result<ChatInput> read_chat(const Chat& message) {
  json::value messages = TRY(base::parse_json(message.messages_json()));
  json::value variables = TRY(base::parse_json(message.variables_json()));
  if (!messages.is_array() || !variables.is_object())
    return fail(ErrorCode::CorruptData, "chat messages must be an array and variables an object");
  return ChatInput{.messages = std::move(messages.get_array()),
                   .variables = std::move(variables.get_object()),
                   .add_generation_prompt = message.add_generation_prompt(),
                   .continue_last = message.continue_last()};
}

Result<Input> read_input(const Submit& message) {
  switch (message.input_case()) {
    case Submit::kChat:
      return TRY(read_chat(message.chat()));
    case Submit::kText:
      return TextInput{message.text()};
    case Submit::kTokens:
      return TokenInput{{message.tokens().ids().begin(), message.tokens().ids().end()}};
    case Submit::INPUT_NOT_SET:
      break;
  }
  return fail(ErrorCode::CorruptData, "request {} has no input", message.request());
}

wire::Sampling write_sampling(const engine::Sampling& sampling) {
  wire::Sampling message;
  if (sampling.temperature) message.set_temperature(*sampling.temperature);
  if (sampling.top_p) message.set_top_p(*sampling.top_p);
  if (sampling.top_k) message.set_top_k(*sampling.top_k);
  if (sampling.min_p) message.set_min_p(*sampling.min_p);
  if (sampling.repetition_penalty) message.set_repetition_penalty(*sampling.repetition_penalty);
  if (sampling.presence_penalty) message.set_presence_penalty(*sampling.presence_penalty);
  if (sampling.frequency_penalty) message.set_frequency_penalty(*sampling.frequency_penalty);
  if (sampling.repetition_window) message.set_repetition_window(*sampling.repetition_window);
  if (sampling.seed) message.set_seed(*sampling.seed);
  return message;
}

engine::Sampling read_sampling(const wire::Sampling& message) {
  engine::Sampling sampling;
  if (message.has_temperature()) sampling.temperature = message.temperature();
  if (message.has_top_p()) sampling.top_p = message.top_p();
  if (message.has_top_k()) sampling.top_k = message.top_k();
  if (message.has_min_p()) sampling.min_p = message.min_p();
  if (message.has_repetition_penalty()) sampling.repetition_penalty = message.repetition_penalty();
  if (message.has_presence_penalty()) sampling.presence_penalty = message.presence_penalty();
  if (message.has_frequency_penalty()) sampling.frequency_penalty = message.frequency_penalty();
  if (message.has_repetition_window()) sampling.repetition_window = message.repetition_window();
  if (message.has_seed()) sampling.seed = message.seed();
  return sampling;
}

}  // namespace

Submit write_request(std::uint64_t number, const Request& request) {
  Submit message;
  message.set_request(number);
  message.set_id(request.id);
  write_input(request.input, message);
  *message.mutable_sampling() = write_sampling(request.sampling);
  if (request.max_tokens) message.set_max_tokens(*request.max_tokens);
  for (const std::string& stop : request.stop) message.add_stop(stop);
  message.set_ignore_eos(request.ignore_eos);
  return message;
}

Result<Request> read_request(const Submit& message) {
  Request request;
  request.id = message.id();
  request.input = TRY(read_input(message));
  request.sampling = read_sampling(message.sampling());
  if (message.has_max_tokens()) request.max_tokens = message.max_tokens();
  request.stop.assign(message.stop().begin(), message.stop().end());
  request.ignore_eos = message.ignore_eos();
  return request;
}

}  // namespace hearth::engine::wire
