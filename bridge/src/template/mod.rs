//! How does C++ render a chat template as Jinja2 (set up as transformers does) would?

mod clock;
mod filters;
mod json;
mod methods;
mod repr;
mod rewrite;

use std::cell::Cell;
use std::ffi::c_int;
use std::fmt::Write as _;
use std::io;
use std::time::{Duration, Instant};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Value};

use crate::abi::{Buffer, FAILED, Failure, REFUSED, Text, answer, create, destroy};

const NAME: &str = "chat";

/// What a template may use up, because it comes from a stranger.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Limits {
    pub fuel: u64,
    pub recursion: u32,
    pub output_bytes: u64,
    pub wall_ms: u64,
}

/// A compiled template. Immutable, so several threads may render it at once.
pub struct ChatTemplate {
    environment: Environment<'static>,
    limits: Limits,
}

/// What the functions of one render need to know; renders of a thread follow one another.
#[derive(Clone, Copy)]
struct Run {
    deadline: Instant,
    local_seconds: i64,
}

thread_local! {
    static RUN: Cell<Option<Run>> = const { Cell::new(None) };
}

/// The message that a template gave to `raise_exception`.
#[derive(Debug)]
struct Raised(String);

impl std::fmt::Display for Raised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Raised {}

/// Fails once the render's time is over; called wherever a template can be kept busy.
fn check_time() -> Result<(), Error> {
    match RUN.get() {
        Some(run) if Instant::now() > run.deadline => {
            Err(Error::new(ErrorKind::InvalidOperation, "the template took too long"))
        }
        _ => Ok(()),
    }
}

fn raise_exception(message: &Value) -> Result<Value, Error> {
    let message = message.to_string();
    Err(Error::new(ErrorKind::InvalidOperation, message.clone()).with_source(Raised(message)))
}

fn strftime_now(format: &str) -> Result<String, Error> {
    let seconds = RUN.get().map_or(0, |run| run.local_seconds);
    clock::strftime(format, seconds)
        .map_err(|reason| Error::new(ErrorKind::InvalidOperation, reason))
}

fn compile(source: &str, limits: Limits) -> Result<ChatTemplate, Failure> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(repr::print);
    environment.set_fuel(Some(limits.fuel));
    environment.set_recursion_limit(limits.recursion as usize);
    environment.set_unknown_method_callback(methods::call);
    environment.add_function("raise_exception", raise_exception);
    environment.add_function("strftime_now", strftime_now);
    filters::add_to(&mut environment);
    environment
        .add_template_owned(NAME, rewrite::rewrite(source))
        .map_err(|error| explain(&error))?;
    Ok(ChatTemplate { environment, limits })
}

/// Collects output up to a limit.
struct Limited {
    bytes: Vec<u8>,
    limit: u64,
}

impl io::Write for Limited {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if (self.bytes.len() + data.len()) as u64 > self.limit {
            let message = format!("the output is longer than {} bytes", self.limit);
            return Err(io::Error::other(message));
        }
        check_time().map_err(io::Error::other)?;
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn render(template: &ChatTemplate, context: &str, local_seconds: i64) -> Result<Vec<u8>, Failure> {
    let context: serde_json::Value = serde_json::from_str(context)?;
    let deadline = Instant::now() + Duration::from_millis(template.limits.wall_ms);
    RUN.set(Some(Run { deadline, local_seconds }));
    let mut output = Limited { bytes: Vec::new(), limit: template.limits.output_bytes };
    let outcome = template
        .environment
        .get_template(NAME)
        .and_then(|chat| chat.render_captured_to(Value::from(Serde(&context)), &mut output));
    RUN.set(None);
    match outcome {
        Ok(_) => Ok(output.bytes),
        Err(error) => Err(explain(&error)),
    }
}

fn explain(error: &Error) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut innermost = error;
    let mut other = None;
    while let Some(reason) = cause {
        if let Some(raised) = reason.downcast_ref::<Raised>() {
            return Failure { status: REFUSED, message: raised.0.clone() };
        }
        match reason.downcast_ref::<Error>() {
            Some(inner) => innermost = inner,
            None => other = Some(reason.to_string()),
        }
        cause = reason.source();
    }
    let mut message = match innermost.detail() {
        Some(detail) => detail.to_owned(),
        None => innermost.kind().to_string(),
    };
    if let Some(other) = other {
        let _ = write!(message, ": {other}");
    }
    if let Some(line) = innermost.line().or(error.line()) {
        let _ = write!(message, " (line {line} of the template)");
    }
    Failure { status: FAILED, message }
}

/// Compiles a template; syntax errors are failures.
///
/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_template_create(
    source: Text,
    limits: Limits,
    out: *mut *mut ChatTemplate,
    result: *mut *mut Buffer,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { create(out, result, || compile(source.utf8()?, limits)) }
}

/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_template_free(template: *mut ChatTemplate) {
    // SAFETY: promised by the caller.
    unsafe { destroy(template) }
}

/// Renders with the variables of `context`, a JSON object. `local_seconds` is the local time as
/// seconds since 1970-01-01 00:00 of the same time zone.
///
/// # Safety
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_template_render(
    template: *const ChatTemplate,
    context: Text,
    local_seconds: i64,
    result: *mut *mut Buffer,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { answer(result, || render(&*template, context.utf8()?, local_seconds)) }
}

#[cfg(test)]
mod tests;
