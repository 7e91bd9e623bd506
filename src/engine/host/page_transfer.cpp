// Copies of pages, few enough that running answers do not notice.
#include "engine/host/page_transfer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/log.h"

namespace hearth::engine {
namespace {

constexpr std::size_t kPagesPerTurn = 8;

/// The first `pages` pages of the prompt as the cache knows sequences.
Sequence beginning(const Transfer& transfer, std::size_t pages) {
  const auto end = transfer.tokens.begin() + static_cast<std::ptrdiff_t>(pages * kPageTokens);
  return Sequence(SequenceId{0}, {transfer.tokens.begin(), end}, 1, {.salt = transfer.salt});
}

/// Pages of the prompt that the cache holds, whether there is a state behind them or not.
std::vector<PageId> known_pages(const CacheAccess& access, const Transfer& transfer) {
  Sequence sequence = beginning(transfer, transfer.whole());
  return access.cache.tree().match(sequence, sequence.length(), /*with_states=*/false).whole;
}

/// Snapshots that the next step would make must not wait for it.
Result<void> settle(const CacheAccess& access) {
  const std::vector<StateCopy> saves = access.scheduler.take_saves();
  return saves.empty() ? Result<void>() : access.runner.save_states(saves);
}

std::unexpected<Error> lost() {
  return fail(ErrorCode::Overloaded,
              "what was computed of the prompt had to make room before it could be saved; save it "
              "when less is going on");
}

/// Room for all pages, where the first `count` are there: growing would copy what has come.
void make_room(Transfer& transfer, std::size_t count) {
  for (CacheTensor& tensor : transfer.tensors)
    if (tensor.of_pages) tensor.bytes.reserve(tensor.bytes.size() / count * transfer.whole());
}

/// Takes pages behind those in `known` and fills them. @returns whether all can be shared.
Result<bool> place_pages(const CacheAccess& access, const Transfer& transfer,
                         const std::vector<PageId>& known, std::size_t count) {
  Sequence sequence = beginning(transfer, known.size() + count);
  for (const PageId page : known) {
    access.cache.hold(page);
    sequence.add_page(page);
  }
  std::vector<PageId> fresh;
  for (std::size_t i = 0; i < count; ++i) {
    fresh.push_back(*access.cache.take());
    sequence.add_page(fresh.back());
  }
  const auto written = access.runner.write_cache(
      fresh, kNoState, take_pages(transfer.tensors, transfer.whole(), known.size(), count));
  bool shared = written.has_value();
  for (std::size_t i = known.size(); shared && i < known.size() + count; ++i)
    shared = access.cache.publish(sequence, i);
  access.cache.retire(sequence);
  if (!written) return fail(written.error());
  return shared;
}

Result<void> place_state(const CacheAccess& access, const Transfer& transfer, PageId last) {
  if (!access.cache.recurrent() || access.cache.has_snapshot(last)) return {};
  TRY(settle(access));
  const auto state = access.cache.add_snapshot(last);
  if (!state) return {};
  auto written = access.runner.write_cache({}, *state, take_states(transfer.tensors));
  if (!written) access.cache.drop_snapshot(last);
  return written;
}

}  // namespace

Result<Moved> copy_out(const CacheAccess& access, Transfer& transfer) {
  const std::vector<PageId> known = known_pages(access, transfer);
  if (known.size() < transfer.whole()) return lost();
  if (access.cache.recurrent() && !transfer.state_copied) {
    if (!access.cache.has_snapshot(known.back())) return lost();
    TRY(settle(access));
    append_pages(transfer.tensors,
                 TRY(access.runner.read_cache({}, access.cache.tree().state(known.back()))));
    transfer.state_copied = true;
  }
  const std::size_t count = std::min(kPagesPerTurn, transfer.whole() - transfer.pages);
  const auto pages = std::span(known).subspan(transfer.pages, count);
  append_pages(transfer.tensors, TRY(access.runner.read_cache(pages, kNoState)));
  if (transfer.pages == 0) make_room(transfer, count);
  transfer.pages += count;
  return transfer.pages == transfer.whole() ? Moved::Wholly : Moved::Partly;
}

Result<Moved> copy_in(const CacheAccess& access, const Transfer& transfer) {
  const std::vector<PageId> known = known_pages(access, transfer);
  if (known.size() == transfer.whole()) {
    TRY(place_state(access, transfer, known.back()));
    return Moved::Wholly;
  }
  const std::size_t count = std::min(kPagesPerTurn, transfer.whole() - known.size());
  const auto unheld =
      std::ranges::count_if(known, [&](PageId page) { return !access.cache.held(page); });
  if (access.scheduler.spare_pages() < count + static_cast<std::size_t>(unheld)) {
    log_info("engine", "a saved prompt of {} tokens finds room for {} of them",
             transfer.tokens.size(), known.size() * kPageTokens);
    return Moved::Wholly;
  }
  return TRY(place_pages(access, transfer, known, count)) ? Moved::Partly : Moved::Wholly;
}

}  // namespace hearth::engine
