// Settings of models, read from the database now and then.
#include "services/shelf/shelf.h"

#include <utility>

#include "base/log.h"
#include "store/model_settings.h"

namespace hearth::services {
namespace {

/// How long what was read may be relied on: a busy server must not read the disk for every request.
constexpr std::chrono::seconds kFreshFor{1};
constexpr std::size_t kLongestNote = 10'000;

Result<ModelSettings> settings_of(const store::ModelSettingsRow& row) {
  return ModelSettings{.favourite = row.favourite,
                       .note = row.note,
                       .preset = TRY(read_preset(TRY(base::parse_json(row.preset))))};
}

store::ModelSettingsRow row_of(const ModelSettings& settings) {
  return {.favourite = settings.favourite,
          .note = settings.note,
          .preset = base::write_json(write_preset(settings.preset))};
}

}  // namespace

Result<Shelf::Known> Shelf::read() const {
  Known known;
  for (const auto& [model, row] : TRY(store::ModelSettings(*database_).all())) {
    auto settings = settings_of(row);
    if (!settings)
      return fail(ErrorCode::CorruptData, "the database's preset of {} makes no sense: {}", model,
                  settings.error().message);
    known.emplace(model, std::move(*settings));
  }
  return known;
}

/// With mutex_ held.
void Shelf::refresh() const {
  if (database_ == nullptr || base::SteadyClock::now() - read_at_ < kFreshFor) return;
  read_at_ = base::SteadyClock::now();
  auto fresh = read();
  if (fresh)
    known_ = std::move(*fresh);
  else
    log_warn("shelf", "presets and notes are not read: {}", fresh.error().message);
}

ModelSettings Shelf::of(const std::string& model) const {
  const std::lock_guard lock(mutex_);
  refresh();
  const auto found = known_.find(model);
  return found == known_.end() ? ModelSettings() : found->second;
}

std::map<std::string, ModelSettings> Shelf::all() const {
  const std::lock_guard lock(mutex_);
  refresh();
  return known_;
}

Result<ModelSettings> Shelf::change(const std::string& model,
                                    const std::function<void(ModelSettings&)>& edit) {
  if (database_ == nullptr)
    return fail(ErrorCode::Io,
                "there is no database here, so nothing can be kept: set HEARTH_HOME to a folder "
                "that can be written");
  const std::lock_guard one_after_another(changing_);
  Known known = TRY(read());
  ModelSettings& settings = known[model];
  edit(settings);
  if (settings.note.size() > kLongestNote)
    return fail(base::fold({{.path = "note", .message = "must have at most 10,000 bytes"}}));
  TRY(store::ModelSettings(*database_).put(model, row_of(settings)));
  ModelSettings result = settings;
  const std::lock_guard lock(mutex_);
  known_ = std::move(known);
  read_at_ = base::SteadyClock::now();
  return result;
}

json::object describe(const std::string& model, const ModelSettings& settings) {
  return {{"model", model},
          {"favourite", settings.favourite},
          {"note", settings.note},
          {"preset", write_preset(settings.preset)}};
}

}  // namespace hearth::services
