// Reads the head: counts, keys and values, the table of tensors.
#include "gguf/header.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "gguf/cursor.h"

namespace hearth::gguf {

namespace {

constexpr std::uint64_t kMaxName = 65'535;
constexpr std::uint64_t kMaxText = std::uint64_t{1} << 26U;
constexpr std::uint64_t kMaxTexts = std::uint64_t{1} << 28U;  // bytes of all of them together
constexpr std::uint64_t kMaxItems = std::uint64_t{1} << 22U;  // values in arrays, together
constexpr std::uint64_t kMaxTensors = std::uint64_t{1} << 20U;
constexpr std::uint64_t kMaxAlignment = std::uint64_t{1} << 20U;
constexpr std::uint64_t kLeastKeyBytes = 8 + 4 + 1;
constexpr std::uint64_t kLeastTensorBytes = 8 + 4 + 8 + 4 + 8;
constexpr int kMaxDepth = 4;
constexpr std::uint32_t kMaxRank = 4;
constexpr std::uint32_t kLastValueType = 12;

/// A tensor as the table has it: its place counts from where the data begin.
using Entry = std::pair<std::string, TensorInfo>;

class HeaderReader {
 public:
  HeaderReader(std::uint64_t size, const ReadAt& read) : size_(size), cursor_(size, read) {}

  Result<Header> run() {
    Header header;
    TRY(read_start(header));
    const auto tensors = TRY(count("tensors", kLeastTensorBytes, kMaxTensors));
    const auto keys = TRY(count("keys", kLeastKeyBytes, kMaxItems));
    for (std::uint64_t i = 0; i < keys; ++i) TRY(read_key(header.metadata));
    alignment_ = TRY(read_alignment(header.metadata));
    std::vector<Entry> entries;  // which grow with what is really read
    // NOLINTNEXTLINE(performance-inefficient-vector-operation)
    for (std::uint64_t i = 0; i < tensors; ++i) entries.push_back(TRY(read_tensor()));
    TRY(place(entries));
    for (auto& [name, info] : entries)
      if (!header.tensors.try_emplace(name, std::move(info)).second)
        return fail(ErrorCode::CorruptData, "tensor \"{}\" is in it twice", name);
    return header;
  }

 private:
  Result<void> read_start(Header& header);
  Result<std::uint64_t> count(std::string_view what, std::uint64_t least, std::uint64_t most);
  Result<void> read_key(Metadata& metadata);
  Result<ValueType> read_type();
  Result<Value> read_value(ValueType type, int depth);
  Result<Value> read_array(int depth);
  Result<Value> read_text();
  template <class T, class Held>
  Result<Value> read_number(ValueType type);
  static Result<std::uint64_t> read_alignment(const Metadata& metadata);
  Result<Entry> read_tensor();
  Result<TensorInfo> read_info();
  Result<void> place(std::vector<Entry>& entries) const;

