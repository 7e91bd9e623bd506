// Values by type, and their types by name.
#include "gguf/value.h"

#include <limits>
#include <utility>

namespace hearth::gguf {

std::string_view type_name(ValueType type) {
  switch (type) {
    case ValueType::U8:
      return "uint8";
    case ValueType::I8:
      return "int8";
    case ValueType::U16:
      return "uint16";
    case ValueType::I16:
      return "int16";
    case ValueType::U32:
      return "uint32";
    case ValueType::I32:
      return "int32";
    case ValueType::F32:
      return "float32";
    case ValueType::Bool:
      return "bool";
    case ValueType::String:
      return "string";
    case ValueType::Array:
      return "array";
    case ValueType::U64:
      return "uint64";
    case ValueType::I64:
      return "int64";
    case ValueType::F64:
      return "float64";
  }
  return "unknown";
}

std::uint64_t least_bytes(ValueType type) {
  switch (type) {
    case ValueType::U8:
    case ValueType::I8:
    case ValueType::Bool:
      return 1;
    case ValueType::U16:
    case ValueType::I16:
      return 2;
    case ValueType::U32:
    case ValueType::I32:
    case ValueType::F32:
      return 4;
    case ValueType::Array:
      return 12;  // the elements' type and number
    case ValueType::String:
    case ValueType::U64:
    case ValueType::I64:
    case ValueType::F64:
      return 8;
  }
  return 1;
}

Value Value::u32(std::uint32_t number) {
  return {.type = ValueType::U32, .content = std::uint64_t{number}};
}

Value Value::i32(std::int32_t number) {
  return {.type = ValueType::I32, .content = std::int64_t{number}};
}

Value Value::f32(float number) {
  return {.type = ValueType::F32, .content = static_cast<double>(number)};
}

Value Value::boolean(bool value) {
  return {.type = ValueType::Bool, .content = value};
}

Value Value::text(std::string text) {
  return {.type = ValueType::String, .content = std::move(text)};
}

Value Value::array(ValueType type, std::vector<Value> items) {
  return {.type = ValueType::Array, .content = Array{.type = type, .items = std::move(items)}};
}

std::optional<std::int64_t> Value::whole() const {
  if (const auto* small = std::get_if<std::int64_t>(&content)) return *small;
  const auto* large = std::get_if<std::uint64_t>(&content);
  if (!large || *large > std::numeric_limits<std::int64_t>::max()) return {};
  return static_cast<std::int64_t>(*large);
}

std::optional<double> Value::number() const {
  if (const auto* real = std::get_if<double>(&content)) return *real;
  const auto exact = whole();
  if (!exact) return {};
  return static_cast<double>(*exact);
}

std::optional<bool> Value::truth() const {
  const auto* value = std::get_if<bool>(&content);
  return value ? std::optional(*value) : std::nullopt;
}

const std::string* Value::string() const {
  return std::get_if<std::string>(&content);
}

const Array* Value::list() const {
  return std::get_if<Array>(&content);
}

const Value* find(const Metadata& metadata, std::string_view key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? nullptr : &found->second;
}

}  // namespace hearth::gguf
