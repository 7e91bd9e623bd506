// A conversation with a model in this process.
#include "cli/chat_session.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <signal.h>

namespace hearth::cli {
namespace {

volatile sig_atomic_t interrupt_mark = 0;

/// Sleeps until the generation has something, or for a moment: a signal cannot wake a condition
/// variable.
class Bell {
 public:
  void ring() {
    {
      const std::lock_guard lock(mutex_);
      rung_ = true;
    }
    ready_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, std::chrono::milliseconds(50), [&] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  bool rung_ = false;  // guarded by mutex_
};

}  // namespace

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupt_mark = 1; };
  ::sigaction(SIGINT, &action, nullptr);
}

bool interrupted() {
  const bool was = interrupt_mark != 0;
  interrupt_mark = 0;
  return was;
}

ChatSession::ChatSession(std::unique_ptr<engine::Engine> engine, RunOptions options)
    : engine_(std::move(engine)), options_(std::move(options)) {
  clear();
}

void ChatSession::clear() {
  messages_.clear();
  if (!options_.system.empty())
    messages_.push_back(json::object{{"role", "system"}, {"content", options_.system}});
}

void ChatSession::set_system(std::string text) {
  options_.system = std::move(text);
  clear();
}

engine::Input ChatSession::input(const std::string& text) const {
  if (!model().has_chat_template) return engine::TextInput{text};
  engine::ChatInput chat{.messages = messages_};
  chat.messages.push_back(json::object{{"role", "user"}, {"content", text}});
  if (options_.think) chat.variables["enable_thinking"] = *options_.think;
  return chat;
}

void ChatSession::remember(const std::string& question, const Answer& answer) {
  messages_.push_back(json::object{{"role", "user"}, {"content", question}});
  messages_.push_back(json::object{{"role", "assistant"}, {"content", answer.text}});
}

Result<Answer> ChatSession::ask(const std::string& text,
                                const std::function<void(const engine::TextDelta&)>& show) {
  Bell bell;
  engine::Request request{.id = "run",
                          .input = input(text),
                          .sampling = options_.sampling,
                          .max_tokens = options_.max_tokens};
  services::fill_in(options_.preset, request);
  for (const std::string& name : options_.adapters) request.adapters.push_back({.adapter = name});
  auto generation = engine_->submit(std::move(request));
  generation->on_ready([&bell] { bell.ring(); });
  Answer answer;
  for (;;) {
    for (engine::Event& event : generation->drain()) {
      if (auto* failed = std::get_if<engine::Failed>(&event)) return fail(std::move(failed->error));
      if (const auto* delta = std::get_if<engine::TextDelta>(&event)) {
        const bool reasoning = delta->kind == engine::TextDelta::Kind::Reasoning;
        (reasoning ? answer.reasoning : answer.text) += delta->text;
        show(*delta);
      } else if (auto* finished = std::get_if<engine::Finished>(&event)) {
        answer.finished = *finished;
        remember(text, answer);
        return answer;
      }
    }
    if (interrupted()) {
      answer.stopped = true;
      remember(text, answer);
      return answer;  // the generation goes, and with it the work
    }
    bell.wait();
  }
}

}  // namespace hearth::cli
