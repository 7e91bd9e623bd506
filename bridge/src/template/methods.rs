//! Which methods of Python's values do templates call, and what do they give?
//!
//! Those that pycompat lacks or answers otherwise than Python does; it answers the rest.

use minijinja::value::{Kwargs, Tuple, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat;

/// Answers `value.method(args)`.
pub fn call(
    state: &mut State,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    super::check_time()?;
    let own = match value.kind() {
        ValueKind::String => string_method(value.as_str().unwrap_or_default(), method, args)?,
        ValueKind::Map => map_method(value, method, args)?,
        ValueKind::Seq => list_method(value, method, args)?,
        _ => None,
    };
    match own {
        Some(result) => Ok(result),
        None => pycompat::unknown_method_callback(state, value, method, args),
    }
}

/// Python's `str.isspace` for one character: Unicode's white space and four separators.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

fn string_method(text: &str, method: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    Ok(Some(match method {
        "strip" | "lstrip" | "rstrip" => {
            let (set,): (Option<Value>,) = from_args(args)?;
            let (left, right) = (method != "rstrip", method != "lstrip");
            Value::from(strip(text, set.as_ref().and_then(Value::as_str), left, right))
        }
        "split" | "rsplit" => split(text, method == "rsplit", args)?,
        "splitlines" => split_lines(text, args)?,
        "partition" | "rpartition" => partition(text, method == "rpartition", args)?,
        "removeprefix" | "removesuffix" => {
            let (part,): (&str,) = from_args(args)?;
            let rest = if method == "removeprefix" {
                text.strip_prefix(part)
            } else {
                text.strip_suffix(part)
            };
            Value::from(rest.unwrap_or(text))
        }
        "index" | "rindex" => {
            let (part,): (&str,) = from_args(args)?;
            let at = if method == "index" { text.find(part) } else { text.rfind(part) };
            Value::from(text[..at.ok_or_else(|| invalid("substring not found"))?].chars().count())
        }
        "join" => join(text, args)?,
        "zfill" | "ljust" | "rjust" => pad(text, method, args)?,
        "title" => Value::from(title(text)),
        "swapcase" => Value::from(text.chars().flat_map(swap_case).collect::<String>()),
        "casefold" => Value::from(text.to_lowercase()),
        "isdecimal" => Value::from(!text.is_empty() && text.chars().all(|c| c.is_ascii_digit())),
        _ => return Ok(None),
    }))
}

/// `str.strip` and its one-sided forms; `set` absent means white space.
pub fn strip<'a>(text: &'a str, set: Option<&str>, left: bool, right: bool) -> &'a str {
    let drop = |c: char| set.map_or_else(|| is_space(c), |set| set.contains(c));
    let text = if left { text.trim_start_matches(drop) } else { text };
    if right { text.trim_end_matches(drop) } else { text }
}

fn split(text: &str, from_right: bool, args: &[Value]) -> Result<Value, Error> {
    let (separator, limit, kwargs): (Option<Value>, Option<i64>, Kwargs) = from_args(args)?;
    let separator = separator.or(kwargs.get::<Option<Value>>("sep")?);
    let limit = limit.or(kwargs.get::<Option<i64>>("maxsplit")?).unwrap_or(-1);
    kwargs.assert_all_used()?;
    let pieces = usize::try_from(limit).map_or(usize::MAX, |limit| limit.saturating_add(1));
    let separator = separator.as_ref().and_then(Value::as_str);
    if separator == Some("") {
        return Err(invalid("empty separator"));
    }
    let parts: Vec<&str> = match (separator, from_right) {
        (Some(separator), false) => text.splitn(pieces, separator).collect(),
        (Some(separator), true) => {
            let mut parts: Vec<&str> = text.rsplitn(pieces, separator).collect();
            parts.reverse();
            parts
        }
        (None, false) => split_words(text, pieces),
        (None, true) => rsplit_words(text, pieces),
    };
    Ok(parts.into_iter().map(Value::from).collect())
}

fn split_words(text: &str, pieces: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        let end = rest.find(is_space);
        match end {
            Some(end) if words.len() + 1 < pieces => {
                words.push(&rest[..end]);
                rest = rest[end..].trim_start_matches(is_space);
            }
            _ => {
                // The last piece keeps its end only where the limit cut it short.
                words.push(if end.is_some() { rest } else { strip(rest, None, false, true) });
                break;
            }
        }
    }
    words
}

