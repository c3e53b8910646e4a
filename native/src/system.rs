//! The system calls that Node lacks. Answers are the call's result or a negative errno; -ENOSYS where this system has no such call.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
pub use linux::*;
#[cfg(not(target_os = "linux"))]
pub use other::*;
