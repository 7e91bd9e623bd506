// Events, errors and model facts as messages and back.
#include <chrono>
#include <utility>

#include "engine/wire/convert.h"

namespace hearth::engine::wire {
namespace {

Prefix write_prefix(const PrefixReport& report) {
  Prefix message;
  message.set_rule(static_cast<std::uint32_t>(report.rule));
  message.set_position(report.position);
  message.set_here(report.here);
  message.set_earlier(report.earlier);
  return message;
}

Result<PrefixReport> read_prefix(const Prefix& message) {
  if (message.rule() > static_cast<std::uint32_t>(PrefixRule::Off))
    return fail(ErrorCode::CorruptData, "prefix rule {} is not known", message.rule());
  return PrefixReport{.rule = static_cast<PrefixRule>(message.rule()),
                      .position = message.position(),
                      .here = message.here(),
                      .earlier = message.earlier()};
}

void write_report(const TokenReport& report, Report& message) {
  message.set_id(report.id);
  message.set_bytes(report.bytes);
  message.set_offset(report.offset);
  if (report.logprob) message.set_logprob(*report.logprob);
  for (const TokenChance& chance : report.top) {
    Chance& one = *message.add_top();
    one.set_id(chance.id);
    one.set_bytes(chance.bytes);
    one.set_logprob(chance.logprob);
  }
}

TokenReport read_report(const Report& message) {
  TokenReport report{.id = message.id(),
                     .bytes = message.bytes(),
                     .logprob = {},
                     .top = {},
                     .offset = message.offset()};
  if (message.has_logprob()) report.logprob = message.logprob();
  report.top.reserve(static_cast<std::size_t>(message.top_size()));
  for (const Chance& chance : message.top())
    report.top.push_back({.id = chance.id(), .bytes = chance.bytes(), .logprob = chance.logprob()});
  return report;
}

TextDelta read_delta(const Delta& message) {
  TextDelta delta{
      .kind = message.reasoning() ? TextDelta::Kind::Reasoning : TextDelta::Kind::Content,
      .text = message.text(),
      .tokens = message.tokens()};
  for (const Report& report : message.reports()) delta.reports.push_back(read_report(report));
  delta.ids.assign(message.ids().begin(), message.ids().end());
  return delta;
}

/// Fills the arm of a message that an event's kind has.
struct EventWriter {
  Event& message;

