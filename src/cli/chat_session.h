// A conversation with a model in this process, written to the terminal as it comes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/engine.h"
#include "services/shelf/preset.h"

namespace hearth::cli {

/// What the flags of `hearth run` ask for.
struct RunOptions {
  std::string system;
  engine::Sampling sampling;
  std::optional<std::uint32_t> max_tokens;
  std::optional<bool> think;
  std::vector<std::string> adapters;  ///< names of those that answer
  services::Preset preset = {};       ///< for what the flags leave out
};

/// How one answer went.
struct Answer {
  std::string text;
  std::string reasoning;
  engine::Finished finished;
  bool stopped = false;  ///< by Ctrl-C
};

class ChatSession {
 public:
  ChatSession(std::unique_ptr<engine::Engine> engine, RunOptions options);

  const engine::ModelInfo& model() const { return engine_->model(); }
  /// Asks and waits for the answer; each delta goes to `show` at once. Ctrl-C ends the answer and
  /// keeps what there is. A model without a chat template continues the text instead.
  Result<Answer> ask(const std::string& text,
                     const std::function<void(const engine::TextDelta&)>& show);
  /// Forgets what was said.
  void clear();
  void set_system(std::string text);

 private:
  engine::Input input(const std::string& text) const;
  void remember(const std::string& question, const Answer& answer);

  std::unique_ptr<engine::Engine> engine_;
  RunOptions options_;
  json::array messages_;
};

/// From now on Ctrl-C sets a mark instead of ending the program. `interrupted` reads and clears the
/// mark.
void catch_interrupts();
bool interrupted();

}  // namespace hearth::cli
