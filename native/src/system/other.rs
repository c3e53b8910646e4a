//! Systems without these calls: every answer is "not here", and the host uses another way. What POSIX has is done.

/// -ENOSYS as Linux numbers it, which is what `src/port/native.ts` calls UNSUPPORTED.
const UNSUPPORTED: i32 = -38;

pub fn dup(_fd: i32) -> i32 {
    UNSUPPORTED
}

pub fn pipe() -> i64 {
    i64::from(UNSUPPORTED)
}

pub fn close(_fd: i32) -> i32 {
    UNSUPPORTED
}

pub fn sendfile(_socket_fd: i32, _file_fd: i32, _position: i64, _count: usize) -> i64 {
    i64::from(UNSUPPORTED)
}

pub fn send(_socket_fd: i32, _bytes: &[u8], _more: bool) -> i32 {
    UNSUPPORTED
}

pub fn set_socket_buffers(_socket_fd: i32, _send: i32, _receive: i32) -> i32 {
    UNSUPPORTED
}

pub fn is_cached(_fd: i32, _position: u64, _count: u64) -> i32 {
    UNSUPPORTED
}

pub fn sync_file_range(_fd: i32, _position: i64, _count: i64, _flags: u32) -> i32 {
    UNSUPPORTED
}

pub fn syncfs(_fd: i32) -> i32 {
    UNSUPPORTED
}

pub fn lock_file(_path: &str) -> i32 {
    UNSUPPORTED
}

pub fn unlock_file(_fd: i32) -> i32 {
    UNSUPPORTED
}

pub fn release_pages(_address: usize, _length: usize) -> i64 {
    i64::from(UNSUPPORTED)
}

pub fn peek(_socket_fd: i32) -> i32 {
    UNSUPPORTED
}

pub fn pin_thread(_cpu: usize) -> i32 {
    UNSUPPORTED
}
