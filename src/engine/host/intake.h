// The thread that reads prompts: templates and tokenizers may take long, and nobody else should
// wait.
#pragma once

#include <functional>
#include <memory>

#include "base/mailbox.h"
#include "base/thread.h"
#include "engine/host/job.h"
#include "engine/host/prepare.h"

namespace hearth::engine {

/// Prepares submissions in their order and passes them on. Any thread may post.
class Intake {
 public:
  /// @param start  takes a job, on the intake's thread; false when the engine takes no more
  Intake(PromptReader reader, std::function<bool(Job)> start);
  /// Fails what was not prepared yet.
  ~Intake();

  void post(Submission submission) { mailbox_.post(std::move(submission)); }

 private:
  void run();
  void handle(Submission submission);

  PromptReader reader_;
  std::function<bool(Job)> start_;
  base::Mailbox<Submission> mailbox_;
  base::Thread thread_;
};

}  // namespace hearth::engine
