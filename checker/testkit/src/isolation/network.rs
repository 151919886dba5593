//! A network that holds one grading and nothing else.
//!
//! The nodes of a submission meet each other, the switchboard, and the store on loopback. So the
//! checker itself moves into a network namespace, in which there is loopback alone, and starts
//! everything there: no node reaches the internet, a service of the machine, or another grading.

use std::process::{Command, Stdio};

use super::Isolation;
use crate::guard::own_program;
use crate::trouble::{Result, Trouble, While};

/// Tries in another process whether [`enter`] and bubblewrap after it would work. Who has entered
/// cannot go back, so this comes first.
pub(super) fn try_out() -> std::result::Result<(), String> {
    let tried = Command::new(own_program().map_err(|trouble| trouble.to_string())?)
        .args(["guard", "--network"])
        .stdin(Stdio::null())
        .output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.trim();
            Err(said.strip_prefix("error: ").unwrap_or(said).to_owned())
        }
        Err(error) => Err(format!("could not try it: {error}")),
    }
}

/// Moves this process into a network of its own and uses bubblewrap there: what the process does that
/// `try_out` starts.
///
/// # Errors
/// When one of both does not work.
pub fn enter_and_try_bubblewrap() -> Result<()> {
    enter()?;
    match Isolation::find() {
        Isolation::None(why) => Err(Trouble::new(format!(
            "could not use bubblewrap in a network of its own: {why}"
        ))),
        _ => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn enter() -> Result<()> {
    Err(Trouble::new(
        "could not make a network of its own: only Linux has network namespaces",
    ))
}

/// Moves this process, and all that it will start, into a network of its own. It must not have
/// started a thread yet.
#[cfg(target_os = "linux")]
pub(super) fn enter() -> Result<()> {
    use rustix::thread::UnshareFlags;

    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    let make = || "make a network of its own";
    // Root needs no user namespace, and would lose its rights over the files of others in one.
    if unshare(UnshareFlags::NEWNET).is_err() {
        unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNET).or_trouble(make)?;
        // user_namespaces(7): an ordinary user may map its own ids only, and its group only after it
        // has given up `setgroups`.
        for (file, text) in [
            ("setgroups", "deny".to_owned()),
            ("uid_map", format!("{0} {0} 1", user.as_raw())),
            ("gid_map", format!("{0} {0} 1", group.as_raw())),
        ] {
            let file = format!("/proc/self/{file}");
            std::fs::write(&file, text).or_trouble(|| format!("write {file}"))?;
        }
    }
    loopback_up().or_trouble(|| "bring loopback up in a network of its own")
}

#[cfg(target_os = "linux")]
#[expect(
    deprecated,
    reason = "it is unsafe with `FILES` only, and its successor is unsafe always"
)]
fn unshare(what: rustix::thread::UnshareFlags) -> rustix::io::Result<()> {
    rustix::thread::unshare(what)
}

/// Sets the flag `IFF_UP` of the interface 1, which is loopback in each network: one `RTM_NEWLINK`,
/// see rtnetlink(7) and netlink(7). The kernel then gives it the address 127.0.0.1.
#[cfg(target_os = "linux")]
fn loopback_up() -> std::io::Result<()> {
    use rustix::net::netlink::SocketAddrNetlink;
    use rustix::net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
    };

    const LENGTH: u32 = 32;
    const RTM_NEWLINK: u16 = 16;
    const NLM_F_REQUEST_AND_ACK: u16 = 1 | 4;
    const LOOPBACK: i32 = 1;
    const IFF_UP: u32 = 1;

    // struct nlmsghdr: length, type, flags, number, sender.
    let mut request = LENGTH.to_ne_bytes().to_vec();
    request.extend(RTM_NEWLINK.to_ne_bytes());
    request.extend(NLM_F_REQUEST_AND_ACK.to_ne_bytes());
    request.extend([0; 8]);
    // struct ifinfomsg: family, type, index, flags, which flags to change.
    request.extend([0; 4]);
    request.extend(LOOPBACK.to_ne_bytes());
    request.extend(IFF_UP.to_ne_bytes());
    request.extend(IFF_UP.to_ne_bytes());

    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        // NETLINK_ROUTE is 0, which is what no protocol means.
        None,
    )?;
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&socket, &request, SendFlags::empty(), &kernel)?;
    // NLMSG_ERROR: a header, and the negative number of an error, or 0.
    let mut answer = [0; 512];
    let (length, _) = recv(&socket, &mut answer[..], RecvFlags::empty())?;
    match answer[..length].get(16..20) {
        Some(&[a, b, c, d]) => match i32::from_ne_bytes([a, b, c, d]) {
            0 => Ok(()),
            error => Err(std::io::Error::from_raw_os_error(-error)),
        },
        _ => Err(std::io::ErrorKind::UnexpectedEof.into()),
    }
}
