// States and order of conversions.
#include "services/conversions/conversion_queue.h"

#include <algorithm>
#include <utility>

namespace hearth::services {
namespace {

using store::ConversionState;

bool same_request(const store::ConversionRow& a, const store::ConversionRow& b) {
  return a.source == b.source && a.options == b.options && a.replaces == b.replaces;
}

void set_error(store::ConversionRow& row, const Error& error) {
  row.error_code = base::name(error.code);
  row.error = error.message;
}

void clear_error(store::ConversionRow& row) {
  row.error_code.clear();
  row.error.clear();
}

}  // namespace

bool has_ended(ConversionState state) {
  return state != ConversionState::Pending && state != ConversionState::Running;
}

ConversionQueue::ConversionQueue(std::vector<Row> rows) : rows_(std::move(rows)) {
  for (Row& row : rows_.all())
    if (row.state == ConversionState::Running)
      set_state(row, ConversionState::Pending, row.changed);
}

Result<ConversionQueue::Added> ConversionQueue::add(Row wanted, std::int64_t now) {
  const auto& all = rows_.all();
  if (const auto old = std::ranges::find(all, wanted.target, &Row::target); old != all.end()) {
    if (!has_ended(old->state)) {
      if (same_request(*old, wanted)) return Added{.id = old->id, .joined = true};
      return fail(ErrorCode::InvalidArgument,
                  "{} is being made already, of {} or with other options; give another name, or "
                  "cancel that conversion ({}) first",
                  wanted.target, old->model, old->id);
    }
    if (!rows_.runs(old->id)) rows_.remove(old->id);
  }
  wanted.created = now;
  Row& added = rows_.append(std::move(wanted));
  set_state(added, ConversionState::Pending, now);
  Added result{.id = added.id};
  rows_.keep_newest(kMostEndedRows,
                    [&](const Row& row) { return has_ended(row.state) && !rows_.runs(row.id); });
  return result;
}

Result<void> ConversionQueue::cancel(const std::string& id, std::int64_t now) {
  Row& row = *TRY(known(id));
  if (row.state == ConversionState::Cancelled) return {};
  if (has_ended(row.state))
    return fail(ErrorCode::InvalidArgument,
                "the conversion of {} is {}: there is nothing to cancel", row.model,
                store::name(row.state));
  rows_.stop(id);
  clear_error(row);
  set_state(row, ConversionState::Cancelled, now);
  return {};
}

Result<void> ConversionQueue::retry(const std::string& id, std::int64_t now) {
  Row& row = *TRY(known(id));
  if (row.state == ConversionState::Completed)
    return fail(ErrorCode::InvalidArgument,
                "{} is made already: ask for it anew to make it once more", row.target);
  if (!has_ended(row.state)) return {};
  const auto makes_it = [&](const Row& other) {
    return other.id != id && other.target == row.target && !has_ended(other.state);
  };
  if (std::ranges::any_of(rows_.all(), makes_it))
    return fail(ErrorCode::InvalidArgument, "{} is being made by a newer conversion already",
                row.target);
  clear_error(row);
  set_state(row, ConversionState::Pending, now);
  return {};
}

Result<void> ConversionQueue::move(const std::string& id, std::size_t place) {
  const auto waits = [](const Row& row) { return row.state == ConversionState::Pending; };
  const Row& moved = *TRY(known(id));
  if (!waits(moved))
    return fail(ErrorCode::InvalidArgument,
                "the conversion of {} is {}: only those that wait can be moved", moved.model,
                store::name(moved.state));
  rows_.move(id, place, waits);
  return {};
}

Result<void> ConversionQueue::forget(const std::string& id) {
  const Row& row = *TRY(known(id));
  if (!has_ended(row.state) || rows_.runs(id))
    return fail(ErrorCode::InvalidArgument,
                "the conversion of {} has not ended yet: cancel it first, or wait a moment",
                row.model);
  rows_.remove(id);
  return {};
}

std::optional<ConversionQueue::Row> ConversionQueue::next() const {
  for (const Row& row : rows_.all())
    if (row.state == ConversionState::Pending && !rows_.runs(row.id)) return row;
  return std::nullopt;
}

void ConversionQueue::put_off(const Row& claimed, const Error& why, std::int64_t now) {
  Row& row = *rows_.find(claimed.id);
  rows_.end(row.id);
  if (row.state == ConversionState::Pending && row.error == why.message) return;
  row.begun = claimed.begun;
  set_error(row, why);
  set_state(row, ConversionState::Pending, now);
}

void ConversionQueue::begin(const std::string& id, std::int64_t now) {
  Row& row = *rows_.find(id);
  if (!goes_on(id)) return;
  clear_error(row);
  row.begun = true;
  set_state(row, ConversionState::Running, now);
}

void ConversionQueue::ended(const std::string& id, const Result<std::string>& how,
                            std::int64_t now) {
  Row& row = *rows_.find(id);
  const bool wanted = rows_.end(id);
  if (how) {
    row.result = *how;
    return set_state(row, ConversionState::Completed, now);
  }
  if (!wanted) return set_state(row, row.state, now);
  if (how.error().code == ErrorCode::Cancelled)
    return set_state(row, ConversionState::Pending, now);
  set_error(row, how.error());
  row.begun = false;
  set_state(row, ConversionState::Failed, now);
}

Result<ConversionQueue::Row*> ConversionQueue::known(const std::string& id) {
  if (Row* found = rows_.find(id)) return found;
  return fail(ErrorCode::NotFound, "there is no conversion \"{}\"", id);
}

void ConversionQueue::set_state(Row& row, ConversionState state, std::int64_t now) {
  row.state = state;
  row.changed = now;
  rows_.touch(row.id);
}

}  // namespace hearth::services
