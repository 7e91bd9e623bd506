//! How are token ids decoded one by one, the crate's own way?

use std::ffi::c_int;
use std::sync::Arc;

use tokenizers::Tokenizer;
use tokenizers::tokenizer::step_decode_stream;

use crate::abi::{Buffer, Failure, answer, create, destroy};
use crate::tokenizer::SharedTokenizer;

/// One sequence that is being decoded. Belongs to one thread at a time.
pub struct Stream {
    tokenizer: Arc<Tokenizer>,
    skip_special_tokens: bool,
    ids: Vec<u32>,
    prefix: String,
    prefix_index: usize,
}

impl Stream {
    fn new(tokenizer: &SharedTokenizer, skip_special_tokens: bool) -> Self {
        Stream {
            tokenizer: Arc::clone(&tokenizer.0),
            skip_special_tokens,
            ids: Vec::new(),
            prefix: String::new(),
            prefix_index: 0,
        }
    }

    fn push(&mut self, id: u32) -> Result<String, Failure> {
        let step = step_decode_stream(
            &self.tokenizer,
            vec![id],
            self.skip_special_tokens,
            &mut self.ids,
            &mut self.prefix,
            &mut self.prefix_index,
        );
        match step {
            Ok(text) => Ok(text.unwrap_or_default()),
            Err(_) => self.resume_after(id),
        }
    }

    /// The crate gives up where new tokens change text that was already given out. That text
    /// cannot be taken back, so the stream goes on with the new tokens' text alone.
    fn resume_after(&mut self, id: u32) -> Result<String, Failure> {
        let rest = self.held()?;
        self.ids = vec![id];
        self.prefix = self.tokenizer.decode(&self.ids, self.skip_special_tokens)?;
        self.prefix_index = 1;
        Ok(rest)
    }

    /// Text that is not given out yet. Where new tokens changed what was, their own text.
    fn held(&self) -> Result<String, Failure> {
        let whole = self.tokenizer.decode(&self.ids, self.skip_special_tokens)?;
        if let Some(rest) = whole.strip_prefix(self.prefix.as_str()) {
            return Ok(rest.to_owned());
        }
        Ok(self.tokenizer.decode(&self.ids[self.prefix_index..], self.skip_special_tokens)?)
    }

    /// What was held back, because the sequence ends here.
    fn finish(&mut self) -> Result<String, Failure> {
        let rest = self.held()?;
        self.ids.clear();
        self.prefix.clear();
        self.prefix_index = 0;
        Ok(rest)
    }
}

/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_stream_create(
    tokenizer: *const SharedTokenizer,
    skip_special_tokens: bool,
    out: *mut *mut Stream,
    result: *mut *mut Buffer,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { create(out, result, || Ok(Stream::new(&*tokenizer, skip_special_tokens))) }
}

/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_stream_free(stream: *mut Stream) {
    // SAFETY: promised by the caller.
    unsafe { destroy(stream) }
}

/// Adds one token; the result is the text that became certain with it, often empty.
///
/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_stream_push(
    stream: *mut Stream,
    id: u32,
    result: *mut *mut Buffer,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { answer(result, || Ok((*stream).push(id)?.into_bytes())) }
}

/// Ends the sequence; the result is the text that was held back.
///
/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_stream_finish(
    stream: *mut Stream,
    result: *mut *mut Buffer,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { answer(result, || Ok((*stream).finish()?.into_bytes())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &str = r#"{
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": null, "post_processor": null,
        "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "WordLevel", "unk_token": "x",
                  "vocab": {"x": 0, "<0xE2>": 1, "<0x82>": 2, "<0xAC>": 3}}
    }"#;

    fn stream() -> Stream {
        let tokenizer = Tokenizer::from_bytes(BYTES).unwrap();
        Stream::new(&SharedTokenizer(Arc::new(tokenizer)), true)
    }

    #[test]
    fn half_a_character_is_held_back() {
        let mut stream = stream();
        let given: Vec<String> = [1, 2, 3, 0].map(|id| stream.push(id).unwrap()).to_vec();
        assert_eq!(given, ["", "", "\u{20ac}", "x"]);
        assert_eq!(stream.finish().unwrap(), "");
    }

    #[test]
    fn held_text_comes_out_at_the_end() {
        let mut stream = stream();
        assert_eq!(stream.push(0).unwrap(), "x");
        assert_eq!(stream.push(1).unwrap(), "");
        assert_eq!(stream.finish().unwrap(), "\u{fffd}");
    }

    #[test]
    fn text_that_changes_in_hindsight_does_not_end_the_stream() {
        let mut stream = stream();
        let given: String = [1, 2, 3, 1, 0, 0].map(|id| stream.push(id).unwrap()).concat();
        assert!(given.starts_with('\u{20ac}') && given.ends_with("xx"), "{given}");
    }
}