  void operator()(const Admitted& admitted) const { message.set_admitted(admitted.prompt_tokens); }
  void operator()(const PromptProgress& progress) const {
    message.mutable_progress()->set_computed(progress.computed);
    message.mutable_progress()->set_total(progress.total);
  }
  void operator()(const TextDelta& delta) const {
    message.mutable_delta()->set_reasoning(delta.kind == TextDelta::Kind::Reasoning);
    message.mutable_delta()->set_text(delta.text);
    message.mutable_delta()->set_tokens(delta.tokens);
    for (const TokenReport& report : delta.reports)
      write_report(report, *message.mutable_delta()->add_reports());
    message.mutable_delta()->mutable_ids()->Assign(delta.ids.begin(), delta.ids.end());
  }
  void operator()(const Finished& finished) const {
    Finish& finish = *message.mutable_finish();
    finish.set_reason(static_cast<Finish::Reason>(finished.reason));
    finish.set_stop_string(finished.stop_string);
    finish.set_prompt_tokens(finished.usage.prompt_tokens);
    finish.set_cached_tokens(finished.usage.cached_tokens);
    finish.set_completion_tokens(finished.usage.completion_tokens);
    finish.set_reasoning_tokens(finished.usage.reasoning_tokens);
    finish.set_queue_ms(finished.timings.queue_ms);
    finish.set_prompt_ms(finished.timings.prompt_ms);
    finish.set_decode_ms(finished.timings.decode_ms);
    finish.set_logprob(finished.logprob);
    *finish.mutable_prefix() = write_prefix(finished.prefix);
    finish.set_kept(finished.kept);
  }
  void operator()(const Failed& failed) const {
    *message.mutable_failure() = write_problem(failed.error);
  }
};

static_assert(static_cast<int>(FinishReason::Stop) == Finish::STOP);
static_assert(static_cast<int>(FinishReason::StopString) == Finish::STOP_STRING);
static_assert(static_cast<int>(FinishReason::Length) == Finish::LENGTH);
static_assert(static_cast<int>(FinishReason::ContextFull) == Finish::CONTEXT_FULL);

Result<engine::Event> read_finish(const Finish& message) {
  PrefixReport prefix = TRY(read_prefix(message.prefix()));
  if (!Finish::Reason_IsValid(message.reason()))
    return fail(ErrorCode::CorruptData, "finish reason {} is not known",
                static_cast<int>(message.reason()));
  return Finished{.reason = static_cast<FinishReason>(message.reason()),
                  .stop_string = message.stop_string(),
                  .usage = {.prompt_tokens = message.prompt_tokens(),
                            .cached_tokens = message.cached_tokens(),
                            .completion_tokens = message.completion_tokens(),
                            .reasoning_tokens = message.reasoning_tokens()},
                  .timings = {.queue_ms = message.queue_ms(),
                              .prompt_ms = message.prompt_ms(),
                              .decode_ms = message.decode_ms()},
                  .logprob = message.logprob(),
                  .prefix = std::move(prefix),
                  .kept = message.kept()};
}

}  // namespace

Event write_event(const engine::Event& event) {
  Event message;
  std::visit(EventWriter{message}, event);
  return message;
}

Result<engine::Event> read_event(const Event& message) {
  switch (message.event_case()) {
    case Event::kAdmitted:
      return Admitted{message.admitted()};
    case Event::kProgress:
      return PromptProgress{message.progress().computed(), message.progress().total()};
    case Event::kDelta:
      return read_delta(message.delta());
    case Event::kFinish:
      return read_finish(message.finish());
    case Event::kFailure:
      return Failed{read_problem(message.failure())};
    case Event::EVENT_NOT_SET:
      break;
  }
  return fail(ErrorCode::CorruptData, "an event has no content");
}

Model write_model(const ModelInfo& info) {
  Model message;
  message.set_name(info.name);
  message.set_architecture(info.architecture);
  message.set_parameters(info.parameters);
  message.set_weight_bytes(info.weight_bytes);
  message.set_quantisation(info.quantisation);
  message.set_vocabulary(info.vocabulary);
  message.set_context_length(info.context_length);
  message.mutable_end_tokens()->Assign(info.end_tokens.begin(), info.end_tokens.end());
  message.set_has_chat_template(info.has_chat_template);
  message.set_can_think(info.can_think);
  message.set_fingerprint(info.fingerprint);
  for (const std::string& adapter : info.adapters) message.add_adapters(adapter);
  return message;
}

ModelInfo read_model(const Model& message) {
  return {.name = message.name(),
          .architecture = message.architecture(),
          .parameters = message.parameters(),
          .weight_bytes = message.weight_bytes(),
          .quantisation = message.quantisation(),
          .vocabulary = message.vocabulary(),
          .context_length = message.context_length(),
          .end_tokens = {message.end_tokens().begin(), message.end_tokens().end()},
          .has_chat_template = message.has_chat_template(),
          .can_think = message.can_think(),
          .adapters = {message.adapters().begin(), message.adapters().end()},
          .fingerprint = message.fingerprint()};
}

Problem write_problem(const Error& error) {
  Problem message;
  message.set_code(std::string(base::name(error.code)));
  message.set_message(error.message);
  message.set_param(error.param);
  for (const base::FieldError& field : error.fields) {
    FieldProblem& problem = *message.add_fields();
    problem.set_path(field.path);
    problem.set_message(field.message);
    problem.set_code(std::string(base::name(field.code)));
  }
  if (error.retry_after) message.set_retry_after_s(error.retry_after->count());
  return message;
}

Error read_problem(const Problem& message) {
  Error error{.code = base::error_code(message.code()),
              .message = message.message(),
              .param = message.param()};
  for (const FieldProblem& field : message.fields())
    error.fields.push_back({field.path(), field.message(), base::error_code(field.code())});
  if (message.has_retry_after_s())
    error.retry_after = std::chrono::seconds(message.retry_after_s());
  return error;
}

}  // namespace hearth::engine::wire
