// Who owns the objects that live behind the Rust bridge?
#pragma once

#include <memory>

struct hearth_buffer;
struct hearth_stream;
struct hearth_template;
struct hearth_tokenizer;

namespace hearth::text {

/// Frees a bridge object; each kind has its own function.
struct BridgeDelete {
  void operator()(hearth_buffer* buffer) const;
  void operator()(hearth_stream* stream) const;
  void operator()(hearth_template* chat_template) const;
  void operator()(hearth_tokenizer* tokenizer) const;
};

template <class T>
using BridgeHandle = std::unique_ptr<T, BridgeDelete>;

}  // namespace hearth::text
