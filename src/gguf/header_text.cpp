// Writes metadata and the table of tensors.
#include "gguf/header_text.h"

#include <cassert>

namespace hearth::gguf {

namespace {

constexpr std::uint32_t kVersion = 3;

class Text {
 public:
  template <class T>
  void number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }

  void text(std::string_view text) {
    number(std::uint64_t{text.size()});
    bytes_ += text;
  }

  void value(const Value& value) {
    switch (value.type) {
      case ValueType::U8:
        return whole<std::uint8_t>(value);
      case ValueType::I8:
        return whole<std::int8_t>(value);
      case ValueType::U16:
        return whole<std::uint16_t>(value);
      case ValueType::I16:
        return whole<std::int16_t>(value);
      case ValueType::U32:
        return whole<std::uint32_t>(value);
      case ValueType::I32:
        return whole<std::int32_t>(value);
      case ValueType::U64:
        return whole<std::uint64_t>(value);
      case ValueType::I64:
        return whole<std::int64_t>(value);
      case ValueType::F32:
        return number(static_cast<float>(std::get<double>(value.content)));
      case ValueType::F64:
        return number(std::get<double>(value.content));
      case ValueType::Bool:
        return number(std::uint8_t{std::get<bool>(value.content)});
      case ValueType::String:
        return text(std::get<std::string>(value.content));
      case ValueType::Array:
        return array(std::get<Array>(value.content));
    }
  }

  std::string take() && { return std::move(bytes_); }

 private:
  template <class T>
  void whole(const Value& value) {
    if (const auto* small = std::get_if<std::int64_t>(&value.content))
      number(static_cast<T>(*small));
    else
      number(static_cast<T>(std::get<std::uint64_t>(value.content)));
  }

  void array(const Array& list) {
    number(static_cast<std::uint32_t>(list.type));
    number(std::uint64_t{list.items.size()});
    for (const Value& item : list.items) {
      assert(item.type == list.type);
      value(item);
    }
  }

  std::string bytes_;
};

}  // namespace

std::uint64_t PlannedTensor::bytes() const {
  const TypeFacts& facts = facts_of(type);
  std::uint64_t numbers = 1;
  for (const std::int32_t length : shape) numbers *= static_cast<std::uint64_t>(length);
  return numbers / facts.block * facts.bytes;
}

std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + kUsualAlignment - 1) / kUsualAlignment * kUsualAlignment;
}

std::string header_text(const Metadata& metadata, const std::vector<PlannedTensor>& tensors) {
  Text text;
  for (const char letter : kMagic) text.number(letter);
  text.number(kVersion);
  text.number(std::uint64_t{tensors.size()});
  text.number(std::uint64_t{metadata.size()});
  for (const auto& [key, value] : metadata) {
    text.text(key);
    text.number(static_cast<std::uint32_t>(value.type));
    text.value(value);
  }
  std::uint64_t offset = 0;
  for (const PlannedTensor& tensor : tensors) {
    text.text(tensor.name);
    text.number(static_cast<std::uint32_t>(tensor.shape.size()));
    for (auto length = tensor.shape.rbegin(); length != tensor.shape.rend(); ++length)
      text.number(static_cast<std::uint64_t>(*length));
    text.number(static_cast<std::uint32_t>(tensor.type));
    text.number(offset);
    offset += aligned(tensor.bytes());
  }
  std::string bytes = std::move(text).take();
  bytes.resize(static_cast<std::size_t>(aligned(bytes.size())), '\0');
  return bytes;
}

}  // namespace hearth::gguf