  std::uint64_t size_;
  Cursor cursor_;
  std::uint64_t alignment_ = kUsualAlignment;
  std::uint64_t items_ = 0;
  std::uint64_t text_bytes_ = 0;
};

Result<void> HeaderReader::read_start(Header& header) {
  constexpr std::uint64_t kStart = 24;
  if (size_ < kStart)
    return fail(ErrorCode::CorruptData, "has {} bytes and is no GGUF file", size_);
  for (const char expected : kMagic)
    if (TRY(cursor_.number<char>()) != expected)
      return fail(ErrorCode::CorruptData, "does not begin with \"GGUF\" and is no GGUF file");
  header.version = TRY(cursor_.number<std::uint32_t>());
  if (header.version > 0 && (header.version & 0xFFFFU) == 0)
    return fail(ErrorCode::UnsupportedArgument,
                "is a big-endian GGUF file; only little-endian ones are supported");
  if (header.version != 2 && header.version != 3)
    return fail(ErrorCode::UnsupportedArgument, "is a GGUF file of version {} (supported: 2 and 3)",
                header.version);
  return {};
}

Result<std::uint64_t> HeaderReader::count(std::string_view what, std::uint64_t least,
                                          std::uint64_t most) {
  const auto found = TRY(cursor_.number<std::uint64_t>());
  if (found > most || found > cursor_.left() / least)
    return fail(ErrorCode::CorruptData, "promises {} {}, but has {} bytes (cut short?)", found,
                what, size_);
  return found;
}

Result<void> HeaderReader::read_key(Metadata& metadata) {
  const std::string key = TRY_IN("a key", cursor_.text(kMaxName));
  const std::string place = fmt::format("metadata \"{}\"", key);
  const ValueType type = TRY_IN(place, read_type());
  Value value = TRY_IN(place, read_value(type, 0));
  if (!metadata.try_emplace(key, std::move(value)).second)
    return fail(ErrorCode::CorruptData, "{} is in it twice", place);
  return {};
}

Result<ValueType> HeaderReader::read_type() {
  const auto type = TRY(cursor_.number<std::uint32_t>());
  if (type > kLastValueType)
    return fail(ErrorCode::CorruptData, "has a value of the unknown type {}", type);
  return static_cast<ValueType>(type);
}

template <class T, class Held>
Result<Value> HeaderReader::read_number(ValueType type) {
  const T number = TRY(cursor_.number<T>());
  return Value{.type = type, .content = static_cast<Held>(number)};
}

Result<Value> HeaderReader::read_text() {
  std::string text = TRY(cursor_.text(kMaxText));
  text_bytes_ += text.size();
  if (text_bytes_ > kMaxTexts)
    return fail(ErrorCode::CorruptData, "has texts of more than {} bytes", kMaxTexts);
  return Value::text(std::move(text));
}

Result<Value> HeaderReader::read_value(ValueType type, int depth) {
  switch (type) {
    case ValueType::U8:
      return read_number<std::uint8_t, std::uint64_t>(type);
    case ValueType::I8:
      return read_number<std::int8_t, std::int64_t>(type);
    case ValueType::U16:
      return read_number<std::uint16_t, std::uint64_t>(type);
    case ValueType::I16:
      return read_number<std::int16_t, std::int64_t>(type);
    case ValueType::U32:
      return read_number<std::uint32_t, std::uint64_t>(type);
    case ValueType::I32:
      return read_number<std::int32_t, std::int64_t>(type);
    case ValueType::U64:
      return read_number<std::uint64_t, std::uint64_t>(type);
    case ValueType::I64:
      return read_number<std::int64_t, std::int64_t>(type);
    case ValueType::F32:
      return read_number<float, double>(type);
    case ValueType::F64:
      return read_number<double, double>(type);
    case ValueType::Bool: {
      const auto byte = TRY(cursor_.number<std::uint8_t>());
      if (byte > 1) return fail(ErrorCode::CorruptData, "has the truth value {}", byte);
      return Value::boolean(byte == 1);
    }
    case ValueType::String:
      return read_text();
    case ValueType::Array:
      return read_array(depth);
  }
  return fail(ErrorCode::CorruptData, "has a value of an unknown type");
}

Result<Value> HeaderReader::read_array(int depth) {
  if (depth == kMaxDepth)
    return fail(ErrorCode::CorruptData, "has arrays in arrays, more than {} deep", kMaxDepth);
  const ValueType type = TRY(read_type());
  const auto length = TRY(cursor_.number<std::uint64_t>());
  if (length > cursor_.left() / least_bytes(type) || length > kMaxItems - items_)
    return fail(ErrorCode::CorruptData,
                "promises an array of {} values, more than the file has or than are allowed",
                length);
  items_ += length;
  std::vector<Value> items;  // as above
  // NOLINTNEXTLINE(performance-inefficient-vector-operation)
  for (std::uint64_t i = 0; i < length; ++i) items.push_back(TRY(read_value(type, depth + 1)));
  return Value::array(type, std::move(items));
}

Result<std::uint64_t> HeaderReader::read_alignment(const Metadata& metadata) {
  const Value* value = find(metadata, "general.alignment");
  if (!value) return kUsualAlignment;
  const auto alignment = value->whole().value_or(0);
  const auto size = static_cast<std::uint64_t>(std::max<std::int64_t>(alignment, 0));
  if (!std::has_single_bit(size) || size > kMaxAlignment)
    return fail(ErrorCode::CorruptData,
                "metadata \"general.alignment\" must be a power of two up to {}", kMaxAlignment);
  return size;
}

Result<Entry> HeaderReader::read_tensor() {
  std::string name = TRY_IN("a tensor's name", cursor_.text(kMaxName));
  TensorInfo info = TRY_IN(fmt::format("tensor \"{}\"", name), read_info());
  return Entry(std::move(name), std::move(info));
}

Result<TensorInfo> HeaderReader::read_info() {
  TensorInfo info;
  const auto rank = TRY(cursor_.number<std::uint32_t>());
  if (rank < 1 || rank > kMaxRank)
    return fail(ErrorCode::CorruptData, "has {} dimensions (1 to {} are possible)", rank, kMaxRank);
  std::uint64_t numbers = 1;
  for (std::uint32_t i = 0; i < rank; ++i) {
    const auto length = TRY(cursor_.number<std::uint64_t>());
    if (length < 1 || length > std::numeric_limits<std::int32_t>::max() ||
        __builtin_mul_overflow(numbers, length, &numbers))
      return fail(ErrorCode::CorruptData, "has a dimension of {}", length);
    info.shape.insert(info.shape.begin(), static_cast<std::int32_t>(length));
  }
  const auto number = TRY(cursor_.number<std::uint32_t>());
  const TypeFacts* facts = find_type(number);
  if (!facts)
    return fail(ErrorCode::UnsupportedArgument, "is {}, which is not supported (supported: {})",
                any_type_name(number), supported_type_names());
  info.type = facts->type;
  if (static_cast<std::uint64_t>(info.width()) % facts->block != 0)
    return fail(ErrorCode::CorruptData, "has rows of {} numbers, but {} has blocks of {}",
                info.width(), facts->name, facts->block);
  if (__builtin_mul_overflow(numbers / facts->block, facts->bytes, &info.bytes))
    return fail(ErrorCode::CorruptData, "has a shape beyond any memory");
  info.offset = TRY(cursor_.number<std::uint64_t>());
  return info;
}

/// Offsets become places in the file, where nothing lies on top of anything else.
Result<void> HeaderReader::place(std::vector<Entry>& entries) const {
  const std::uint64_t head = cursor_.position();
  const std::uint64_t data =
      std::min(size_, (head + alignment_ - 1) / alignment_ * alignment_);  // below 2^63
  for (auto& [name, info] : entries) {
    const std::uint64_t room = size_ - data;
    if (info.offset > room || info.bytes > room - info.offset)
      return fail(ErrorCode::CorruptData,
                  "tensor \"{}\" lies at byte {} of the data and has {} bytes, but the file has {} "
                  "bytes of data (cut short?)",
                  name, info.offset, info.bytes, room);
    if (info.offset % alignment_ != 0)
      return fail(ErrorCode::CorruptData, "tensor \"{}\" lies at byte {}, not a multiple of {}",
                  name, info.offset, alignment_);
    info.offset += data;
  }
  std::ranges::sort(entries, {}, [](const Entry& entry) { return entry.second.offset; });
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const TensorInfo& before = entries[i - 1].second;
    if (before.offset + before.bytes > entries[i].second.offset)
      return fail(ErrorCode::CorruptData, "tensor \"{}\" overlaps \"{}\"", entries[i].first,
                  entries[i - 1].first);
  }
  return {};
}

}  // namespace

std::int64_t TensorInfo::rows() const {
  std::int64_t count = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) count *= shape[i];
  return count;
}

Result<Header> read_header(std::uint64_t file_size, const ReadAt& read) {
  return HeaderReader(file_size, read).run();
}

}  // namespace hearth::gguf
