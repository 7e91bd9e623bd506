//! How does C++ use a Hugging Face tokenizer?

use std::ffi::c_int;
use std::sync::Arc;

use serde_json::{Value, json};
use tokenizers::{AddedToken, ModelWrapper, Tokenizer};

use crate::abi::{Buffer, Failure, Text, answer, create, destroy, ids_to_bytes};

/// A loaded tokenizer. Immutable, so several threads may use it at once.
pub struct SharedTokenizer(pub Arc<Tokenizer>);

/// Marks an id without a token in the answer of `hearth_tokenizer_vocabulary`.
const HOLE: u32 = u32::MAX;

fn load(json: &[u8], late_tokens: &str) -> Result<SharedTokenizer, Failure> {
    let mut tokenizer = Tokenizer::from_bytes(json)?;
    // Lengths come from the model's configuration, never from the tokenizer file.
    tokenizer.with_truncation(None)?;
    tokenizer.with_padding(None);
    if !late_tokens.is_empty() {
        let late: Vec<AddedToken> = serde_json::from_str(late_tokens)?;
        for token in late {
            let known = tokenizer.get_added_tokens_decoder();
            if known.values().any(|added| added.content == token.content) {
                continue; // the file's own flags win
            }
            if token.special {
                tokenizer.add_special_tokens([token])?;
            } else {
                tokenizer.add_tokens([token])?;
            }
        }
    }
    Ok(SharedTokenizer(Arc::new(tokenizer)))
}

fn model_kind(model: &ModelWrapper) -> &'static str {
    match model {
        ModelWrapper::BPE(_) => "BPE",
        ModelWrapper::WordPiece(_) => "WordPiece",
        ModelWrapper::WordLevel(_) => "WordLevel",
        ModelWrapper::Unigram(_) => "Unigram",
    }
}

fn describe(tokenizer: &Tokenizer) -> Result<Value, Failure> {
    let mut added: Vec<(u32, AddedToken)> =
        tokenizer.get_added_tokens_decoder().into_iter().collect();
    added.sort_by_key(|(id, _)| *id);
    let added: Vec<Value> = added
        .into_iter()
        .map(|(id, token)| {
            json!({
                "id": id, "content": token.content, "special": token.special,
                "single_word": token.single_word, "lstrip": token.lstrip,
                "rstrip": token.rstrip, "normalized": token.normalized,
            })
        })
        .collect();
    Ok(json!({
        "model": model_kind(tokenizer.get_model()),
        "normalizer": serde_json::to_value(tokenizer.get_normalizer())?,
        "pre_tokenizer": serde_json::to_value(tokenizer.get_pre_tokenizer())?,
        "decoder": serde_json::to_value(tokenizer.get_decoder())?,
        "added_tokens": added,
    }))
}

fn vocabulary(tokenizer: &Tokenizer) -> Vec<u8> {
    let size = tokenizer.get_vocab(true).into_values().max().map_or(0, |id| id + 1);
    let mut bytes = Vec::new();
    for id in 0..size {
        match tokenizer.id_to_token(id) {
            Some(token) => {
                bytes.extend((token.len() as u32).to_ne_bytes());
                bytes.extend(token.as_bytes());
            }
            None => bytes.extend(HOLE.to_ne_bytes()),
        }
    }
    bytes
}

/// Loads a tokenizer from the text of a `tokenizer.json`; `late_tokens` is empty or a JSON array
/// of added tokens that the file lacks.
///
/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_tokenizer_create(
    json: Text,
    late_tokens: Text,
    out: *mut *mut SharedTokenizer,
    result: *mut *mut Buffer,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { create(out, result, || load(json.bytes(), late_tokens.utf8()?)) }
}

/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_tokenizer_free(tokenizer: *mut SharedTokenizer) {
    // SAFETY: promised by the caller.
    unsafe { destroy(tokenizer) }
}

/// Components and added tokens as a JSON object.
///
/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_tokenizer_describe(
    tokenizer: *const SharedTokenizer,
    result: *mut *mut Buffer,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { answer(result, || Ok(describe(&(*tokenizer).0)?.to_string().into_bytes())) }
}

/// Every token's text in id order: a 32-bit length (all ones where the id has no token), then
/// that many bytes.
///
/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_tokenizer_vocabulary(
    tokenizer: *const SharedTokenizer,
    result: *mut *mut Buffer,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { answer(result, || Ok(vocabulary(&(*tokenizer).0))) }
}

/// The whole tokenizer in the form of a `tokenizer.json`, late tokens included.
///
/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_tokenizer_json(
    tokenizer: *const SharedTokenizer,
    result: *mut *mut Buffer,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { answer(result, || Ok((*tokenizer).0.to_string(false)?.into_bytes())) }
}

/// Token ids of a text, as 32-bit numbers.
///
/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_tokenizer_encode(
    tokenizer: *const SharedTokenizer,
    text: Text,
    add_special_tokens: bool,
    result: *mut *mut Buffer,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe {
        answer(result, || {
            let encoding = (*tokenizer).0.encode_fast(text.utf8()?, add_special_tokens)?;
            Ok(ids_to_bytes(encoding.get_ids()))
        })
    }
}

/// The text of token ids; ids without a token are skipped.
///
/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_tokenizer_decode(
    tokenizer: *const SharedTokenizer,
    ids: *const u32,
    count: usize,
    skip_special_tokens: bool,
    result: *mut *mut Buffer,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe {
        answer(result, || {
            let ids = if count == 0 { &[] } else { std::slice::from_raw_parts(ids, count) };
            Ok((*tokenizer).0.decode(ids, skip_special_tokens)?.into_bytes())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: &str = r#"{
        "version": "1.0", "truncation": {"max_length": 2, "strategy": "LongestFirst", "stride": 0,
        "direction": "Right"}, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1, "[UNK]": 3}, "unk_token": "[UNK]"}
    }"#;

    #[test]
    fn truncation_of_the_file_is_not_ours() {
        let tiny = load(TINY.as_bytes(), "").unwrap();
        assert_eq!(tiny.0.encode_fast("a b a b", false).unwrap().get_ids(), [0, 1, 0, 1]);
    }

    #[test]
    fn late_tokens_are_added_once_and_described() {
        let late = r#"[{"content": "<end>", "special": true, "single_word": false, "lstrip": false,
                        "rstrip": false, "normalized": false}]"#;
        let tiny = load(TINY.as_bytes(), late).unwrap();
        let about = describe(&tiny.0).unwrap();
        assert_eq!(about["added_tokens"][0]["content"], "<end>");
        assert_eq!(about["model"], "WordLevel");
        assert_eq!(tiny.0.encode_fast("a<end>", false).unwrap().get_ids().len(), 2);
    }

    #[test]
    fn the_vocabulary_marks_holes() {
        let bytes = vocabulary(&load(TINY.as_bytes(), "").unwrap().0);
        let expected = [
            &1u32.to_ne_bytes()[..],
            b"a",
            &1u32.to_ne_bytes(),
            b"b",
            &HOLE.to_ne_bytes(),
            &5u32.to_ne_bytes(),
            b"[UNK]",
        ]
        .concat();
        assert_eq!(bytes, expected);
    }

    #[test]
    fn a_broken_file_is_an_error_not_a_panic() {
        assert!(load(b"{}", "").is_err());
    }
}