fn rsplit_words(text: &str, pieces: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_end_matches(is_space);
    while !rest.is_empty() {
        match rest.rfind(is_space) {
            Some(at) if words.len() + 1 < pieces => {
                let word = rest[at..].trim_start_matches(is_space);
                words.push(word);
                rest = rest[..at].trim_end_matches(is_space);
            }
            _ => {
                words.push(rest);
                break;
            }
        }
    }
    words.reverse();
    words
}

fn split_lines(text: &str, args: &[Value]) -> Result<Value, Error> {
    let (keep, kwargs): (Option<bool>, Kwargs) = from_args(args)?;
    let keep = keep.or(kwargs.get::<Option<bool>>("keepends")?).unwrap_or(false);
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_line_end) {
        let length = if rest[at..].starts_with("\r\n") {
            2
        } else {
            rest[at..].chars().next().map_or(0, char::len_utf8)
        };
        lines.push(Value::from(&rest[..if keep { at + length } else { at }]));
        rest = &rest[at + length..];
    }
    if !rest.is_empty() {
        lines.push(Value::from(rest));
    }
    Ok(Value::from(lines))
}

fn partition(text: &str, from_right: bool, args: &[Value]) -> Result<Value, Error> {
    let (separator,): (&str,) = from_args(args)?;
    if separator.is_empty() {
        return Err(invalid("empty separator"));
    }
    let parts = if from_right {
        text.rsplit_once(separator).map_or(["", "", text], |(a, b)| [a, separator, b])
    } else {
        text.split_once(separator).map_or([text, "", ""], |(a, b)| [a, separator, b])
    };
    Ok(Value::from(Tuple::from(parts.map(Value::from))))
}

fn join(separator: &str, args: &[Value]) -> Result<Value, Error> {
    let (items,): (&Value,) = from_args(args)?;
    let mut text = String::new();
    for (count, item) in items.try_iter()?.enumerate() {
        let part = item.as_str().ok_or_else(|| {
            invalid(format!("join: item {count} is of type {}, not a string", item.kind()))
        })?;
        if count > 0 {
            text.push_str(separator);
        }
        text.push_str(part);
    }
    Ok(Value::from(text))
}

fn pad(text: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    const WIDEST: usize = 10_000;
    let (width, fill): (usize, Option<char>) = from_args(args)?;
    if width > WIDEST {
        return Err(invalid(format!("{method}: a width over {WIDEST} is not supported")));
    }
    let missing = width.saturating_sub(text.chars().count());
    let fill = String::from(fill.unwrap_or(if method == "zfill" { '0' } else { ' ' }));
    let filling = fill.repeat(missing);
    Ok(Value::from(match (method, text.strip_prefix(['-', '+'])) {
        ("ljust", _) => format!("{text}{filling}"),
        ("zfill", Some(digits)) => format!("{}{filling}{digits}", &text[..1]),
        _ => format!("{filling}{text}"),
    }))
}

/// A letter is capital unless it follows a letter.
fn title(text: &str) -> String {
    let mut after_letter = false;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if after_letter {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        after_letter = c.is_lowercase() || c.is_uppercase();
    }
    out
}

fn swap_case(c: char) -> Vec<char> {
    if c.is_uppercase() { c.to_lowercase().collect() } else { c.to_uppercase().collect() }
}

/// `keys`, `values` and `items` give lists here, because Python's views have a length.
fn map_method(value: &Value, method: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    if !matches!(method, "keys" | "values" | "items" | "copy") {
        return Ok(None);
    }
    let () = from_args(args)?;
    if method == "copy" {
        return Ok(Some(value.clone()));
    }
    let mut list = Vec::new();
    for key in value.try_iter()? {
        list.push(match method {
            "keys" => key,
            "values" => value.get_item(&key)?,
            _ => {
                let item = value.get_item(&key)?;
                Value::from(Tuple::from([key, item]))
            }
        });
    }
    Ok(Some(Value::from(list)))
}

fn list_method(value: &Value, method: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    Ok(match method {
        "index" => {
            let (what,): (&Value,) = from_args(args)?;
            let at = value.try_iter()?.position(|item| item == *what);
            Some(Value::from(at.ok_or_else(|| invalid(format!("{what} is not in list")))?))
        }
        "copy" => {
            let () = from_args(args)?;
            Some(value.clone())
        }
        "append" | "pop" | "insert" | "extend" | "remove" | "clear" | "sort" | "reverse" => {
            return Err(invalid(format!("a template may not change a list ({method})")));
        }
        _ => None,
    })
}
