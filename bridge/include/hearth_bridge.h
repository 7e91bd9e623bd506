// Which functions of the Rust libraries can C++ call?
//
// The border between C++ and the crate in this folder. Its rules:
// - Texts are UTF-8, given as address and length, without a closing zero, and read during the call
//   only.
// - Every function that can fail gives a status. With `result` not null it also gives a buffer: the
//   result, or after a failure the reason as text. The caller frees it.
// - Nothing unwinds across the border: a panic inside is a failure.
// - Tokenizers and templates never change after creation: any thread may use them, several at once.
//   A stream belongs to one thread at a time.
// - Freeing null does nothing.
#ifndef HEARTH_BRIDGE_H
#define HEARTH_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hearth_buffer hearth_buffer;
typedef struct hearth_tokenizer hearth_tokenizer;
typedef struct hearth_stream hearth_stream;
typedef struct hearth_template hearth_template;

typedef struct {
  const char* data;
  size_t size;
} hearth_text;

enum {
  HEARTH_OK = 0,
  HEARTH_FAILED = 1,
  HEARTH_REFUSED = 2,  // a template called raise_exception; the buffer holds its message
};

const char* hearth_buffer_data(const hearth_buffer* buffer);
size_t hearth_buffer_size(const hearth_buffer* buffer);
void hearth_buffer_free(hearth_buffer* buffer);

// Tokenizers -----------------------------------------------------------------------------------

// Loads the text of a tokenizer.json. `late_tokens` is empty or a JSON array of added tokens
// (content, special, single_word, lstrip, rstrip, normalized) that the file lacks.
// Truncation and padding of the file are ignored. `*out` is null after a failure.
int hearth_tokenizer_create(hearth_text json, hearth_text late_tokens, hearth_tokenizer** out,
                            hearth_buffer** result);
void hearth_tokenizer_free(hearth_tokenizer* tokenizer);

// JSON object: model (BPE, Unigram, WordPiece, WordLevel), normalizer, pre_tokenizer and decoder as
// in tokenizer.json, added_tokens in id order.
int hearth_tokenizer_describe(const hearth_tokenizer* tokenizer, hearth_buffer** result);

// Every token's text from id 0 on: uint32 length (UINT32_MAX: no such token), then its bytes.
int hearth_tokenizer_vocabulary(const hearth_tokenizer* tokenizer, hearth_buffer** result);

// The tokenizer in the form of a tokenizer.json, late tokens included.
int hearth_tokenizer_json(const hearth_tokenizer* tokenizer, hearth_buffer** result);

// Ids of a text, as uint32 in the machine's byte order.
int hearth_tokenizer_encode(const hearth_tokenizer* tokenizer, hearth_text text,
                            bool add_special_tokens, hearth_buffer** result);

// The text of ids; ids without a token are skipped.
int hearth_tokenizer_decode(const hearth_tokenizer* tokenizer, const uint32_t* ids, size_t count,
                            bool skip_special_tokens, hearth_buffer** result);

// Decodes one sequence token by token, as the crate's DecodeStream does. Keeps the tokenizer alive.
int hearth_stream_create(const hearth_tokenizer* tokenizer, bool skip_special_tokens,
                         hearth_stream** out, hearth_buffer** result);
void hearth_stream_free(hearth_stream* stream);
// The text that became certain with this token, often empty.
int hearth_stream_push(hearth_stream* stream, uint32_t id, hearth_buffer** result);
// The text that was held back; the stream is then as new.
int hearth_stream_finish(hearth_stream* stream, hearth_buffer** result);

// Chat templates -------------------------------------------------------------------------------

// What one render may use up: instructions, nested calls, bytes of output, milliseconds.
typedef struct {
  uint64_t fuel;
  uint32_t recursion;
  uint64_t output_bytes;
  uint64_t wall_ms;
} hearth_template_limits;

// Compiles a template in the dialect of Jinja2 as transformers sets it up.
int hearth_template_create(hearth_text source, hearth_template_limits limits, hearth_template** out,
                           hearth_buffer** result);
void hearth_template_free(hearth_template* chat_template);

// Renders with the variables of `context`, a JSON object whose member order is kept.
// `local_seconds`: the local time for strftime_now, in seconds since 1970-01-01 00:00 of its zone.
int hearth_template_render(const hearth_template* chat_template, hearth_text context,
                           int64_t local_seconds, hearth_buffer** result);

#ifdef __cplusplus
}
#endif

#endif  // HEARTH_BRIDGE_H
