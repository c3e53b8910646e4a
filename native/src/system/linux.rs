//! Linux. Nothing here keeps a descriptor, waits, or panics.

use std::ffi::CString;
use std::ptr;

/// cachestat(2), Linux 6.5; the number is the same on every architecture.
const SYS_CACHESTAT: libc::c_long = 451;
/// How much of a file is mapped at once to ask mincore(2) about it.
const MINCORE_PAGES: u64 = 4096;

fn errno() -> i32 {
    -std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
}

fn result(answer: i32) -> i32 {
    if answer < 0 { errno() } else { answer }
}

fn page_size() -> u64 {
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as u64 }
}

pub fn dup(fd: i32) -> i32 {
    result(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) })
}

/// Read end + write end * 2^20.
pub fn pipe() -> i64 {
    let mut ends = [0i32; 2];
    let answer = result(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) });
    if answer < 0 {
        return i64::from(answer);
    }
    i64::from(ends[0]) + (i64::from(ends[1]) << 20)
}

pub fn close(fd: i32) -> i32 {
    result(unsafe { libc::close(fd) })
}

pub fn sendfile(socket_fd: i32, file_fd: i32, position: i64, count: usize) -> i64 {
    loop {
        let mut offset = position;
        let sent = unsafe { libc::sendfile(socket_fd, file_fd, &mut offset, count) };
        if sent >= 0 {
            return sent as i64;
        }
        let error = errno();
        if error != -libc::EINTR {
            return i64::from(error);
        }
    }
}

/// Without waiting and without SIGPIPE. `more`: something follows at once, so a segment that is not full may wait for it.
pub fn send(socket_fd: i32, bytes: &[u8], more: bool) -> i32 {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL | if more { libc::MSG_MORE } else { 0 };
    let length = bytes.len().min(1 << 30);
    loop {
        let sent = unsafe { libc::send(socket_fd, bytes.as_ptr().cast(), length, flags) };
        if sent >= 0 {
            return sent as i32;
        }
        let error = errno();
        if error != -libc::EINTR {
            return error;
        }
    }
}

/// SO_SNDBUF and SO_RCVBUF; below zero leaves one to the system.
pub fn set_socket_buffers(socket_fd: i32, send: i32, receive: i32) -> i32 {
    for (option, size) in [(libc::SO_SNDBUF, send), (libc::SO_RCVBUF, receive)] {
        if size < 0 {
            continue;
        }
        let length = size_of::<i32>() as libc::socklen_t;
        let answer =
            unsafe { libc::setsockopt(socket_fd, libc::SOL_SOCKET, option, (&raw const size).cast(), length) };
        if answer < 0 {
            return errno();
        }
    }
    0
}

#[repr(C)]
struct CachestatRange {
    offset: u64,
    length: u64,
}

#[repr(C)]
#[derive(Default)]
struct Cachestat {
    cached: u64,
    dirty: u64,
    writeback: u64,
    evicted: u64,
    recently_evicted: u64,
}

pub fn is_cached(fd: i32, position: u64, count: u64) -> i32 {
    let mut status: libc::stat = unsafe { std::mem::zeroed() };
    if unsafe { libc::fstat(fd, &mut status) } < 0 {
        return errno();
    }
    let end = position.saturating_add(count).min(status.st_size.max(0) as u64);
    if position >= end {
        return 1;
    }
    let page = page_size();
    let pages = end.div_ceil(page) - position / page;
    let range = CachestatRange { offset: position, length: end - position };
    let mut found = Cachestat::default();
    let answer = unsafe { libc::syscall(SYS_CACHESTAT, fd, &range, &mut found, 0u32) };
    if answer == 0 {
        return i32::from(found.cached >= pages);
    }
    match errno() {
        // A kernel before 6.5, a sandbox, or a file system without a page cache of its own.
        error if error == -libc::ENOSYS || error == -libc::EPERM || error == -libc::EOPNOTSUPP => is_resident(fd, position, end),
        error => error,
    }
}

/// The same by mapping the range, without touching it, and asking mincore(2).
fn is_resident(fd: i32, position: u64, end: u64) -> i32 {
    let page = page_size();
    let mut residence = vec![0u8; MINCORE_PAGES as usize];
    let mut at = position / page * page;
    while at < end {
        let length = (end - at).min(MINCORE_PAGES * page) as usize;
        let address = unsafe { libc::mmap(ptr::null_mut(), length, libc::PROT_READ, libc::MAP_SHARED, fd, at as i64) };
        if address == libc::MAP_FAILED {
            return errno();
        }
        let answer = unsafe { libc::mincore(address, length, residence.as_mut_ptr()) };
        let error = errno();
        unsafe { libc::munmap(address, length) };
        if answer < 0 {
            return error;
        }
        let pages = length.div_ceil(page as usize);
        if residence[..pages].iter().any(|bits| bits & 1 == 0) {
            return 0;
        }
        at += length as u64;
    }
    1
}

pub fn sync_file_range(fd: i32, position: i64, count: i64, flags: u32) -> i32 {
    result(unsafe { libc::sync_file_range(fd, position, count, flags) })
}

pub fn syncfs(fd: i32) -> i32 {
    result(unsafe { libc::syncfs(fd) })
}

fn whole_file(kind: i32) -> libc::flock {
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock
}

/// A lock of the open file description: it conflicts with the process locks that Java takes, also with one in this process,
/// and closing another descriptor of the same file does not drop it.
pub fn lock_file(path: &str) -> i32 {
    let Ok(path) = CString::new(path) else { return -libc::EINVAL };
    let fd = unsafe { libc::open(path.as_ptr(), libc::O_RDWR | libc::O_CREAT | libc::O_CLOEXEC, 0o644) };
    if fd < 0 {
        return errno();
    }
    let mut lock = whole_file(libc::F_WRLCK);
    if unsafe { libc::fcntl(fd, libc::F_OFD_SETLK, &mut lock) } == 0 {
        return fd;
    }
    let mut error = errno();
    // File systems without such locks have process locks.
    if error == -libc::EINVAL || error == -libc::ENOSYS {
        let mut lock = whole_file(libc::F_WRLCK);
        if unsafe { libc::fcntl(fd, libc::F_SETLK, &mut lock) } == 0 {
            return fd;
        }
        error = errno();
    }
    unsafe { libc::close(fd) };
    error
}

/// Closing the descriptor drops the lock.
pub fn unlock_file(fd: i32) -> i32 {
    close(fd)
}

/// The memory of a SharedArrayBuffer is private and anonymous: MADV_DONTNEED frees its pages, which read as zero afterwards.
pub fn release_pages(address: usize, length: usize) -> i64 {
    let page = page_size() as usize;
    let start = address.div_ceil(page) * page;
    let end = (address + length) / page * page;
    if start >= end {
        return 0;
    }
    if unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_DONTNEED) } < 0 {
        return i64::from(errno());
    }
    (end - start) as i64
}

pub fn peek(socket_fd: i32) -> i32 {
    let mut byte = 0u8;
    loop {
        let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
        let received = unsafe { libc::recv(socket_fd, (&raw mut byte).cast(), 1, flags) };
        match received {
            0 => return 0,
            1.. => return 1,
            _ => match errno() {
                error if error == -libc::EAGAIN => return 2,
                error if error == -libc::EINTR => continue,
                error => return error,
            },
        }
    }
}

pub fn pin_thread(cpu: usize) -> i32 {
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    if cpu >= libc::CPU_SETSIZE as usize {
        return -libc::EINVAL;
    }
    unsafe {
        libc::CPU_SET(cpu, &mut set);
        result(libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set))
    }
}
