// Reading UTF-8 one character at a time (table 3-7 of the Unicode standard).
#include "base/utf8.h"

namespace hearth::base {
namespace {

struct Lead {
  std::size_t bytes = 0;  // 0: no lead byte
  unsigned bits = 0;      // payload of the lead byte
  unsigned low = 0x80;    // range of the second byte
  unsigned high = 0xBF;
};

Lead lead_of(unsigned byte) {
  if (byte < 0x80) return {1, byte};
  if (byte >= 0xC2 && byte <= 0xDF) return {2, byte & 0x1F};
  if (byte == 0xE0) return {3, byte & 0x0F, 0xA0, 0xBF};
  if (byte == 0xED) return {3, byte & 0x0F, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3, byte & 0x0F};
  if (byte == 0xF0) return {4, byte & 0x07, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4, byte & 0x07};
  if (byte == 0xF4) return {4, byte & 0x07, 0x80, 0x8F};
  return {};
}

}  // namespace

Utf8Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const Lead lead = lead_of(byte(0));
  if (lead.bytes == 0) return {.valid = false};
  unsigned code_point = lead.bits;
  for (std::size_t i = 1; i < lead.bytes; ++i) {
    if (i == text.size()) return {.bytes = i, .valid = false, .incomplete = true};
    const unsigned low = i == 1 ? lead.low : 0x80;
    const unsigned high = i == 1 ? lead.high : 0xBF;
    if (byte(i) < low || byte(i) > high) return {.bytes = i, .valid = false};
    code_point = (code_point << 6) | (byte(i) & 0x3F);
  }
  return {.bytes = lead.bytes, .code_point = code_point};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character next = first_character(text);
    if (!next.valid) return false;
    text.remove_prefix(next.bytes);
  }
  return true;
}

}  // namespace hearth::base
