// The loop of the thread that touches the disk.
#include "engine/host/prompt_disk.h"

#include <exception>
#include <utility>

namespace hearth::engine {
namespace {

/// Files may be as large as memory: what the library throws becomes an error.
template <class T, class Work>
Result<T> guarded(const Work& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    return fail(ErrorCode::OutOfMemory, "a saved prompt is too large to be held in memory: {}",
                error.what());
  }
}

}  // namespace

PromptDisk::PromptDisk(PromptFolder folder, std::function<void()> wake)
    : folder_(std::move(folder)),
      wake_(std::move(wake)),
      thread_("engine-prompts", [this] { run(); }) {}

PromptDisk::~PromptDisk() {
  orders_.close();
  thread_.join();
}

void PromptDisk::run() {
  while (auto order = orders_.wait()) {
    if (const auto* prompt = std::get_if<SavedPrompt>(&*order)) {
      news_.post(
          WasRead{prompt->id, guarded<PromptContent>([&] { return folder_.read(*prompt); })});
    } else if (auto* write = std::get_if<Write>(&*order)) {
      news_.post(WasWritten{write->ticket, guarded<SavedPrompt>([&] {
                              return folder_.write(std::move(write->content));
                            })});
    } else {
      continue;
    }
    wake_();
  }
}

}  // namespace hearth::engine
