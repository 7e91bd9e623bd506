// How do token ids become text one by one, without ever showing half a character?
#include "text/stream_decoder.h"

#include <algorithm>
#include <hearth_bridge.h>
#include <utility>

#include "base/utf8.h"
#include "text/bridge_call.h"

namespace hearth::text {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// Appends `bytes` with each invalid part as one U+FFFD.
void append_lossy(std::string& text, std::string_view bytes) {
  while (!bytes.empty()) {
    const base::Utf8Character c = base::first_character(bytes);
    text += c.valid ? bytes.substr(0, c.bytes) : kReplacement;
    bytes.remove_prefix(c.bytes);
  }
}

}  // namespace

StreamDecoder::StreamDecoder(std::shared_ptr<const Tokenizer> tokenizer, SkipSpecial skip,
                             std::vector<TokenId> shown)
    : tokenizer_(std::move(tokenizer)),
      kind_(tokenizer_->vocabulary().decoder()),
      skip_(skip),
      shown_(std::move(shown)),
      spaces_to_drop_(tokenizer_->vocabulary().dropped_spaces()) {}

std::string_view StreamDecoder::push(TokenId id) {
  const Vocabulary& vocabulary = tokenizer_->vocabulary();
  given_.clear();
  if (!vocabulary.contains(id) || is_hidden(id)) return given_;
  if (kind_ == DecoderKind::Other) return push_to_bridge(id);
  if (kind_ == DecoderKind::ByteLevel) {
    held_ += vocabulary.bytes(id);
  } else {
    add_piece(id);
  }
  return release(false);
}

std::string_view StreamDecoder::finish() {
  given_.clear();
  if (stream_ != nullptr) {
    BridgeOutput output;
    if (hearth_stream_finish(stream_.get(), output.slot()) == HEARTH_OK) given_ = output.view();
    return given_;
  }
  end_byte_run();
  release(true);
  spaces_to_drop_ = tokenizer_->vocabulary().dropped_spaces();
  return given_;
}

bool StreamDecoder::is_hidden(TokenId id) const {
  return skip_ == SkipSpecial::Yes && tokenizer_->is_special(id) &&
         std::find(shown_.begin(), shown_.end(), id) == shown_.end();
}

/// SentencePiece: a run of byte tokens is text if all its bytes together are valid, else each of
/// its bytes is one U+FFFD.
void StreamDecoder::add_piece(TokenId id) {
  const Vocabulary& vocabulary = tokenizer_->vocabulary();
  if (!vocabulary.is_byte(id)) {
    end_byte_run();
    append_text(vocabulary.bytes(id));
    return;
  }
  run_ += vocabulary.bytes(id);
  if (!base::is_utf8(run_)) return;
  append_text(run_);
  run_.clear();
}

void StreamDecoder::end_byte_run() {
  for (std::size_t i = 0; i < run_.size(); ++i) append_text(kReplacement);
  run_.clear();
}

void StreamDecoder::append_text(std::string_view text) {
  while (spaces_to_drop_ > 0 && text.starts_with(' ')) {
    text.remove_prefix(1);
    --spaces_to_drop_;
  }
  if (!text.empty()) spaces_to_drop_ = 0;
  held_ += text;
}

/// Gives the held text unless its end is not certain: half a character, or U+FFFD.
std::string_view StreamDecoder::release(bool everything) {
  if (held_.empty() || (!everything && !run_.empty())) return given_;
  append_lossy(given_, held_);
  if (!everything && given_.ends_with(kReplacement)) {
    given_.clear();
  } else {
    held_.clear();
  }
  return given_;
}

std::string_view StreamDecoder::push_to_bridge(TokenId id) {
  open_bridge_stream();
  BridgeOutput output;
  const bool decoded =
      stream_ != nullptr && hearth_stream_push(stream_.get(), id, output.slot()) == HEARTH_OK;
  given_ = decoded ? output.view() : kReplacement;
  return given_;
}

void StreamDecoder::open_bridge_stream() {
  if (stream_ != nullptr) return;
  hearth_stream* stream = nullptr;
  // Hidden tokens never get here, so the crate is told to show all that do.
  hearth_stream_create(tokenizer_->bridge(), false, &stream, nullptr);
  stream_.reset(stream);
}

}  // namespace hearth::text
