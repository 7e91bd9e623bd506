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
  if (sampling.typical_p) message.set_typical_p(*sampling.typical_p);
  if (sampling.top_n_sigma) message.set_top_n_sigma(*sampling.top_n_sigma);
  if (sampling.xtc_probability) message.set_xtc_probability(*sampling.xtc_probability);
  if (sampling.xtc_threshold) message.set_xtc_threshold(*sampling.xtc_threshold);
  if (sampling.samplers)
    for (const SamplerStep step : *sampling.samplers)
      message.mutable_samplers()->add_steps(static_cast<std::uint32_t>(step));
  return message;
}

Result<std::vector<SamplerStep>> read_samplers(const Samplers& message) {
  std::vector<SamplerStep> steps;
  for (const std::uint32_t step : message.steps()) {
    if (step > static_cast<std::uint32_t>(SamplerStep::Temperature))
      return fail(ErrorCode::CorruptData, "sampler step {} is not known", step);
    steps.push_back(static_cast<SamplerStep>(step));
  }
  return steps;
}

Result<engine::Sampling> read_sampling(const wire::Sampling& message) {
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
  if (message.has_typical_p()) sampling.typical_p = message.typical_p();
  if (message.has_top_n_sigma()) sampling.top_n_sigma = message.top_n_sigma();
  if (message.has_xtc_probability()) sampling.xtc_probability = message.xtc_probability();
  if (message.has_xtc_threshold()) sampling.xtc_threshold = message.xtc_threshold();
  if (message.has_samplers()) sampling.samplers = TRY(read_samplers(message.samplers()));
  return sampling;
}

wire::Standpoint write_standpoint(const engine::Standpoint& standpoint) {
  wire::Standpoint message;
  message.set_priority(static_cast<std::uint32_t>(standpoint.priority));
  message.set_client(standpoint.client);
  if (standpoint.deadline_ms) message.set_deadline_ms(*standpoint.deadline_ms);
  return message;
}

Result<engine::Standpoint> read_standpoint(const wire::Standpoint& message) {
  if (message.priority() > static_cast<std::uint32_t>(Priority::Low))
    return fail(ErrorCode::CorruptData, "priority {} is not known", message.priority());
  engine::Standpoint standpoint{.priority = static_cast<Priority>(message.priority()),
                                .client = message.client()};
  if (message.has_deadline_ms()) standpoint.deadline_ms = message.deadline_ms();
  return standpoint;
}

void write_bias(const TokenBias& bias, Bias& message) {
  if (const auto* id = std::get_if<TokenId>(&bias.token)) {
    message.set_id(*id);
  } else {
    message.set_text(std::get<std::string>(bias.token));
  }
  message.set_bias(bias.bias);
}

Result<TokenBias> read_bias(const Bias& message) {
  switch (message.token_case()) {
    case Bias::kId:
      return TokenBias{.token = message.id(), .bias = message.bias()};
    case Bias::kText:
      return TokenBias{.token = message.text(), .bias = message.bias()};
    case Bias::TOKEN_NOT_SET:
      break;
  }
  return fail(ErrorCode::CorruptData, "a bias names no token");
}

void write_adapter(const AdapterChoice& choice, Adapter& message) {
  if (const auto* place = std::get_if<std::uint32_t>(&choice.adapter)) {
    message.set_place(*place);
  } else {
    message.set_name(std::get<std::string>(choice.adapter));
  }
  message.set_scale(choice.scale);
}

Result<AdapterChoice> read_adapter(const Adapter& message) {
  switch (message.adapter_case()) {
    case Adapter::kPlace:
      return AdapterChoice{.adapter = message.place(), .scale = message.scale()};
    case Adapter::kName:
      return AdapterChoice{.adapter = message.name(), .scale = message.scale()};
    case Adapter::ADAPTER_NOT_SET:
      break;
  }
  return fail(ErrorCode::CorruptData, "a choice names no adapter");
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
  message.mutable_stop_tokens()->Assign(request.stop_tokens.begin(), request.stop_tokens.end());
  message.set_min_tokens(request.min_tokens);
  for (const TokenBias& bias : request.logit_bias) write_bias(bias, *message.add_logit_bias());
  if (request.logprobs) message.set_logprobs(*request.logprobs);
  message.set_echo(request.echo);
  if (request.time_limit_ms) message.set_time_limit_ms(*request.time_limit_ms);
  *message.mutable_standpoint() = write_standpoint(request.standpoint);
  if (request.context_length) message.set_context_length(*request.context_length);
  message.set_raw_reasoning(request.raw_reasoning);
  message.set_report_ids(request.report_ids);
  for (const AdapterChoice& choice : request.adapters)
    write_adapter(choice, *message.add_adapters());
  message.set_no_reuse(!request.reuse_prefix);
  message.set_cache_salt(request.cache_salt);
  message.set_whole(request.whole);
  if (request.keep) message.set_keep(*request.keep);
  return message;
}

Result<Request> read_request(const Submit& message) {
  Request request;
  request.id = message.id();
  request.input = TRY(read_input(message));
  request.sampling = TRY(read_sampling(message.sampling()));
  if (message.has_max_tokens()) request.max_tokens = message.max_tokens();
  request.stop.assign(message.stop().begin(), message.stop().end());
  request.ignore_eos = message.ignore_eos();
  request.stop_tokens.assign(message.stop_tokens().begin(), message.stop_tokens().end());
  request.min_tokens = message.min_tokens();
  for (const Bias& bias : message.logit_bias()) request.logit_bias.push_back(TRY(read_bias(bias)));
  if (message.has_logprobs()) request.logprobs = message.logprobs();
  request.echo = message.echo();
  if (message.has_time_limit_ms()) request.time_limit_ms = message.time_limit_ms();
  if (message.has_standpoint()) request.standpoint = TRY(read_standpoint(message.standpoint()));
  if (message.has_context_length()) request.context_length = message.context_length();
  request.raw_reasoning = message.raw_reasoning();
  request.report_ids = message.report_ids();
  for (const Adapter& choice : message.adapters())
    request.adapters.push_back(TRY(read_adapter(choice)));
  request.reuse_prefix = !message.no_reuse();
  request.cache_salt = message.cache_salt();
  request.whole = message.whole();
  if (message.has_keep()) request.keep = message.keep();
  return request;
}

}  // namespace hearth::engine::wire
