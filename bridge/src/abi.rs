//! How do strings, results and failures cross the C border?

use std::any::Any;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The call did what it says; the result buffer, where there is one, holds the result.
pub const OK: c_int = 0;
/// The call failed; the result buffer holds the reason as UTF-8.
pub const FAILED: c_int = 1;
/// A chat template called `raise_exception`; the result buffer holds its message.
pub const REFUSED: c_int = 2;

/// Bytes owned by this side until `hearth_buffer_free`.
pub struct Buffer(Vec<u8>);

/// A borrowed run of bytes: valid for the time of one call only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    data: *const u8,
    size: usize,
}

/// Why a call failed.
#[derive(Debug)]
pub struct Failure {
    pub status: c_int,
    pub message: String,
}

impl<E: std::fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure { status: FAILED, message: error.to_string() }
    }
}

impl Text {
    /// The bytes as the caller gave them.
    ///
    /// # Safety
    /// `data` points to `size` readable bytes, or `size` is zero.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.size == 0 {
            return &[];
        }
        // SAFETY: promised by the caller.
        unsafe { std::slice::from_raw_parts(self.data, self.size) }
    }

    /// The bytes as text; text that is not UTF-8 is refused.
    ///
    /// # Safety
    /// As for `bytes`.
    pub unsafe fn utf8<'a>(self) -> Result<&'a str, Failure> {
        // SAFETY: promised by the caller.
        std::str::from_utf8(unsafe { self.bytes() })
            .map_err(|error| Failure::from(format!("the text is not valid UTF-8: {error}")))
    }
}

/// Runs `work`, catches panics and puts its bytes, or the reason of the failure, into `result`.
///
/// # Safety
/// `result` is null or points to a writable pointer.
pub unsafe fn answer(
    result: *mut *mut Buffer,
    work: impl FnOnce() -> Result<Vec<u8>, Failure>,
) -> c_int {
    let outcome = catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Failure::from(panic_message(panic))));
    let (status, bytes) = match outcome {
        Ok(bytes) => (OK, bytes),
        Err(failure) => (failure.status, failure.message.into_bytes()),
    };
    if !result.is_null() {
        // SAFETY: promised by the caller.
        unsafe { *result = Box::into_raw(Box::new(Buffer(bytes))) };
    }
    status
}

/// As `answer`, for calls that make a handle: the handle goes to `out`, null on failure.
///
/// # Safety
/// `out` points to a writable pointer; `result` as for `answer`.
pub unsafe fn create<T>(
    out: *mut *mut T,
    result: *mut *mut Buffer,
    work: impl FnOnce() -> Result<T, Failure>,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe {
        *out = std::ptr::null_mut();
        answer(result, || {
            *out = Box::into_raw(Box::new(work()?));
            Ok(Vec::new())
        })
    }
}

/// Frees a handle; null is allowed.
///
/// # Safety
/// `handle` came from `create` and was not freed before.
pub unsafe fn destroy<T>(handle: *mut T) {
    if handle.is_null() {
        return;
    }
    let drop_it = AssertUnwindSafe(|| {
        // SAFETY: promised by the caller.
        drop(unsafe { Box::from_raw(handle) })
    });
    // A destructor that panics has nobody to tell; the process must survive it.
    let _ = catch_unwind(drop_it);
}

/// Token ids as the bytes of 32-bit numbers in the machine's order.
pub fn ids_to_bytes(ids: &[u32]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.to_ne_bytes()).collect()
}

fn panic_message(panic: Box<dyn Any + Send>) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned());
    format!("internal failure in a library: {text}")
}

/// The first byte of the buffer.
///
/// # Safety
/// `buffer` is a live buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_buffer_data(buffer: *const Buffer) -> *const u8 {
    // SAFETY: promised by the caller.
    unsafe { (*buffer).0.as_ptr() }
}

/// How many bytes the buffer holds.
///
/// # Safety
/// `buffer` is a live buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_buffer_size(buffer: *const Buffer) -> usize {
    // SAFETY: promised by the caller.
    unsafe { (*buffer).0.len() }
}

/// Frees a buffer; null is allowed.
///
/// # Safety
/// `buffer` came from this library and was not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hearth_buffer_free(buffer: *mut Buffer) {
    // SAFETY: promised by the caller.
    unsafe { destroy(buffer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(result: *mut Buffer) -> String {
        // SAFETY: the buffer came from `answer` in this test.
        let buffer = unsafe { Box::from_raw(result) };
        String::from_utf8(buffer.0).unwrap()
    }

    #[test]
    fn a_panic_becomes_a_failure_with_its_message() {
        let mut result = std::ptr::null_mut();
        // SAFETY: `result` is writable.
        let status = unsafe { answer(&mut result, || panic!("broken at {}", 7)) };
        assert_eq!(status, FAILED);
        assert!(taken(result).ends_with("broken at 7"));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        let bytes = [b'a', 0xff];
        let text = Text { data: bytes.as_ptr(), size: bytes.len() };
        // SAFETY: `bytes` outlives the call.
        let failure = unsafe { text.utf8() }.unwrap_err();
        assert!(failure.message.contains("not valid UTF-8"));
    }

    #[test]
    fn empty_text_may_have_no_address() {
        let text = Text { data: std::ptr::null(), size: 0 };
        // SAFETY: the size is zero.
        assert_eq!(unsafe { text.utf8() }.unwrap(), "");
    }
}
