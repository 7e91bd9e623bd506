// Typed reading of a model's JSON files: every fault names the file and the field.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace hearth::models {

/// A whole-number field's limits, both allowed.
struct Range {
  long long low = 1;
  long long high = 1 << 24;
};

/// Reads fields of one JSON object; null counts as absent. Faults are collected, the first decides
/// the error. `path` is what stands in front of a field's name: "config.json: rope_scaling.".
class Fields {
 public:
  Fields(const json::object& object, std::string path) : object_(&object), path_(std::move(path)) {}

  /// What stands in front of a field's name.
  const std::string& path() const { return path_; }

  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// The value, or nullptr where it is absent or null.
  const json::value* find(std::string_view name) const;

  int integer(std::string_view name, std::optional<int> otherwise = {}, Range range = {});
  double number(std::string_view name, std::optional<double> otherwise = {});
  bool boolean(std::string_view name, bool otherwise);
  std::string text(std::string_view name, std::string_view otherwise);
  /// One number or a list of numbers; empty where absent.
  std::vector<std::int32_t> id_list(std::string_view name);

  /// A list of numbers; empty where absent.
  std::vector<double> number_list(std::string_view name);

  /// Records a fault of the field `name`: UnsupportedArgument where we cannot do it, else
  /// CorruptData.
  void fault(ErrorCode code, std::string_view name, std::string_view message);
  void unsupported(std::string_view name, std::string_view value, std::string_view supported);

  Result<void> finish() const;

 private:
  const json::object* object_;
  std::string path_;
  std::optional<Error> error_;
};

}  // namespace hearth::models
