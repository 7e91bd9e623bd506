// The adapters that the settings name, each for one model, and how strongly they add by default.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace hearth::services {

/// What a setting `NAME=FOLDER` or `MODEL:NAME=FOLDER` says.
struct AdapterSetting {
  std::string model;  ///< as written; empty: the first model served
  std::string name;
  std::filesystem::path folder;
};

/// @returns InvalidArgument, with the form, for anything else.
Result<AdapterSetting> parse_adapter(std::string_view text);

struct AdapterEntry {
  std::string model;  ///< id of the model it adds to
  std::string name;   ///< unique for its model
  std::filesystem::path folder;
  double scale = 0;  ///< for requests that choose no adapters themselves
};

/// All adapters of this server. Any thread.
class Adapters {
 public:
  Adapters() = default;

  /// @returns InvalidArgument where the model has one of that name; NotFound where the folder holds
  ///          no adapter_config.json.
  Result<void> add(AdapterEntry entry);

  /// A model's adapters; an adapter's place among them is its number in requests.
  std::vector<AdapterEntry> of(std::string_view model) const;

  /// Sets what requests without a choice of their own get: those not named get nothing.
  /// @returns InvalidArgument for a place that there is not; nothing is changed then.
  Result<void> set_scales(std::string_view model,
                          const std::vector<std::pair<std::uint32_t, double>>& scales);

 private:
  mutable std::mutex mutex_;
  std::vector<AdapterEntry> entries_;  // guarded by mutex_; in the order of the settings
};

}  // namespace hearth::services
