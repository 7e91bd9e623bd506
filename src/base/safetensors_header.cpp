// Parses and checks a safetensors header. Pure: text in, table out.
#include "base/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/json.h"

namespace hearth::base {

namespace {

constexpr std::size_t kMaxRank = 8;

constexpr auto kElementBytes = std::to_array<std::pair<std::string_view, std::uint64_t>>({
    {"BOOL", 1},
    {"U8", 1},
    {"I8", 1},
    {"F8_E4M3", 1},
    {"F8_E5M2", 1},
    {"F8_E8M0", 1},
    {"U16", 2},
    {"I16", 2},
    {"F16", 2},
    {"BF16", 2},
    {"U32", 4},
    {"I32", 4},
    {"F32", 4},
    {"U64", 8},
    {"I64", 8},
    {"F64", 8},
});

/// 0 for a dtype nobody knows.
std::uint64_t element_bytes(std::string_view dtype) {
  for (const auto& [name, bytes] : kElementBytes)
    if (name == dtype) return bytes;
  return 0;
}

Result<std::uint64_t> whole_number(const json::value& value) {
  if (value.is_uint64()) return value.get_uint64();
  if (value.is_int64() && value.get_int64() >= 0)
    return static_cast<std::uint64_t>(value.get_int64());
  return fail(ErrorCode::CorruptData, "is no whole number");
}

Result<std::vector<std::int32_t>> read_shape(const json::value* value) {
  if (!value || !value->is_array()) return fail(ErrorCode::CorruptData, "has no list \"shape\"");
  const json::array& list = value->get_array();
  if (list.size() > kMaxRank)
    return fail(ErrorCode::CorruptData, "has {} dimensions, more than {}", list.size(), kMaxRank);
  std::vector<std::int32_t> shape;
  for (const json::value& item : list) {
    const std::uint64_t length = TRY_IN("a dimension", whole_number(item));
    if (length > std::numeric_limits<std::int32_t>::max())
      return fail(ErrorCode::CorruptData, "has a dimension of {}", length);
    shape.push_back(static_cast<std::int32_t>(length));
  }
  return shape;
}

/// The product of `shape` and `size`, or an error where it leaves 64 bits.
Result<std::uint64_t> byte_count(const std::vector<std::int32_t>& shape, std::uint64_t size) {
  if (std::ranges::count(shape, 0) > 0) return std::uint64_t{0};
  std::uint64_t bytes = size;
  for (const std::int32_t length : shape)
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(length), &bytes))
      return fail(ErrorCode::CorruptData, "has a shape beyond any memory");
  return bytes;
}

Result<TensorEntry> read_entry(const json::value& value, std::uint64_t data_bytes) {
  if (!value.is_object()) return fail(ErrorCode::CorruptData, "is no object");
  const json::object& object = value.get_object();
  TensorEntry entry;
  const json::value* dtype = object.if_contains("dtype");
  if (!dtype || !dtype->is_string()) return fail(ErrorCode::CorruptData, "has no \"dtype\"");
  entry.dtype = std::string(dtype->get_string());
  const std::uint64_t size = element_bytes(entry.dtype);
  if (size == 0) return fail(ErrorCode::CorruptData, "has the unknown dtype \"{}\"", entry.dtype);
  entry.shape = TRY(read_shape(object.if_contains("shape")));
  entry.bytes = TRY(byte_count(entry.shape, size));

  const json::value* offsets = object.if_contains("data_offsets");
  if (!offsets || !offsets->is_array() || offsets->get_array().size() != 2)
    return fail(ErrorCode::CorruptData, "has no \"data_offsets\" [begin, end]");
  const std::uint64_t begin = TRY_IN("data_offsets", whole_number(offsets->get_array()[0]));
  const std::uint64_t end = TRY_IN("data_offsets", whole_number(offsets->get_array()[1]));
  if (begin > end || end > data_bytes)
    return fail(ErrorCode::CorruptData,
                "lies at bytes {} to {} of the data, but the file has {} (cut short?)", begin, end,
                data_bytes);
  if (end - begin != entry.bytes)
    return fail(ErrorCode::CorruptData, "has {} bytes, but its dtype and shape need {}",
                end - begin, entry.bytes);
  entry.offset = begin;
  return entry;
}

/// Tensors must tile the data: in order of their offsets each begins where the last one ended.
Result<void> check_tiling(const TensorTable& table, std::uint64_t data_bytes) {
  std::vector<const TensorTable::value_type*> order;
  for (const auto& item : table) order.push_back(&item);
  std::ranges::sort(order, {}, [](const auto* item) {
    return std::pair(item->second.offset, item->second.bytes);
  });
  std::uint64_t end = 0;
  for (const auto* item : order) {
    if (item->second.offset != end)
      return fail(ErrorCode::CorruptData,
                  "tensor \"{}\" {} at byte {} of the data, where byte {} was due", item->first,
                  item->second.offset < end ? "overlaps another" : "leaves a gap",
                  item->second.offset, end);
    end += item->second.bytes;
  }
  if (end != data_bytes)
    return fail(ErrorCode::CorruptData, "the tensors fill {} bytes, but the file has {} of them",
                end, data_bytes);
  return {};
}

}  // namespace

std::uint64_t TensorEntry::elements() const {
  std::uint64_t count = 1;
  for (const std::int32_t length : shape) count *= static_cast<std::uint64_t>(length);
  return count;
}

Result<std::uint64_t> safetensors_header_bytes(std::string_view prefix, std::uint64_t file_size) {
  if (prefix.size() < kSafetensorsPrefix || file_size < kSafetensorsPrefix)
    return fail(ErrorCode::CorruptData, "has {} bytes and is no safetensors file", file_size);
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < kSafetensorsPrefix; ++i)
    length |= static_cast<std::uint64_t>(static_cast<unsigned char>(prefix[i])) << (8 * i);
  if (length > kSafetensorsMaxHeader || length > file_size - kSafetensorsPrefix)
    return fail(ErrorCode::CorruptData,
                "promises a header of {} bytes, but the file has {}: it is cut short, or no "
                "safetensors file",
                length, file_size);
  return length;
}

Result<TensorTable> parse_safetensors_header(std::string_view text, std::uint64_t file_size) {
  if (file_size < kSafetensorsPrefix + text.size())
    return fail(ErrorCode::CorruptData, "the header is longer than the file");
  const std::uint64_t data_bytes = file_size - kSafetensorsPrefix - text.size();
  auto parsed = base::parse_json(text);
  if (!parsed)
    return fail(ErrorCode::CorruptData, "the header is no JSON: {}", parsed.error().message);
  if (!parsed->is_object()) return fail(ErrorCode::CorruptData, "the header is no JSON object");

  TensorTable table;
  for (const auto& member : parsed->get_object()) {
    if (member.key() == "__metadata__") continue;
    const std::string name(member.key());
    auto entry = read_entry(member.value(), data_bytes);
    if (!entry) {
      entry.error().message = fmt::format("tensor \"{}\" {}", name, entry.error().message);
      return fail(std::move(entry).error());
    }
    table.emplace(name, *std::move(entry));
  }
  TRY(check_tiling(table, data_bytes));
  for (auto& [name, entry] : table) entry.offset += kSafetensorsPrefix + text.size();
  return table;
}

}  // namespace hearth::base
