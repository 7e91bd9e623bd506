// Who owns the objects that live behind the Rust bridge?
#include "text/bridge_handle.h"

#include <hearth_bridge.h>

namespace hearth::text {

void BridgeDelete::operator()(hearth_buffer* buffer) const {
  hearth_buffer_free(buffer);
}
void BridgeDelete::operator()(hearth_stream* stream) const {
  hearth_stream_free(stream);
}
void BridgeDelete::operator()(hearth_template* chat_template) const {
  hearth_template_free(chat_template);
}
void BridgeDelete::operator()(hearth_tokenizer* tokenizer) const {
  hearth_tokenizer_free(tokenizer);
}

}  // namespace hearth::text
