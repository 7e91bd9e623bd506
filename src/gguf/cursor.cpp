// Buffered reading.
#include "gguf/cursor.h"

namespace hearth::gguf {

namespace {

constexpr std::uint64_t kBufferBytes = 1U << 18U;

}  // namespace

Result<std::string> Cursor::text(std::uint64_t limit) {
  const auto length = TRY(number<std::uint64_t>());
  if (length > left())
    return fail(ErrorCode::CorruptData,
                "a text of {} bytes begins at byte {}, where the file has {} more (cut short?)",
                length, at_, left());
  if (length > limit)
    return fail(ErrorCode::CorruptData, "has a text of {} bytes, more than the {} that it may have",
                length, limit);
  std::string text(static_cast<std::size_t>(length), '\0');
  TRY(take(reinterpret_cast<std::byte*>(text.data()), text.size()));
  return text;
}

Result<void> Cursor::take(std::byte* out, std::size_t count) {
  if (count > left())
    return fail(ErrorCode::CorruptData,
                "the file ends at byte {} in the middle of its head (an interrupted download?)",
                size_);
  while (count > 0) {
    if (used_ == buffer_.size()) TRY(refill());
    const std::size_t piece = std::min(count, buffer_.size() - used_);
    std::memcpy(out, buffer_.data() + used_, piece);
    used_ += piece;
    at_ += piece;
    out += piece;
    count -= piece;
  }
  return {};
}

Result<void> Cursor::refill() {
  buffer_.resize(static_cast<std::size_t>(std::min(left(), kBufferBytes)));
  used_ = 0;
  return read_(at_, buffer_);
}

}  // namespace hearth::gguf
