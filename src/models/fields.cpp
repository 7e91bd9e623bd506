// Reads typed fields out of a JSON object and remembers the first fault.
#include "models/fields.h"

#include <cmath>
#include <limits>

namespace hearth::models {

namespace {

std::optional<long long> whole(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (!value.is_double()) return {};
  const double number = value.get_double();
  const bool fits = std::abs(number) < 9e15 && std::trunc(number) == number;
  return fits ? std::optional(static_cast<long long>(number)) : std::nullopt;
}

}  // namespace

const json::value* Fields::find(std::string_view name) const {
  const json::value* value = object_->if_contains(name);
  return value && !value->is_null() ? value : nullptr;
}

int Fields::integer(std::string_view name, std::optional<int> otherwise, Range range) {
  const json::value* value = find(name);
  if (!value) {
    if (!otherwise) fault(ErrorCode::CorruptData, name, "is missing");
    return otherwise.value_or(1);
  }
  const auto number = whole(*value);
  if (number && *number >= range.low && *number <= range.high) return static_cast<int>(*number);
  fault(ErrorCode::CorruptData, name,
        fmt::format("must be a whole number from {} to {}", range.low, range.high));
  return 1;
}

double Fields::number(std::string_view name, std::optional<double> otherwise) {
  const json::value* value = find(name);
  if (value && value->is_number()) return value->to_number<double>();
  if (value)
    fault(ErrorCode::CorruptData, name, "must be a number");
  else if (!otherwise)
    fault(ErrorCode::CorruptData, name, "is missing");
  return otherwise.value_or(1.0);
}

bool Fields::boolean(std::string_view name, bool otherwise) {
  const json::value* value = find(name);
  if (!value) return otherwise;
  if (value->is_bool()) return value->get_bool();
  fault(ErrorCode::CorruptData, name, "must be true or false");
  return otherwise;
}

std::string Fields::text(std::string_view name, std::string_view otherwise) {
  const json::value* value = find(name);
  if (value && value->is_string()) return std::string(value->get_string());
  if (value) fault(ErrorCode::CorruptData, name, "must be a string");
  return std::string(otherwise);
}

std::vector<std::int32_t> Fields::id_list(std::string_view name) {
  const json::value* value = find(name);
  if (!value) return {};
  std::vector<std::int32_t> ids;
  const auto add = [&](const json::value& item) {
    const auto id = whole(item);
    if (id && *id >= 0 && *id <= std::numeric_limits<std::int32_t>::max())
      ids.push_back(static_cast<std::int32_t>(*id));
    else
      fault(ErrorCode::CorruptData, name, "must be a token id or a list of them");
  };
  if (const json::array* list = value->if_array())
    for (const json::value& item : *list) add(item);
  else
    add(*value);
  return ids;
}

std::vector<double> Fields::number_list(std::string_view name) {
  const json::value* value = find(name);
  if (!value) return {};
  std::vector<double> numbers;
  const json::array* list = value->if_array();
  if (!list) fault(ErrorCode::CorruptData, name, "must be a list of numbers");
  for (const json::value& item : list ? *list : json::array{}) {
    if (!item.is_number()) fault(ErrorCode::CorruptData, name, "must be a list of numbers");
    numbers.push_back(item.is_number() ? item.to_number<double>() : 1.0);
  }
  return numbers;
}

void Fields::fault(ErrorCode code, std::string_view name, std::string_view message) {
  if (error_) return;
  error_ = Error{.code = code, .message = fmt::format("{}{} {}", path_, name, message)};
}

void Fields::unsupported(std::string_view name, std::string_view value,
                         std::string_view supported) {
  fault(ErrorCode::UnsupportedArgument, name,
        fmt::format("\"{}\" is not supported (supported: {})", value, supported));
}

Result<void> Fields::finish() const {
  if (error_) return fail(*error_);
  return {};
}

}  // namespace hearth::models
