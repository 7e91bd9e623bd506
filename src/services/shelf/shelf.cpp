// Settings of models, read from the database now and then.
#include "services/shelf/shelf.h"

#include <utility>

#include "base/log.h"
#include "store/model_settings.h"

namespace hearth::services {
namespace {

/// How long what was read may be relied on: a busy server must not read the disk for every request.
constexpr std::chrono::seconds kSettingsAreFreshFor{1};
constexpr std::size_t kLongestNote = 10'000;

Result<ModelSettings> settings_of(const std::string& model, const store::ModelSettingsRow& row) {
  const auto preset = [&]() -> Result<Preset> {
    return TRY(read_preset(TRY(base::parse_json(row.preset))));
  }();
  if (!preset)
    return fail(ErrorCode::CorruptData, "the database's preset of {} makes no sense: {}", model,
                preset.error().message);
  return ModelSettings{.favourite = row.favourite, .note = row.note, .preset = *preset};
}

store::ModelSettingsRow row_of(const ModelSettings& settings) {
  return {.favourite = settings.favourite,
          .note = settings.note,
          .preset = base::write_json(write_preset(settings.preset))};
}

}  // namespace

Result<Shelf::Known> Shelf::read() const {
  Known known;
  for (const auto& [model, row] : TRY(store::ModelSettings(*database_).all()))
    known.emplace(model, TRY(settings_of(model, row)));
  return known;
}

/// Who comes meanwhile is not kept waiting: what was read last still counts.
void Shelf::refresh() const {
  if (database_ == nullptr) return;
  std::uint64_t before = 0;
  {
    const std::lock_guard lock(mutex_);
    if (base::SteadyClock::now() - read_at_ < kSettingsAreFreshFor) return;
    read_at_ = base::SteadyClock::now();
    before = changes_;
  }
  auto fresh = read();
  if (!fresh) return log_warn("shelf", "presets and notes are not read: {}", fresh.error().message);
  const std::lock_guard lock(mutex_);
  if (changes_ == before) known_ = std::move(*fresh);  // else what was changed is newer
}

ModelSettings Shelf::of(const std::string& model) const {
  refresh();
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(model);
  return found == known_.end() ? ModelSettings() : found->second;
}

std::map<std::string, ModelSettings> Shelf::all() const {
  refresh();
  const std::lock_guard lock(mutex_);
  return known_;
}

Result<ModelSettings> Shelf::change(const std::string& model,
                                    const std::function<void(ModelSettings&)>& edit) {
  if (database_ == nullptr)
    return fail(ErrorCode::Io,
                "there is no database here, so nothing can be kept: set HEARTH_HOME to a folder "
                "that can be written");
  const std::lock_guard one_after_another(changing_);
  ModelSettings settings;
  TRY(store::ModelSettings(*database_)
          .change(model, [&](store::ModelSettingsRow& row) -> Result<void> {
            settings = TRY(settings_of(model, row));
            edit(settings);
            if (settings.note.size() > kLongestNote)
              return fail(
                  base::fold({{.path = "note", .message = "must have at most 10,000 bytes"}}));
            row = row_of(settings);
            return {};
          }));
  const std::lock_guard lock(mutex_);
  known_.insert_or_assign(model, settings);
  ++changes_;
  return settings;
}

json::object describe(const std::string& model, const ModelSettings& settings) {
  return {{"model", model},
          {"favourite", settings.favourite},
          {"note", settings.note},
          {"preset", write_preset(settings.preset)}};
}

}  // namespace hearth::services
