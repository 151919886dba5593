//! The commands on the connection and on the server itself.

use bytes::Bytes;

use super::commands::{
    COMMANDS, Call, SYNTAX_ERROR, is, number, unknown_subcommand, wrong_arguments,
};
use super::database::DATABASES;
use super::glob;
use super::reply::{Protocol, Reply};
use crate::request::integer;

/// The version of Redis whose behaviour is imitated.
const VERSION: &str = "7.0.15";

type Answer = Result<Reply, String>;

pub(super) fn ping(call: &mut Call<'_>) -> Answer {
    match call.arguments {
        [] => Ok(Reply::Simple("PONG")),
        [message] => Ok(Reply::Bulk(message.clone())),
        _ => Err(wrong_arguments("ping")),
    }
}

pub(super) fn echo(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Bulk(call.arguments[0].clone()))
}

pub(super) fn quit(call: &mut Call<'_>) -> Answer {
    call.session.closing = true;
    Ok(Reply::OK)
}

pub(super) fn select(call: &mut Call<'_>) -> Answer {
    let index = number(&call.arguments[0])?;
    if i32::try_from(index).is_err() {
        let range = format!("between {} and {}", i32::MIN, i32::MAX);
        return Err(format!("ERR value is out of range, value must {range}"));
    }
    match usize::try_from(index) {
        Ok(index) if index < DATABASES => {
            call.session.space = index;
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

pub(super) fn hello(call: &mut Call<'_>) -> Answer {
    let mut protocol = call.session.protocol;
    let mut name = call.session.name.clone();
    if let [version, rest @ ..] = call.arguments {
        protocol = match integer(version) {
            None => return Err("ERR Protocol version is not an integer or out of range".to_owned()),
            Some(2) => Protocol::Resp2,
            Some(3) => Protocol::Resp3,
            Some(_) => return Err("NOPROTO unsupported protocol version".to_owned()),
        };
        let mut rest = rest;
        while let [option, tail @ ..] = rest {
            if is(option, "auth") && tail.len() >= 2 {
                let text = "WRONGPASS the embedded store has no users: connect without a password";
                return Err(text.to_owned());
            } else if is(option, "setname") && !tail.is_empty() {
                name = client_name(&tail[0])?;
                rest = &tail[1..];
            } else {
                let option = String::from_utf8_lossy(option);
                return Err(format!("ERR Syntax error in HELLO option '{option}'"));
            }
        }
    }
    call.session.protocol = protocol;
    call.session.name = name;
    let version = if protocol == Protocol::Resp2 { 2 } else { 3 };
    let fields = [
        ("server", Reply::bulk("redis")),
        ("version", Reply::bulk(VERSION)),
        ("proto", Reply::Integer(version)),
        ("id", Reply::Integer(call.session.id)),
        ("mode", Reply::bulk("standalone")),
        ("role", Reply::bulk("master")),
        ("modules", Reply::Array(Vec::new())),
    ];
    Ok(Reply::Map(
        fields
            .into_iter()
            .map(|(name, value)| (Reply::bulk(name), value))
            .collect(),
    ))
}

fn client_name(name: &Bytes) -> Result<Option<Bytes>, String> {
    if !name.iter().all(|byte| (b'!'..=b'~').contains(byte)) {
        let text = "ERR Client names cannot contain spaces, newlines or special characters.";
        return Err(text.to_owned());
    }
    Ok(Some(Bytes::copy_from_slice(name)).filter(|name| !name.is_empty()))
}

pub(super) fn client(call: &mut Call<'_>) -> Answer {
    let [subcommand, rest @ ..] = call.arguments else {
        unreachable!("the table of commands demands one argument")
    };
    let wants = |name: &str, arguments: usize| {
        if rest.len() == arguments {
            return Ok(());
        }
        Err(wrong_arguments(&format!("client|{name}")))
    };
    if is(subcommand, "id") {
        wants("id", 0)?;
        Ok(Reply::Integer(call.session.id))
    } else if is(subcommand, "getname") {
        wants("getname", 0)?;
        Ok(call.session.name.clone().map_or(Reply::Null, Reply::Bulk))
    } else if is(subcommand, "setname") {
        wants("setname", 1)?;
        call.session.name = client_name(&rest[0])?;
        Ok(Reply::OK)
    } else if is(subcommand, "setinfo") {
        wants("setinfo", 2)?;
        Ok(Reply::OK)
    } else if is(subcommand, "no-evict") || is(subcommand, "no-touch") {
        wants(&String::from_utf8_lossy(subcommand).to_lowercase(), 1)?;
        if !is(&rest[0], "on") && !is(&rest[0], "off") {
            return Err(SYNTAX_ERROR.to_owned());
        }
        Ok(Reply::OK)
    } else {
        Err(unknown_subcommand("CLIENT", subcommand))
    }
}

/// Says of no command how it is used: clients that ask do without.
pub(super) fn command(call: &mut Call<'_>) -> Answer {
    let Some(subcommand) = call.arguments.first() else {
        return Ok(Reply::Array(Vec::new()));
    };
    if is(subcommand, "count") {
        Ok(Reply::Integer(COMMANDS.len() as i64))
    } else if is(subcommand, "docs") {
        Ok(Reply::Map(Vec::new()))
    } else if is(subcommand, "info") {
        Ok(Reply::Array(vec![Reply::Null; call.arguments.len() - 1]))
    } else if is(subcommand, "list") {
        Ok(Reply::Array(
            COMMANDS
                .iter()
                .map(|command| Reply::bulk(command.0))
                .collect(),
        ))
    } else {
        Err(unknown_subcommand("COMMAND", subcommand))
    }
}

pub(super) fn config(call: &mut Call<'_>) -> Answer {
    let [subcommand, patterns @ ..] = call.arguments else {
        unreachable!("the table of commands demands one argument")
    };
    if !is(subcommand, "get") {
        return Err(unknown_subcommand("CONFIG", subcommand));
    }
    if patterns.is_empty() {
        return Err(wrong_arguments("config|get"));
    }
    let settings = [("appendonly", "no"), ("databases", "16"), ("save", "")];
    let wanted = settings.into_iter().filter(|(name, _)| {
        patterns
            .iter()
            .any(|pattern| glob::matches(&pattern.to_ascii_lowercase(), name.as_bytes()))
    });
    Ok(Reply::Map(
        wanted
            .map(|(name, value)| (Reply::bulk(name), Reply::bulk(value)))
            .collect(),
    ))
}

pub(super) fn info(call: &mut Call<'_>) -> Answer {
    let wants = |section: &str| {
        let all = ["all", "default", "everything", section];
        call.arguments.is_empty()
            || call
                .arguments
                .iter()
                .any(|wanted| all.iter().any(|word| is(wanted, word)))
    };
    let mut sections = Vec::new();
    if wants("server") {
        sections.push(format!(
            "# Server\r\nredis_version:{VERSION}\r\nredis_mode:standalone\r\n\
             executable:embedded\r\nprocess_id:{}\r\n",
            std::process::id()
        ));
    }
    if wants("persistence") {
        sections.push("# Persistence\r\nloading:0\r\naof_enabled:0\r\n".to_owned());
    }
    if wants("replication") {
        sections.push("# Replication\r\nrole:master\r\nconnected_slaves:0\r\n".to_owned());
    }
    if wants("cluster") {
        sections.push("# Cluster\r\ncluster_enabled:0\r\n".to_owned());
    }
    if wants("keyspace") {
        let mut section = "# Keyspace\r\n".to_owned();
        for space in 0..DATABASES {
            let keys = call.database.len(space, call.now);
            if keys > 0 {
                section += &format!("db{space}:keys={keys},expires=0,avg_ttl=0\r\n");
            }
        }
        sections.push(section);
    }
    Ok(Reply::Verbatim(sections.join("\r\n")))
}
