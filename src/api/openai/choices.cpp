// Reading several replies as one answer.
#include "api/openai/choices.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"

namespace hearth::api::openai {

Choices::Choices(std::vector<services::Reply> replies, std::unique_ptr<ChunkWriter> writer,
                 AnswerPlan plan)
    : replies_(std::move(replies)),
      writer_(std::move(writer)),
      plan_(std::move(plan)),
      whole_(replies_.size()) {
  writer_->usage_asked = plan_.stream && plan_.include_usage;
  writer_->set_head(plan_.head);
}

void Choices::start(const http::Waker& wake) {
  for (services::Reply& reply : replies_) reply.on_ready(wake);
}

void Choices::read(std::string& out) {
  for (std::size_t i = 0; i < replies_.size(); ++i)
    for (services::ReplyEvent& event : replies_[i].drain()) on(i, event, out);
}

void Choices::open_stream(std::string& out) {
  if (std::exchange(opened_, true)) return;
  // Clients want choices to open in rising order, whichever speaks first.
  for (std::size_t i = 0; i < replies_.size(); ++i) writer_->begin(out, i);
}

void Choices::on(std::size_t choice, services::ReplyEvent& event, std::string& out) {
  if (auto* ready = std::get_if<services::EngineReady>(&event)) {
    plan_.head.fingerprint = ready->model.fingerprint;
    writer_->set_head(plan_.head);
  } else if (const auto* admitted = std::get_if<engine::Admitted>(&event)) {
    ++admitted_;
    totals_.usage.prompt_tokens += admitted->prompt_tokens;
  } else if (const auto* progress = std::get_if<engine::PromptProgress>(&event)) {
    if (plan_.stream && plan_.report_progress) {
      open_stream(out);
      writer_->progress(out, *progress, base::elapsed_ms(started_));
    }
  } else if (auto* delta = std::get_if<engine::TextDelta>(&event)) {
    if (plan_.stream) {
      open_stream(out);
      writer_->delta(out, choice, *delta);
    } else {
      const bool reasoning = delta->kind == engine::TextDelta::Kind::Reasoning;
      (reasoning ? whole_[choice].reasoning : whole_[choice].text) += delta->text;
    }
  } else if (const auto* done = std::get_if<engine::Finished>(&event)) {
    ++finished_;
    whole_[choice].reason = done->reason;
    totals_.usage.cached_tokens += done->usage.cached_tokens;
    totals_.usage.completion_tokens += done->usage.completion_tokens;
    totals_.usage.reasoning_tokens += done->usage.reasoning_tokens;
    totals_.timings.queue_ms = std::max(totals_.timings.queue_ms, done->timings.queue_ms);
    totals_.timings.prompt_ms = std::max(totals_.timings.prompt_ms, done->timings.prompt_ms);
    totals_.timings.decode_ms = std::max(totals_.timings.decode_ms, done->timings.decode_ms);
    if (plan_.stream) {
      open_stream(out);
      writer_->finish(out, choice, done->reason);
    }
  } else if (auto* failed = std::get_if<engine::Failed>(&event)) {
    if (!error_) error_ = std::move(failed->error);
  }
}

void Choices::write_end(std::string& out) const {
  writer_->totals(out, totals_, plan_.include_usage);
  out += "data: [DONE]\n\n";
}

}  // namespace hearth::api::openai
