// Saved prompts on the engine thread: which requests profit from one, and what is on its way.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/host/job.h"
#include "engine/host/page_transfer.h"
#include "engine/host/prompt_disk.h"
#include "engine/host/reply.h"

namespace hearth::engine {

/// A request with its tokens, before it enters the queue.
struct Newcomer {
  Job job;
  std::unique_ptr<Sequence> sequence;
};

/// Brings saved prompts back when a request needs them, and saves what requests computed. Files are
/// read and written on another thread; here only pages are copied, a few between two steps.
/// Engine thread only.
class PromptKeeper {
 public:
  /// @param about   model, fingerprint and identity of all that is saved here
  /// @param wake    makes the engine thread call work() soon; from any thread
  PromptKeeper(CacheAccess access, PromptFolder folder, SavedPrompt about,
               std::function<void()> wake);

  /// Whether prompts can be saved at all; the error says why not.
  Result<void> check_open() const;

  /// Takes a request for which more lies on disk than in the cache; it comes back from work().
  /// False for any other.
  bool await(Newcomer& newcomer);

  /// Saves the beginning of a prompt that was just computed.
  /// @param last  what the request is told once the file is written
  void keep(Transfer transfer, std::string name, News last);

  /// Forgets a request that waits here; false for one that does not.
  bool drop(SequenceId id);

  /// What a call of work() brought.
  struct Outcome {
    std::vector<Newcomer> ready;
    std::vector<News> news;
    bool lost = false;  ///< the device failed: nothing in its cache can be trusted
  };
  /// Does a bounded piece of what is to be done between two steps.
  Outcome work();
  /// Whether work() has something to do without being woken.
  bool busy() const;

  std::uint32_t awaiting() const;
  /// Everybody who has not heard the last of it yet; for the end.
  std::vector<std::shared_ptr<Reply>> unfinished() const;

 private:
  /// A file on its way into the cache, and who waits for it.
  struct Arrival {
    std::string id;
    std::vector<Newcomer> waiting;
    bool read = false;
    Transfer transfer = {};
  };
  /// What a request computed, on its way to a file.
  struct Departure {
    Transfer transfer;
    std::string name;
    News last;
  };

  const SavedPrompt* best_for(Sequence& sequence) const;
  void take_news(Outcome& outcome);
  void note_read(WasRead read, Outcome& outcome);
  void note_written(WasWritten written, Outcome& outcome);
  void give_up(std::list<Arrival>::iterator arrival, const Error& why, Outcome& outcome);
  void leave(std::list<Arrival>::iterator arrival, Outcome& outcome);
  void move_in(Outcome& outcome);
  void move_out(Outcome& outcome);

  CacheAccess access_;
  SavedPrompt about_;
  bool open_;
  std::vector<SavedPrompt> known_;  ///< what lies on disk, as far as we have heard
  std::list<Arrival> arrivals_;
  std::list<Departure> departures_;
  std::uint64_t next_ticket_ = 0;
  std::unordered_map<std::uint64_t, News> writing_;  ///< by ticket
  PromptDisk disk_;
};

}  // namespace hearth::engine
