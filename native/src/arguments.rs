//! How JavaScript's buffers reach Rust: by pointer and length, whether they lie in ordinary or in shared memory.
//!
//! napi-rs's own types hold references or refuse views of a SharedArrayBuffer; these ask Node for the address and live as long as the call.

use crate::codec;
use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, TypeName, ValidateNapiValue};
use napi::{Error, Result, Status, ValueType, sys};
use std::ptr;
use std::slice;

fn view(env: sys::napi_env, value: sys::napi_value, kinds: &[i32], what: &str) -> Result<(*mut u8, usize)> {
    let mut kind = 0;
    let mut length = 0;
    let mut data = ptr::null_mut();
    let status = unsafe {
        sys::napi_get_typedarray_info(env, value, &mut kind, &mut length, &mut data, ptr::null_mut(), ptr::null_mut())
    };
    if status != sys::Status::napi_ok || !kinds.contains(&(kind as i32)) {
        return Err(Error::new(Status::InvalidArg, format!("expected a {what}")));
    }
    // An empty view has no address, and a Rust slice must have one.
    if length == 0 || data.is_null() {
        return Ok((ptr::NonNull::<f64>::dangling().as_ptr().cast(), 0));
    }
    Ok((data.cast(), length))
}

/// A Uint8Array or Buffer.
pub struct Bytes {
    data: *mut u8,
    length: usize,
}

impl Bytes {
    pub fn slice(&self) -> &[u8] {
        unsafe { slice::from_raw_parts(self.data, self.length) }
    }

    pub fn slice_mut(&mut self) -> &mut [u8] {
        unsafe { slice::from_raw_parts_mut(self.data, self.length) }
    }
}

impl TypeName for Bytes {
    fn type_name() -> &'static str {
        "Uint8Array"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Bytes {}

impl FromNapiValue for Bytes {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let kinds = [sys::TypedarrayType::uint8_array, sys::TypedarrayType::uint8_clamped_array];
        let (data, length) = view(env, value, &kinds, "Uint8Array")?;
        Ok(Bytes { data, length })
    }
}

/// A Float64Array.
pub struct Numbers {
    data: *mut f64,
    length: usize,
}

impl Numbers {
    pub fn slice(&self) -> &[f64] {
        unsafe { slice::from_raw_parts(self.data, self.length) }
    }

    pub fn slice_mut(&mut self) -> &mut [f64] {
        unsafe { slice::from_raw_parts_mut(self.data, self.length) }
    }
}

impl TypeName for Numbers {
    fn type_name() -> &'static str {
        "Float64Array"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Numbers {}

impl FromNapiValue for Numbers {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let (data, length) = view(env, value, &[sys::TypedarrayType::float64_array], "Float64Array")?;
        Ok(Numbers { data: data.cast(), length })
    }
}

/// The bytes `[from, to)` of a buffer. Anything else than a range within it is the caller's bug.
pub fn range(buffer: &Bytes, from: f64, to: f64) -> Result<&[u8]> {
    let bytes = buffer.slice();
    if from >= 0.0 && from <= to && to <= bytes.len() as f64 {
        return Ok(&bytes[from as usize..to as usize]);
    }
    Err(Error::new(Status::InvalidArg, format!("range [{from}, {to}) does not lie in a buffer of {} bytes", bytes.len())))
}

/// An answer in bytes: a Buffer of its own. Copied into memory of Node's, because a Buffer around foreign memory costs more than the copy
/// (measured: 16 KiB of LZ4 3.6 µs against 9.5); the vector serves this thread's next call.
pub struct Output(pub Vec<u8>);

impl TypeName for Output {
    fn type_name() -> &'static str {
        "Buffer"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ToNapiValue for Output {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        let Output(bytes) = value;
        let mut buffer = ptr::null_mut();
        let data = bytes.as_ptr().cast();
        let status = unsafe { sys::napi_create_buffer_copy(env, bytes.len(), data, ptr::null_mut(), &mut buffer) };
        codec::give_output(bytes);
        if status != sys::Status::napi_ok {
            return Err(Error::new(Status::from(status), "cannot make a Buffer"));
        }
        Ok(buffer)
    }
}
