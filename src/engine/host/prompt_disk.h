// The thread that reads and writes saved prompts, so that the engine thread never waits for a disk.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/mailbox.h"
#include "base/thread.h"
#include "engine/prompts/prompt_folder.h"

namespace hearth::engine {

/// What came of a read, and of a write.
struct WasRead {
  std::string id;
  Result<PromptContent> content;
};
struct WasWritten {
  std::uint64_t ticket = 0;
  Result<SavedPrompt> prompt;
};
using DiskNews = std::variant<WasRead, WasWritten>;

/// Works off orders one by one. Orders and news belong to one owner.
class PromptDisk {
 public:
  /// @param wake  called from this thread whenever there is news
  PromptDisk(PromptFolder folder, std::function<void()> wake);
  /// Waits until all orders are done.
  ~PromptDisk();

  void read(SavedPrompt prompt) { orders_.post(std::move(prompt)); }
  /// @param ticket  comes back with the news
  void write(std::uint64_t ticket, PromptContent content) {
    orders_.post(Write{ticket, std::move(content)});
  }
  /// Gives their memory back, which takes a while for large ones.
  void discard(std::vector<CacheTensor> tensors) { orders_.post(std::move(tensors)); }
  std::deque<DiskNews> news() { return news_.drain(); }

 private:
  struct Write {
    std::uint64_t ticket = 0;
    PromptContent content;
  };
  void run();

  PromptFolder folder_;
  std::function<void()> wake_;
  base::Mailbox<std::variant<SavedPrompt, Write, std::vector<CacheTensor>>> orders_;
  base::Mailbox<DiskNews> news_;
  base::Thread thread_;
};

}  // namespace hearth::engine
