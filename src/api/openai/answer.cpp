// The HTTP side of an answer: first decided, then streamed or whole.
#include "api/openai/answer.h"

#include <utility>

#include "api/openai/choices.h"
#include "api/openai/error.h"

namespace hearth::api::openai {
namespace {

constexpr std::chrono::seconds kPatienceForPlainErrors{2};

/// The streamed answer. Errors after the first byte travel as an event, without [DONE].
class AnswerStream final : public http::BodyStream {
 public:
  AnswerStream(std::unique_ptr<Choices> choices, std::string first)
      : choices_(std::move(choices)), first_(std::move(first)) {}

  void start(http::Waker wake) override {
    choices_->start(wake);
    wake();
  }

  State pull(std::string& out) override {
    out += std::exchange(first_, {});
    choices_->read(out);
    if (choices_->cancelled()) return State::End;  // the wire's rule: no last event
    if (const auto& error = choices_->error()) {
      out += "data: " + error_json(*error) + "\n\n";
      return State::End;
    }
    if (!choices_->finished()) return State::More;
    choices_->write_end(out);
    return State::End;
  }

  std::string_view heartbeat() const override { return ": ping\n\n"; }

 private:
  std::unique_ptr<Choices> choices_;
  std::string first_;
};

/// Decides between an error, a stream and a whole body.
class Decision final : public http::PendingResponse {
 public:
  explicit Decision(std::unique_ptr<Choices> choices) : choices_(std::move(choices)) {}

  void start(http::Waker wake) override { choices_->start(wake); }

  std::optional<base::Instant> deadline() const override {
    if (!choices_->plan().stream) return std::nullopt;
    return commit_at_;
  }

  std::optional<http::Response> poll() override {
    choices_->read(first_);
    if (const auto& error = choices_->error()) return labelled(error_response(*error));
    const auto& plan = choices_->plan();
    if (plan.stream && (choices_->admitted() || base::SteadyClock::now() >= commit_at_))
      return labelled(stream());
    if (!plan.stream && choices_->finished()) return labelled(http::json(choices_->whole()));
    return std::nullopt;
  }

 private:
  http::Response stream() {
    model_id_ = choices_->plan().model_id;
    ignored_ = choices_->plan().ignored;
    return http::event_stream(
        std::make_unique<AnswerStream>(std::move(choices_), std::exchange(first_, {})));
  }
  http::Response labelled(http::Response response) const {
    response.headers.set("x-hearth-model", choices_ ? choices_->plan().model_id : model_id_);
    const std::string& ignored = choices_ ? choices_->plan().ignored : ignored_;
    if (!ignored.empty()) response.headers.set("x-hearth-ignored", ignored);
    return response;
  }

  std::unique_ptr<Choices> choices_;
  std::string first_;  // chunks read while deciding
  std::string model_id_;
  std::string ignored_;
  base::Instant commit_at_ = base::SteadyClock::now() + kPatienceForPlainErrors;
};

}  // namespace

http::Response answer(std::vector<services::Reply> replies, std::unique_ptr<ChunkWriter> writer,
                      AnswerPlan plan) {
  return http::pending(std::make_unique<Decision>(
      std::make_unique<Choices>(std::move(replies), std::move(writer), std::move(plan))));
}

}  // namespace hearth::api::openai
