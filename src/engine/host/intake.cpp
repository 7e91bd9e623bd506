// The intake's loop.
#include "engine/host/intake.h"

#include <exception>
#include <utility>

namespace hearth::engine {
namespace {

Error unloaded() {
  return {.code = ErrorCode::Cancelled,
          .message = "the model was unloaded before it read this request; send the request again"};
}

}  // namespace

Intake::Intake(PromptReader reader, std::function<bool(Job)> start)
    : reader_(std::move(reader)),
      start_(std::move(start)),
      thread_("engine-intake", [this] { run(); }) {}

Intake::~Intake() {
  mailbox_.close();
  thread_.join();
}

void Intake::run() {
  while (auto submission = mailbox_.wait()) handle(std::move(*submission));
}

void Intake::handle(Submission submission) {
  const std::shared_ptr<EventQueue> events = submission.events;
  if (events->abandoned()) return;
  if (mailbox_.closed()) return events->push(Failed{unloaded()});
  try {
    auto job = prepare(reader_, std::move(submission));
    if (!job) return events->push(Failed{std::move(job).error()});
    if (!start_(std::move(*job))) events->push(Failed{unloaded()});
  } catch (const std::exception& error) {
    events->push(Failed{{.code = ErrorCode::Internal,
                         .message = fmt::format("the prompt cannot be read: {}", error.what())}});
  }
}

}  // namespace hearth::engine
