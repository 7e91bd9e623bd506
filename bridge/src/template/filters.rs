//! Which filters and tests of minijinja differ from Jinja2's, and how do Jinja2's answer?

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value};

use super::{json, methods, repr, rewrite};

/// Replaces the filters and tests that differ, and adds what rewritten templates call.
pub fn add_to(environment: &mut Environment) {
    environment.add_filter("tojson", json::tojson);
    environment.add_filter("trim", trim);
    environment.add_filter("upper", |value: &Value| repr::text(value).to_uppercase());
    environment.add_filter("lower", |value: &Value| repr::text(value).to_lowercase());
    environment.add_filter("string", |value: &Value| match value.as_str() {
        Some(_) => value.clone(),
        None => Value::from(repr::text(value)),
    });
    environment.add_filter("length", length);
    environment.add_filter("count", length);
    environment.add_filter("list", list);
    environment.add_filter(rewrite::ITERATE, iterate);
    environment.add_filter(rewrite::REVERSE, reverse);
    environment.add_test("iterable", |value: &Value| iterate(value.clone()).is_ok());
    environment.add_test("sequence", is_sequence);
    environment.add_test("callable", |value: &Value| value.kind() == ValueKind::Plain);
}

fn trim(value: &Value, set: Option<Value>) -> String {
    let text = repr::text(value);
    methods::strip(&text, set.as_ref().and_then(Value::as_str), true, true).to_owned()
}

fn length(value: &Value) -> Result<usize, Error> {
    if value.is_undefined() {
        return Ok(0);
    }
    match value.kind() {
        ValueKind::Iterable => Ok(value.try_iter()?.count()),
        kind => value.len().ok_or_else(|| {
            let message = format!("a value of type {kind} has no length");
            Error::new(ErrorKind::InvalidOperation, message)
        }),
    }
}

fn list(value: Value) -> Result<Vec<Value>, Error> {
    Ok(iterate(value)?.try_iter()?.collect())
}

/// What `value[::-1]` is in Python.
fn reverse(value: Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::String => {
            Ok(value.as_str().unwrap_or_default().chars().rev().collect::<String>().into())
        }
        ValueKind::Seq | ValueKind::Iterable => Ok(value.reverse()?.try_iter()?.collect()),
        kind => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("a value of type {kind} cannot be sliced"),
        )),
    }
}

/// Gives the value back if Python could loop over it; minijinja would loop over none silently, and
/// does not know which character of a string is the last.
fn iterate(value: Value) -> Result<Value, Error> {
    super::check_time()?;
    match value.kind() {
        ValueKind::None => Err(not_iterable("NoneType")),
        ValueKind::Bool => Err(not_iterable("bool")),
        ValueKind::Number if value.is_integer() => Err(not_iterable("int")),
        ValueKind::Number => Err(not_iterable("float")),
        ValueKind::Plain if value.try_iter().is_err() => Err(not_iterable("object")),
        ValueKind::String => {
            Ok(value.as_str().unwrap_or_default().chars().map(Value::from).collect())
        }
        _ => Ok(value),
    }
}

fn not_iterable(kind: &str) -> Error {
    let message = format!("'{kind}' object is not iterable");
    Error::new(ErrorKind::InvalidOperation, message)
}

/// Python's strings, lists and maps have both a length and an item access.
fn is_sequence(value: &Value) -> bool {
    value.is_undefined()
        || matches!(value.kind(), ValueKind::String | ValueKind::Seq | ValueKind::Map)
}
