// The running generations of one answer, and what they have told so far.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/openai/answer.h"

namespace hearth::api::openai {

/// Several replies (n > 1, several prompts) read as one. One reader, I/O thread.
class Choices {
 public:
  Choices(std::vector<services::Reply> replies, std::unique_ptr<ChunkWriter> writer,
          AnswerPlan plan);

  void start(const http::Waker& wake);

  /// Reads all events that are there. Streamed answers collect their text in `out`, as chunks.
  void read(std::string& out);

  bool admitted() const { return admitted_ == replies_.size(); }
  bool finished() const { return finished_ == replies_.size(); }
  const std::optional<Error>& error() const { return error_; }
  /// Whether the error is that the answer was cancelled by its id.
  bool cancelled() const { return cancelled_; }
  const AnswerPlan& plan() const { return plan_; }

  /// After finished(): the last chunks, or the whole body.
  void write_end(std::string& out) const;
  std::string whole() const { return writer_->whole(kept(), totals_); }

 private:
  void on(std::size_t choice, const services::LoadProgressEvent& progress, std::string& out);
  void on(std::size_t choice, const services::EngineReady& ready, std::string& out);
  void on(std::size_t choice, const engine::Admitted& admitted, std::string& out);
  void on(std::size_t choice, const engine::PromptProgress& progress, std::string& out);
  void on(std::size_t choice, const engine::TextDelta& delta, std::string& out);
  void on(std::size_t choice, const engine::Finished& done, std::string& out);
  void on(std::size_t choice, const engine::Failed& failed, std::string& out);
  void open_stream(std::string& out);
  void add(std::size_t choice, const engine::TextDelta& delta, std::string& out);
  void add(std::size_t choice, const engine::Finished& done);
  const Totals* timed(const engine::TextDelta& delta);
  std::vector<WholeChoice> kept() const;
  bool first_of_its_prompt(std::size_t choice) const { return choice % plan_.per_prompt == 0; }

  std::vector<services::Reply> replies_;
  std::unique_ptr<ChunkWriter> writer_;
  AnswerPlan plan_;
  base::Instant started_ = base::SteadyClock::now();
  std::vector<WholeChoice> whole_;
  Totals totals_;
  Totals so_far_;  // with timings in every chunk
  std::size_t admitted_ = 0;
  std::size_t finished_ = 0;
  bool opened_ = false;
  bool cancelled_ = false;
  std::optional<Error> error_;
};

}  // namespace hearth::api::openai
