// The thread that turns tokens into text, so that the engine thread never does.
#pragma once

#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/thread.h"
#include "engine/host/reply.h"

namespace hearth::engine {

/// What one step brought for all of its requests.
struct StepNews {
  base::Instant started;
  base::Instant ended;
  std::vector<News> news;
};

/// Any thread may post; replies are worked on by this thread alone.
class Publisher {
 public:
  /// @param stop  called from this thread when a reply's text ends it: the engine need not go on
  explicit Publisher(std::function<void(SequenceId)> stop);
  /// Passes on what was posted, then ends.
  ~Publisher();

  void post(StepNews news) { mailbox_.post(std::move(news)); }

 private:
  void run();

  std::function<void(SequenceId)> stop_;
  base::Mailbox<StepNews> mailbox_;
  base::Thread thread_;
};

}  // namespace hearth::engine
