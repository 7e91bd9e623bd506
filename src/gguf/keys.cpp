// Typed look-ups.
#include "gguf/keys.h"

namespace hearth::gguf {

std::string Keys::place(std::string_view key) const {
  return key.starts_with('.') ? prefix_ + std::string(key) : std::string(key);
}

std::unexpected<Error> Keys::wrong(std::string_view key, std::string_view wanted) const {
  const Value* value = find(metadata_, place(key));
  if (!value) return fail(ErrorCode::CorruptData, "metadata \"{}\" is missing", place(key));
  return fail(ErrorCode::CorruptData, "metadata \"{}\" must be {}, not {}", place(key), wanted,
              type_name(value->type));
}

Result<std::int64_t> Keys::whole(std::string_view key, std::int64_t least, std::int64_t most,
                                 std::optional<std::int64_t> otherwise) const {
  const Value* value = find(metadata_, place(key));
  if (!value && otherwise) return *otherwise;
  const auto number = value ? value->whole() : std::nullopt;
  if (!number) return wrong(key, "a whole number");
  if (*number < least || *number > most)
    return fail(ErrorCode::CorruptData, "metadata \"{}\" is {} (possible: {} to {})", place(key),
                *number, least, most);
  return *number;
}

Result<double> Keys::number(std::string_view key, std::optional<double> otherwise) const {
  const Value* value = find(metadata_, place(key));
  if (!value && otherwise) return *otherwise;
  const auto number = value ? value->number() : std::nullopt;
  if (!number) return wrong(key, "a number");
  return *number;
}

Result<bool> Keys::truth(std::string_view key, bool otherwise) const {
  const Value* value = find(metadata_, place(key));
  if (!value) return otherwise;
  const auto truth = value->truth();
  if (!truth) return wrong(key, "true or false");
  return *truth;
}

Result<std::string> Keys::text(std::string_view key, std::optional<std::string> otherwise) const {
  const Value* value = find(metadata_, place(key));
  if (!value && otherwise) return *std::move(otherwise);
  const std::string* text = value ? value->string() : nullptr;
  if (!text) return wrong(key, "a text");
  return *text;
}

Result<std::vector<bool>> Keys::truths(std::string_view key) const {
  const Value* value = find(metadata_, place(key));
  const Array* list = value ? value->list() : nullptr;
  if (!list || list->type != ValueType::Bool) return wrong(key, "a list of truth values");
  std::vector<bool> truths;
  truths.reserve(list->items.size());
  for (const Value& item : list->items) truths.push_back(*item.truth());
  return truths;
}

Result<std::vector<std::string_view>> Keys::texts(std::string_view key) const {
  const Value* value = find(metadata_, place(key));
  const Array* list = value ? value->list() : nullptr;
  if (!list || list->type != ValueType::String) return wrong(key, "a list of texts");
  std::vector<std::string_view> texts;
  texts.reserve(list->items.size());
  for (const Value& item : list->items) texts.push_back(*item.string());
  return texts;
}

Result<std::vector<double>> Keys::numbers(std::string_view key) const {
  const Value* value = find(metadata_, place(key));
  std::vector<double> numbers;
  if (!value) return numbers;
  const Array* list = value->list();
  if (!list) return wrong(key, "a list of numbers");
  for (const Value& item : list->items) {
    const auto number = item.number();
    if (!number) return wrong(key, "a list of numbers");
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace hearth::gguf
