//! The commands on the connection and on the server itself.

use super::call::{Call, is, number, unknown_subcommand, wrong_arguments};
use super::database::DATABASES;
use super::reply::Reply;

/// The version of Redis whose behavior is imitated.
const VERSION: &str = "7.0.15";

type Answer = Result<Reply, String>;

pub(super) fn ping(call: &mut Call<'_>) -> Answer {
    match call.arguments {
        [] => Ok(Reply::Simple("PONG")),
        [message] => Ok(Reply::Bulk(message.clone())),
        _ => Err(wrong_arguments("ping")),
    }
}

pub(super) fn select(call: &mut Call<'_>) -> Answer {
    let index = number(&call.arguments[0])?;
    if i32::try_from(index).is_err() {
        let range = format!("between {} and {}", i32::MIN, i32::MAX);
        return Err(format!("ERR value is out of range, value must {range}"));
    }
    match usize::try_from(index) {
        Ok(index) if index < DATABASES => {
            *call.space = index;
            Ok(Reply::OK)
        }
        _ => Err("ERR DB index is out of range".to_owned()),
    }
}

pub(super) fn auth(call: &mut Call<'_>) -> Answer {
    Err(match call.arguments.len() {
        1 => {
            "ERR AUTH <password> called without any password configured for the default user. \
             Are you sure your configuration is correct?"
        }
        _ => "WRONGPASS invalid username-password pair or user is disabled.",
    }
    .to_owned())
}

pub(super) fn client(call: &mut Call<'_>) -> Answer {
    match call.arguments {
        [subcommand, _, _] if is(subcommand, "setinfo") => Ok(Reply::OK),
        [subcommand, ..] if is(subcommand, "setinfo") => Err(wrong_arguments("client|setinfo")),
        [subcommand, ..] => Err(unknown_subcommand("CLIENT", subcommand)),
        [] => unreachable!("the table of commands demands one argument"),
    }
}

/// Tells the version, whatever section is asked for.
pub(super) fn info(_: &mut Call<'_>) -> Answer {
    Ok(Reply::bulk(format!(
        "# Server\r\nredis_version:{VERSION}\r\nredis_mode:standalone\r\nexecutable:embedded\r\n"
    )))
}
