//! What does the `tojson` filter of transformers, which is `json.dumps`, write?

use std::fmt::Write as _;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, Value};

use super::repr;

struct Style {
    ensure_ascii: bool,
    indent: Option<String>,
    item_separator: String,
    key_separator: String,
    sort_keys: bool,
}

/// `tojson(value, ensure_ascii=False, indent=None, separators=None, *, sort_keys=False)`.
pub fn tojson(
    value: &Value,
    ensure_ascii: Option<Value>,
    indent: Option<Value>,
    separators: Option<Value>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let choose = |name: &str, given: Option<Value>| -> Result<Value, Error> {
        let named = kwargs.get::<Option<Value>>(name)?;
        Ok(given.or(named).unwrap_or(Value::from(())))
    };
    let style = style(
        choose("ensure_ascii", ensure_ascii)?.is_true(),
        &choose("indent", indent)?,
        &choose("separators", separators)?,
        choose("sort_keys", None)?.is_true(),
    )?;
    kwargs.assert_all_used()?;
    let mut text = String::new();
    write(&mut text, value, &style, 0)?;
    Ok(Value::from(text))
}

fn style(
    ensure_ascii: bool,
    indent: &Value,
    separators: &Value,
    sort_keys: bool,
) -> Result<Style, Error> {
    let indent = match indent.kind() {
        ValueKind::None | ValueKind::Undefined => None,
        ValueKind::String => Some(indent.to_string()),
        _ => Some(" ".repeat(i64::try_from(indent.clone())?.clamp(0, 64) as usize)),
    };
    let (item_separator, key_separator) = if separators.is_none() || separators.is_undefined() {
        (if indent.is_some() { "," } else { ", " }.to_owned(), ": ".to_owned())
    } else {
        let parts: Vec<Value> = separators.try_iter()?.collect();
        match parts.as_slice() {
            [item, key] => (item.to_string(), key.to_string()),
            _ => return Err(invalid("tojson: separators must be a pair of strings")),
        }
    };
    Ok(Style { ensure_ascii, indent, item_separator, key_separator, sort_keys })
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

fn write(out: &mut String, value: &Value, style: &Style, depth: usize) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => out.push_str("null"),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => out.push_str(&number(value)),
        ValueKind::String => write_string(out, value.as_str().unwrap_or_default(), style),
        ValueKind::Seq | ValueKind::Iterable => write_list(out, value, style, depth)?,
        ValueKind::Map => write_object(out, value, style, depth)?,
        kind => {
            return Err(invalid(format!("tojson: a value of type {kind} is not JSON")));
        }
    }
    Ok(())
}

fn number(value: &Value) -> String {
    match repr::as_float(value) {
        Some(float) if float.is_nan() => "NaN".to_owned(),
        Some(float) if float.is_infinite() => {
            if float > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
        }
        Some(float) => repr::float(float),
        None => value.to_string(),
    }
}

fn write_list(out: &mut String, value: &Value, style: &Style, depth: usize) -> Result<(), Error> {
    super::check_time()?;
    out.push('[');
    let mut count = 0;
    for item in value.try_iter()? {
        separate(out, style, depth, count);
        write(out, &item, style, depth + 1)?;
        count += 1;
    }
    close(out, style, depth, count);
    out.push(']');
    Ok(())
}

fn write_object(out: &mut String, value: &Value, style: &Style, depth: usize) -> Result<(), Error> {
    super::check_time()?;
    let mut keys: Vec<Value> = value.try_iter()?.collect();
    if style.sort_keys {
        keys.sort();
    }
    out.push('{');
    for (count, key) in keys.iter().enumerate() {
        separate(out, style, depth, count);
        write_string(out, &key_text(key), style);
        out.push_str(&style.key_separator);
        write(out, &value.get_item(key)?, style, depth + 1)?;
    }
    close(out, style, depth, keys.len());
    out.push('}');
    Ok(())
}

fn key_text(key: &Value) -> String {
    match key.kind() {
        ValueKind::None => "null".to_owned(),
        ValueKind::Bool => if key.is_true() { "true" } else { "false" }.to_owned(),
        ValueKind::Number => number(key),
        _ => key.to_string(),
    }
}

fn separate(out: &mut String, style: &Style, depth: usize, count: usize) {
    if count > 0 {
        out.push_str(&style.item_separator);
    }
    new_line(out, style, depth + 1);
}

fn close(out: &mut String, style: &Style, depth: usize, count: usize) {
    if count > 0 {
        new_line(out, style, depth);
    }
}

fn new_line(out: &mut String, style: &Style, depth: usize) {
    if let Some(indent) = &style.indent {
        out.push('\n');
        for _ in 0..depth {
            out.push_str(indent);
        }
    }
}

fn write_string(out: &mut String, text: &str, style: &Style) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' || (style.ensure_ascii && c > '~') => write_escape(out, c),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn write_escape(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}
