// Choosing, awaiting, bringing in and taking out saved prompts.
#include "engine/host/prompt_keeper.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace hearth::engine {
namespace {

/// Those that this model, as it runs now, would have computed as well.
std::vector<SavedPrompt> usable(const PromptFolder& folder, const SavedPrompt& about) {
  std::vector<SavedPrompt> prompts;
  if (!folder.open()) return prompts;
  for (SavedPrompt& prompt : folder.list(about.fingerprint)) {
    if (prompt.identity == about.identity) {
      prompts.push_back(std::move(prompt));
      continue;
    }
    log_info("engine", "saved prompt {} is not used: it was computed by {}, this is {}", prompt.id,
             prompt.identity, about.identity);
  }
  if (!prompts.empty()) log_info("engine", "{} saved prompts are on disk", prompts.size());
  return prompts;
}

}  // namespace

PromptKeeper::PromptKeeper(CacheAccess access, PromptFolder folder, SavedPrompt about,
                           std::function<void()> wake)
    : access_(access),
      about_(std::move(about)),
      open_(folder.open() && access.cache.options().share && !access.cache.windows().on()),
      known_(usable(folder, about_)),
      disk_(std::move(folder), std::move(wake)) {}

Result<void> PromptKeeper::check_open() const {
  if (open_) return {};
  if (!access_.cache.options().share)
    return fail(ErrorCode::UnsupportedCapability,
                "prompts cannot be saved while engine.prefix_cache is off");
  if (access_.cache.windows().on())
    return fail(
        ErrorCode::UnsupportedCapability,
        "prompts of this model cannot be saved: its layers with a sliding window keep pages "
        "of their own, which are given back while a prompt is read");
  return fail(ErrorCode::UnsupportedCapability,
              "no room is set aside for saved prompts; set engine.saved_prompts_mib");
}

const SavedPrompt* PromptKeeper::best_for(Sequence& sequence) const {
  const std::uint32_t reusable = sequence.reusable();
  std::uint32_t most = access_.cache.match(sequence, reusable).whole_tokens();
  const SavedPrompt* best = nullptr;
  for (const SavedPrompt& prompt : known_) {
    if (prompt.salt != sequence.traits().salt) continue;
    std::uint32_t common = common_tokens(prompt.tokens, sequence.tokens().first(reusable));
    // A recurrent state stands behind the last token only.
    if (access_.cache.recurrent() && common < prompt.tokens.size()) continue;
    common = common / kPageTokens * kPageTokens;
    if (common <= most || pages_for(prompt.tokens.size()) > access_.scheduler.spare_pages())
      continue;
    most = common;
    best = &prompt;
  }
  return best;
}

bool PromptKeeper::await(Newcomer& newcomer) {
  const SavedPrompt* prompt = open_ && !known_.empty() ? best_for(*newcomer.sequence) : nullptr;
  if (prompt == nullptr) return false;
  auto arrival = std::ranges::find(arrivals_, prompt->id, &Arrival::id);
  if (arrival == arrivals_.end()) {
    arrivals_.push_back({.id = prompt->id, .waiting = {}});
    arrival = std::prev(arrivals_.end());
    disk_.read(*prompt);
  }
  arrival->waiting.push_back(std::move(newcomer));
  return true;
}

void PromptKeeper::keep(Transfer transfer, std::string name, News last) {
  departures_.push_back(
      {.transfer = std::move(transfer), .name = std::move(name), .last = std::move(last)});
}

bool PromptKeeper::drop(SequenceId id) {
  for (Arrival& arrival : arrivals_)
    if (std::erase_if(arrival.waiting, [&](const Newcomer& one) { return one.job.id() == id; }) > 0)
      return true;
  return false;
}

bool PromptKeeper::busy() const {
  return !departures_.empty() || std::ranges::any_of(arrivals_, &Arrival::read);
}

std::uint32_t PromptKeeper::awaiting() const {
  std::size_t count = 0;
  for (const Arrival& arrival : arrivals_) count += arrival.waiting.size();
  return static_cast<std::uint32_t>(count);
}

