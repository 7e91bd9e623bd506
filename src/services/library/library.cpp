// Looking for models in the folders.
#include "services/library/library.h"

#include <algorithm>
#include <chrono>
#include <fstream>

#include "base/log.h"
#include "services/library/is_there.h"
#include "services/library/ollama_store.h"
#include "store/aliases.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;

/// How long resolve() may rely on its last look at the folders: a busy server must not read the
/// disk for every request.
constexpr std::chrono::seconds kLookIsFreshFor{1};

/// The folders within `folder`, sorted; none if it cannot be read.
std::vector<fs::path> subfolders(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code unreadable;
    if (at->is_directory(unreadable)) found.push_back(at->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// One look at all folders.
struct Scan {
  std::vector<ModelEntry> entries;
  std::set<std::string, std::less<>> ids = {};
  FolderIndex& index;

  void add_if_model(const fs::path& folder, const std::string& id, ModelPlace place) {
    if (ids.contains(id)) return;
    auto entry = index.read(folder, id);
    if (!entry) return;
    entry->place = place;
    ids.insert(id);
    entries.push_back(std::move(*entry));
  }
};

void scan_plain(Scan& scan, const fs::path& root, ModelPlace place) {
  for (const fs::path& folder : subfolders(root)) {
    const std::string name = folder.filename().string();
    if (name.starts_with('.')) continue;  // what programs keep for themselves
    if (is_there(folder / "config.json"))
      scan.add_if_model(folder, name, place);
    else
      for (const fs::path& inner : subfolders(folder))
        scan.add_if_model(inner, name + "/" + inner.filename().string(), place);
  }
}

/// The snapshot that refs/main names, else the newest one.
fs::path current_snapshot(const fs::path& repository) {
  std::string commit;
  std::ifstream(repository / "refs" / "main") >> commit;
  if (!commit.empty() && is_there(repository / "snapshots" / commit))
    return repository / "snapshots" / commit;
  const auto all = subfolders(repository / "snapshots");
  const auto newer = [](const fs::path& a, const fs::path& b) {
    std::error_code error;
    return fs::last_write_time(a, error) < fs::last_write_time(b, error);
  };
  const auto newest = std::max_element(all.begin(), all.end(), newer);
  return newest == all.end() ? fs::path() : *newest;
}

void scan_hub_cache(Scan& scan, const fs::path& root) {
  static constexpr std::string_view kPrefix = "models--";
  for (const fs::path& repository : subfolders(root)) {
    std::string name = repository.filename().string();
    if (!name.starts_with(kPrefix)) continue;
    name.erase(0, kPrefix.size());
    if (const auto split = name.find("--"); split != std::string::npos) name.replace(split, 2, "/");
    if (const fs::path snapshot = current_snapshot(repository); !snapshot.empty())
      scan.add_if_model(snapshot, name, ModelPlace::HubCache);
  }
}

}  // namespace

/// The demo model answers to a short name as well.
void Library::add_aliases(std::vector<ModelEntry>& entries) const {
  std::vector<store::Alias> aliases;
  if (knowledge_.database != nullptr) {
    if (auto named = store::Aliases(*knowledge_.database).list())
      aliases = std::move(*named);
    else
      log_warn("library", "aliases are not known: {}", named.error().message);
  }
  for (ModelEntry& entry : entries) {
    if (entry.id == "hearth-demo") entry.aliases.emplace_back("demo");
    for (const store::Alias& alias : aliases)
      if (alias.model == entry.id) entry.aliases.push_back(alias.alias);
  }
}

std::vector<ModelEntry> Library::list() const {
  const std::lock_guard scanning(scan_mutex_);
  Scan scan{.entries = {}, .index = index_};
  {
    const std::lock_guard lock(mutex_);
    scan.entries = added_;
  }
  for (const ModelEntry& entry : scan.entries) scan.ids.insert(entry.id);
  for (const fs::path& root : folders_.plain) scan_plain(scan, root, ModelPlace::Folder);
  if (!folders_.installed.empty()) scan_plain(scan, folders_.installed, ModelPlace::Installed);
  scan_hub_cache(scan, folders_.hub_cache);
  if (!folders_.ollama.empty())
    for (const OllamaModel& model : link_ollama_models(folders_.ollama, folders_.ollama_views))
      scan.add_if_model(model.folder, model.id, ModelPlace::Ollama);
  index_.save();
  std::vector<ModelEntry> entries = std::move(scan.entries);
  add_aliases(entries);
  for (ModelEntry& entry : entries)
    if (entry.unsupported.empty() && !knowledge_.architectures.empty() &&
        !entry.architecture.empty() && !knowledge_.architectures.contains(entry.architecture))
      entry.unsupported =
          fmt::format("models of the family \"{}\" cannot be run yet", entry.architecture);
  std::ranges::sort(entries, {}, &ModelEntry::id);
  return entries;
}

Result<ModelEntry> Library::add_folder(const fs::path& folder) {
  std::error_code error;
  const fs::path whole = fs::canonical(folder, error);
  if (error)
    return fail(ErrorCode::NotFound,
                "{}: {}; check the path, or name a model that `hearth list` shows", folder.string(),
                error.message());
  auto entry = TRY(read_model_folder(whole, whole.filename().string()));
  entry.place = ModelPlace::Named;
  const std::lock_guard lock(mutex_);
  seen_.clear();
  std::erase_if(added_, [&](const ModelEntry& old) { return old.id == entry.id; });
  added_.push_back(entry);
  return entry;
}

Result<ModelEntry> Library::resolve(std::string_view name) const {
  {
    const std::lock_guard lock(mutex_);
    if (base::SteadyClock::now() - seen_at_ < kLookIsFreshFor)
      if (auto entry = resolve_name(seen_, name)) return entry;
  }
  std::vector<ModelEntry> entries = list();
  auto found = resolve_name(entries, name);
  const std::lock_guard lock(mutex_);
  seen_ = std::move(entries);
  seen_at_ = base::SteadyClock::now();
  return found;
}

void Library::look_again() {
  const std::lock_guard lock(mutex_);
  seen_.clear();
}

}  // namespace hearth::services
