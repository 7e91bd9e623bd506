// What people said of their models: favourites, notes, presets.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "services/shelf/preset.h"
#include "store/database.h"

namespace hearth::services {

struct ModelSettings {
  bool favourite = false;
  std::string note;
  Preset preset;
};

/// Kept in the database; several programs may change them at once. Any thread; may wait for the
/// disk.
class Shelf {
 public:
  /// Reads what there is. @param database  outlives the shelf; null: nothing is kept
  explicit Shelf(store::Database* database) : database_(database) { refresh(); }

  /// Those of a model, empty where nobody said anything. What was read may be a second old; where
  /// the database cannot be read the last that was read counts, and the log says why.
  ModelSettings of(const std::string& model) const;
  std::map<std::string, ModelSettings> all() const;

  /// Changes those of a model; they count from now on.
  /// @returns InvalidArgument for a note of more than 10,000 bytes; Io where nothing can be kept
  Result<ModelSettings> change(const std::string& model,
                               const std::function<void(ModelSettings&)>& edit);

 private:
  using Known = std::map<std::string, ModelSettings>;

  Result<Known> read() const;
  void refresh() const;

  store::Database* database_;
  std::mutex changing_;  // one change after another: what is known is the latest
  mutable std::mutex mutex_;
  mutable Known known_;  // guarded by mutex_, as all below
  mutable base::Instant read_at_{};
  std::uint64_t changes_ = 0;  // made here
};

/// As the API tells them.
json::object describe(const std::string& model, const ModelSettings& settings);

}  // namespace hearth::services
