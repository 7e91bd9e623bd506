// Reading several replies as one answer.
#include "api/openai/choices.h"

#include <algorithm>
#include <numeric>
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
  writer_->logprobs_asked = plan_.show_logprobs;
  writer_->ids_asked = plan_.show_ids;
  writer_->set_head(plan_.head);
  if (plan_.report_cache) totals_.cache.resize(whole_.size() / plan_.per_prompt);
}

void Choices::start(const http::Waker& wake) {
  for (services::Reply& reply : replies_) reply.on_ready(wake);
}

void Choices::read(std::string& out) {
  for (std::size_t i = 0; i < replies_.size(); ++i)
    for (const services::ReplyEvent& event : replies_[i].drain())
      std::visit([&](const auto& one) { on(i, one, out); }, event);
}

void Choices::open_stream(std::string& out) {
  if (std::exchange(opened_, true)) return;
  // Clients want choices to open in rising order, whichever speaks first.
  for (std::size_t i = 0; i < replies_.size(); ++i) writer_->begin(out, i);
}

/// This wire has no word for it; the heartbeat fills the time.
void Choices::on(std::size_t, const services::LoadProgressEvent&, std::string&) {}

void Choices::on(std::size_t, const services::EngineReady& ready, std::string&) {
  plan_.head.fingerprint = ready.model.fingerprint;
  writer_->set_head(plan_.head);
}

void Choices::on(std::size_t choice, const engine::Admitted& admitted, std::string&) {
  ++admitted_;
  if (first_of_its_prompt(choice)) totals_.usage.prompt_tokens += admitted.prompt_tokens;
}

void Choices::on(std::size_t, const engine::PromptProgress& progress, std::string& out) {
  if (!plan_.stream || !plan_.report_progress) return;
  open_stream(out);
  writer_->progress(out, progress, base::elapsed_ms(started_));
}

void Choices::on(std::size_t choice, const engine::TextDelta& delta, std::string& out) {
  if (plan_.hide_reasoning && delta.kind == engine::TextDelta::Kind::Reasoning)
    return add(choice, {.text = {}, .tokens = delta.tokens, .ids = delta.ids}, out);
  add(choice, delta, out);
}

void Choices::add(std::size_t choice, const engine::TextDelta& delta, std::string& out) {
  if (plan_.stream) {
    open_stream(out);
    return writer_->delta(out, choice, delta, plan_.time_chunks ? timed(delta) : nullptr);
  }
  WholeChoice& whole = whole_[choice];
  const bool reasoning = delta.kind == engine::TextDelta::Kind::Reasoning;
  (reasoning ? whole.reasoning : whole.text) += delta.text;
  whole.ids.insert(whole.ids.end(), delta.ids.begin(), delta.ids.end());
  if (!plan_.show_logprobs) return;
  auto& reports = reasoning ? whole.reasoning_reports : whole.reports;
  reports.insert(reports.end(), delta.reports.begin(), delta.reports.end());
}

/// The totals as far as they are known while choices still run, by this side's clock.
const Totals* Choices::timed(const engine::TextDelta& delta) {
  const double now = base::elapsed_ms(started_);
  if (so_far_.usage.completion_tokens == 0) so_far_.timings.prompt_ms = now;
  so_far_.timings.decode_ms = now - so_far_.timings.prompt_ms;
  so_far_.usage.prompt_tokens = totals_.usage.prompt_tokens;
  so_far_.usage.completion_tokens += delta.tokens;
  return &so_far_;
}

void Choices::on(std::size_t choice, const engine::Finished& done, std::string& out) {
  ++finished_;
  add(choice, done);
  if (!plan_.stream) return;
  open_stream(out);
  const bool last = finished() && !plan_.include_usage;
  writer_->finish(out, choice, done.reason, last ? &totals_ : nullptr);
}

void Choices::on(std::size_t choice, const engine::Failed& failed, std::string&) {
  if (error_) return;
  error_ = failed.error;
  cancelled_ = replies_[choice].cancelled();
}

void Choices::add(std::size_t choice, const engine::Finished& done) {
  whole_[choice].reason = done.reason;
  whole_[choice].mean_logprob = done.logprob / std::max(done.usage.completion_tokens, 1U);
  engine::Usage& usage = totals_.usage;
  if (first_of_its_prompt(choice)) {
    usage.cached_tokens += done.usage.cached_tokens;
    if (plan_.report_cache)
      totals_.cache[choice / plan_.per_prompt] = {done.usage.cached_tokens, done.prefix};
  }
  usage.completion_tokens += done.usage.completion_tokens;
  usage.reasoning_tokens += done.usage.reasoning_tokens;
  engine::Timings& timings = totals_.timings;
  timings.queue_ms = std::max(timings.queue_ms, done.timings.queue_ms);
  timings.prompt_ms = std::max(timings.prompt_ms, done.timings.prompt_ms);
  timings.decode_ms = std::max(timings.decode_ms, done.timings.decode_ms);
}

/// Of more replies than choices those whose tokens are likeliest on average, best first.
std::vector<WholeChoice> Choices::kept() const {
  if (plan_.kept >= plan_.per_prompt) return whole_;
  std::vector<WholeChoice> kept;
  for (std::size_t first = 0; first < whole_.size(); first += plan_.per_prompt) {
    std::vector<std::size_t> order(plan_.per_prompt);
    std::iota(order.begin(), order.end(), first);
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      const double one = whole_[a].mean_logprob;
      const double other = whole_[b].mean_logprob;
      return one != other ? one > other : a < b;
    });
    for (std::size_t i = 0; i < plan_.kept; ++i) kept.push_back(whole_[order[i]]);
  }
  return kept;
}

void Choices::write_end(std::string& out) const {
  if (plan_.include_usage) writer_->totals(out, totals_);
  out += "data: [DONE]\n\n";
}

}  // namespace hearth::api::openai