std::vector<std::shared_ptr<Reply>> PromptKeeper::unfinished() const {
  std::vector<std::shared_ptr<Reply>> replies;
  for (const Arrival& arrival : arrivals_)
    for (const Newcomer& one : arrival.waiting) replies.push_back(one.job.reply);
  for (const Departure& departure : departures_) replies.push_back(departure.last.reply);
  for (const auto& [ticket, news] : writing_) replies.push_back(news.reply);
  return replies;
}

PromptKeeper::Outcome PromptKeeper::work() {
  Outcome outcome;
  take_news(outcome);
  if (std::ranges::any_of(arrivals_, &Arrival::read))
    move_in(outcome);
  else if (!departures_.empty())
    move_out(outcome);
  return outcome;
}

void PromptKeeper::take_news(Outcome& outcome) {
  for (DiskNews& news : disk_.news()) {
    if (auto* read = std::get_if<WasRead>(&news))
      note_read(std::move(*read), outcome);
    else
      note_written(std::move(std::get<WasWritten>(news)), outcome);
  }
}

void PromptKeeper::note_read(WasRead read, Outcome& outcome) {
  const auto arrival = std::ranges::find(arrivals_, read.id, &Arrival::id);
  if (!read.content) return give_up(arrival, read.content.error(), outcome);
  SavedPrompt& prompt = read.content->prompt;
  if (prompt.id != read.id)
    return give_up(arrival, {.message = "its file holds another prompt"}, outcome);
  arrival->read = true;
  arrival->transfer = {.tokens = std::move(prompt.tokens),
                       .salt = std::move(prompt.salt),
                       .tensors = std::move(read.content->tensors)};
}

/// The requests do without the file, and so will later ones.
void PromptKeeper::give_up(std::list<Arrival>::iterator arrival, const Error& why,
                           Outcome& outcome) {
  log_warn("engine", "saved prompt {} is not used: {}", arrival->id, why.message);
  std::erase_if(known_, [&](const SavedPrompt& prompt) { return prompt.id == arrival->id; });
  leave(arrival, outcome);
}

void PromptKeeper::note_written(WasWritten written, Outcome& outcome) {
  const auto found = writing_.find(written.ticket);
  News news = std::move(found->second);
  writing_.erase(found);
  if (written.prompt) {
    news.kept = written.prompt->id;
    log_info("engine", "saved prompt {} is on disk: {} tokens, {} KiB", news.kept,
             written.prompt->tokens.size(), written.prompt->bytes >> 10);
    std::erase_if(known_, [&](const SavedPrompt& prompt) { return prompt.id == news.kept; });
    known_.push_back(std::move(*written.prompt));
  } else {
    news.finish.reset();
    news.error = std::move(written.prompt).error();
  }
  outcome.news.push_back(std::move(news));
}

/// Whoever waited goes on.
void PromptKeeper::leave(std::list<Arrival>::iterator arrival, Outcome& outcome) {
  std::ranges::move(arrival->waiting, std::back_inserter(outcome.ready));
  disk_.discard(std::move(arrival->transfer.tensors));
  arrivals_.erase(arrival);
}

void PromptKeeper::move_in(Outcome& outcome) {
  const auto arrival = std::ranges::find_if(arrivals_, &Arrival::read);
  const auto moved = copy_in(access_, arrival->transfer);
  if (!moved) {
    outcome.lost = moved.error().code != ErrorCode::CorruptData;
    return give_up(arrival, moved.error(), outcome);
  }
  if (*moved == Moved::Wholly) leave(arrival, outcome);
}

void PromptKeeper::move_out(Outcome& outcome) {
  Departure& departure = departures_.front();
  auto moved = copy_out(access_, departure.transfer);
  if (moved && *moved == Moved::Partly) return;
  if (moved) {
    PromptContent content{.prompt = about_, .tensors = std::move(departure.transfer.tensors)};
    content.prompt.name = std::move(departure.name);
    content.prompt.salt = std::move(departure.transfer.salt);
    content.prompt.created_s = base::unix_seconds();
    content.prompt.tokens = std::move(departure.transfer.tokens);
    writing_.emplace(++next_ticket_, std::move(departure.last));
    disk_.write(next_ticket_, std::move(content));
  } else {
    outcome.lost = moved.error().code != ErrorCode::Overloaded;
    departure.last.finish.reset();
    departure.last.error = std::move(moved).error();
    outcome.news.push_back(std::move(departure.last));
  }
  departures_.pop_front();
}

}  // namespace hearth::engine
