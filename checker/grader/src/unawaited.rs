//! Messages that are never sent, because the future that would send them is thrown away.
//!
//! The compiler warns of `ctx.cast(…);`, but not of `let _ = ctx.cast(…);`, in which the learner only meant to
//! leave out what comes of it.

use crate::tokens::numbered;

/// What sends a message once it is awaited.
const SENDERS: [&str; 5] = ["cast", "abcast", "call", "call_within", "multi_call"];

/// Where a source text throws away what a sender gives, without awaiting it: the line, and the sender.
pub fn thrown_away(source: &str) -> Vec<(u32, &'static str)> {
    let tokens = numbered(source);
    let is = |at: usize, token: &str| tokens.get(at).is_some_and(|(_, is)| is == token);
    let begins = |at: &usize| {
        ["let", "_", "="]
            .iter()
            .zip(*at..)
            .all(|(token, at)| is(at, token))
    };
    let statements = (0..tokens.len()).filter(begins);
    let found = statements.filter_map(|begin| {
        let (mut depth, mut last_open, mut at) = (0_u32, None, begin + 3);
        loop {
            match tokens.get(at)?.1.as_str() {
                ";" if depth == 0 => break,
                open @ ("(" | "[" | "{") => {
                    if depth == 0 {
                        last_open = (open == "(").then_some(at);
                    }
                    depth += 1;
                }
                ")" | "]" | "}" => depth = depth.checked_sub(1)?,
                _ => {}
            }
            at += 1;
        }
        // The last thing in the statement is the call of a method.
        let name = last_open?.checked_sub(1)?;
        let sender = SENDERS.into_iter().find(|sender| is(name, sender))?;
        (is(at - 1, ")") && is(name.checked_sub(1)?, ".")).then_some((tokens[begin].0, sender))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &[(u32, &str)]) {
        assert_eq!(thrown_away(source), expected);
    }

    #[test]
    fn future_that_is_thrown_away_is_found_with_its_line() {
        check(
            "fn f() {\n    let _ = ctx\n        .abcast(&NAME, Msg { a: (1, 2) });\n}\nlet _ = node.call(a, b);",
            &[(2, "abcast"), (5, "call")],
        );
    }

    #[test]
    fn future_that_is_awaited_kept_or_handed_on_is_not() {
        for source in [
            "let _ = ctx.cast(&to, msg).await;",
            "let _ = ctx.cast(&to, msg).await.map_err(drop);",
            "let sent = ctx.cast(&to, msg);",
            "let _ = ctx.spawn(async move { ctx.cast(&to, msg).await });",
            "let _ = reply.send(ctx.name());",
            "let _ = cast(1);",
            "// let _ = ctx.cast(&to, msg);",
            "let _ = ctx.cast(&to",
        ] {
            check(source, &[]);
        }
    }
}
