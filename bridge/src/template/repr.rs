//! How does Python write a value as text?

use minijinja::value::ValueKind;
use minijinja::{Error, Output, State, Value};

/// Prints a value as `{{ value }}` does: floats as Python has them, all else as minijinja does.
pub fn print(output: &mut Output, _state: &mut State, value: &Value) -> Result<(), Error> {
    output.write_str(&text(value))?;
    Ok(())
}

/// `str(value)`; undefined values are empty.
pub fn text(value: &Value) -> String {
    match as_float(value) {
        Some(number) => float(number),
        None => value.to_string(),
    }
}

/// The number, where the value is a float and no integer.
pub fn as_float(value: &Value) -> Option<f64> {
    if value.kind() == ValueKind::Number && !value.is_integer() {
        return f64::try_from(value.clone()).ok();
    }
    None
}

/// `repr(number)`: the shortest digits, with an exponent below 1e-4 and from 1e16 on.
pub fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = number.to_string();
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected values come from Python's repr.
    #[test]
    fn floats_are_written_as_python_writes_them() {
        let cases = [
            (2.0, "2.0"),
            (1e-7, "1e-07"),
            (0.0001, "0.0001"),
            (1e16, "1e+16"),
            (0.1, "0.1"),
            (123456789012345.0, "123456789012345.0"),
            (1.5e300, "1.5e+300"),
            (-0.0, "-0.0"),
            (f64::INFINITY, "inf"),
        ];
        for (number, expected) in cases {
            assert_eq!(float(number), expected);
        }
    }
}
