// A GGUF file's metadata: keys and typed values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hearth::gguf {

/// With the numbers that the file format has for them.
enum class ValueType : std::uint32_t {
  U8 = 0,
  I8 = 1,
  U16 = 2,
  I16 = 3,
  U32 = 4,
  I32 = 5,
  F32 = 6,
  Bool = 7,
  String = 8,
  Array = 9,
  U64 = 10,
  I64 = 11,
  F64 = 12,
};

/// "uint32", "string", "array": for messages.
std::string_view type_name(ValueType type);
/// The fewest bytes that a value of the type has in a file.
std::uint64_t least_bytes(ValueType type);

struct Value;

/// Values of one type; an array's elements may be arrays.
struct Array {
  ValueType type = ValueType::U8;
  std::vector<Value> items;  ///< without an initialiser, which would need the whole Value
};

/// Unsigned types are held as uint64, signed ones as int64, both floats as double.
struct Value {
  ValueType type = ValueType::U8;
  std::variant<std::uint64_t, std::int64_t, double, bool, std::string, Array> content = {};

  static Value u32(std::uint32_t number);
  static Value i32(std::int32_t number);
  static Value f32(float number);
  static Value boolean(bool value);
  static Value text(std::string text);
  static Value array(ValueType type, std::vector<Value> items);

  /// The whole number that this is, of whichever type; nothing for another type or one beyond
  /// int64.
  std::optional<std::int64_t> whole() const;
  /// The number that this is, whole or not.
  std::optional<double> number() const;
  std::optional<bool> truth() const;
  const std::string* string() const;
  const Array* list() const;
};

using Metadata = std::map<std::string, Value, std::less<>>;

/// The value at `key`; null where there is none.
const Value* find(const Metadata& metadata, std::string_view key);

}  // namespace hearth::gguf
