// The fields of a ustar header (POSIX.1-1988, pax interchange format).
#include "services/archive/tar_header.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <optional>

namespace hearth::services {
namespace {

struct TarField {
  std::size_t at;
  std::size_t length;
};
constexpr TarField kNameField{0, 100};
constexpr TarField kModeField{100, 8};
constexpr TarField kOwnerField{108, 8};
constexpr TarField kGroupField{116, 8};
constexpr TarField kSizeField{124, 12};
constexpr TarField kTimeField{136, 12};
constexpr TarField kSumField{148, 8};
constexpr std::size_t kTypeAt = 156;
constexpr TarField kMagicField{257, 6};
constexpr TarField kPrefixField{345, 155};
constexpr std::uint64_t kLargestOctal = (std::uint64_t{1} << 33) - 1;  // 11 octal digits
constexpr char kBinary = '\x80';                                       // instead of octal digits

void put_octal(TarBlock& block, TarField field, std::uint64_t value) {
  for (std::size_t i = field.length - 1; i-- > 0; value /= 8)
    block[field.at + i] = static_cast<char>('0' + value % 8);
  assert(value == 0);
}

void put_size(TarBlock& block, std::uint64_t value) {
  if (value <= kLargestOctal) return put_octal(block, kSizeField, value);
  block[kSizeField.at] = kBinary;
  for (std::size_t i = kSizeField.length; i-- > kSizeField.length - sizeof value; value >>= 8)
    block[kSizeField.at + i] = static_cast<char>(value & 0xff);
}

std::string_view text_in(const TarBlock& block, TarField field) {
  const std::string_view whole(block.data() + field.at, field.length);
  return whole.substr(0, whole.find('\0'));
}

/// Octal digits with space around them, or a number in binary; nothing for anything else.
std::optional<std::uint64_t> number_in(const TarBlock& block, TarField field) {
  std::uint64_t value = 0;
  if (block[field.at] == kBinary) {
    for (std::size_t i = 1; i < field.length; ++i) {
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(block[field.at + i]);
    }
    return value;
  }
  std::string_view digits = text_in(block, field);
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  while (digits.ends_with(' ')) digits.remove_suffix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// All bytes added up, those of the sum itself counted as spaces.
std::uint64_t sum_of(const TarBlock& block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i)
    sum += i >= kSumField.at && i < kSumField.at + kSumField.length
               ? ' '
               : static_cast<unsigned char>(block[i]);
  return sum;
}

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::CorruptData, "this is no whole tar archive: {}", what);
}

}  // namespace

TarBlock write_tar_header(const TarHeader& header) {
  assert(header.path.size() <= kNameField.length);
  TarBlock block{};
  std::ranges::copy(header.path, block.begin() + kNameField.at);
  put_octal(block, kModeField, 0644);
  put_octal(block, kOwnerField, 0);
  put_octal(block, kGroupField, 0);
  put_size(block, header.bytes);
  put_octal(block, kTimeField,
            static_cast<std::uint64_t>(std::max<std::int64_t>(header.modified, 0)));
  block[kTypeAt] = header.type;
  std::ranges::copy(std::string_view("ustar\00000", 8), block.begin() + kMagicField.at);
  put_octal(block, {kSumField.at, kSumField.length - 1}, sum_of(block));
  block[kSumField.at + kSumField.length - 1] = ' ';
  return block;
}

std::string pax_path(std::string_view path) {
  const std::size_t rest = std::string_view(" path=\n").size() + path.size();
  std::size_t length = rest + 1;
  while (rest + std::to_string(length).size() != length)
    length = rest + std::to_string(length).size();
  return fmt::format("{} path={}\n", length, path);
}

Result<TarHeader> read_tar_header(const TarBlock& block) {
  if (!text_in(block, kMagicField).starts_with("ustar")) return malformed("a header is missing");
  if (number_in(block, kSumField) != sum_of(block))
    return malformed("the sum of a header is wrong");
  const auto size = number_in(block, kSizeField);
  const auto time = number_in(block, kTimeField);
  if (!size || !time) return malformed("a header has a length or a time that is no number");
  TarHeader header{.path = std::string(text_in(block, kNameField)),
                   .bytes = *size,
                   .modified = static_cast<std::int64_t>(*time),
                   .type = block[kTypeAt] == '\0' ? '0' : block[kTypeAt]};
  // GNU's old form uses these bytes for other things; it ends its magic with a space.
  if (block[kMagicField.at + 5] == '\0')
    if (const auto prefix = text_in(block, kPrefixField); !prefix.empty())
      header.path = fmt::format("{}/{}", prefix, header.path);
  return header;
}

Result<void> apply_pax(std::string_view body, TarHeader& header) {
  while (!body.empty() && body.front() != '\0') {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), length);
    const auto digits = static_cast<std::size_t>(end - body.data());
    if (error != std::errc() || length > body.size() || length < digits + 3 ||
        body[digits] != ' ' || body[length - 1] != '\n')
      return malformed("a header's further facts are not readable");
    const std::string_view record = body.substr(digits + 1, length - digits - 2);
    const auto equals = record.find('=');
    const std::string_view key = record.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : record.substr(equals + 1);
    if (key == "path") header.path = value;
    if (key == "size" &&
        std::from_chars(value.data(), value.data() + value.size(), header.bytes).ec != std::errc())
      return malformed("a header has a length that is no number");
    body.remove_prefix(length);
  }
  return {};
}

bool is_tar_end(const TarBlock& block) {
  return std::ranges::all_of(block, [](char byte) { return byte == '\0'; });
}

}  // namespace hearth::services
