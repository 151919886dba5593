//! Commands about process groups and global names.

use runtime::{Address, GlobalName, Group};

use super::{Session, USAGE, Words};
use prompt::message::{Heard, Written};

impl Session {
    pub(super) async fn join(&self, mut words: Words<'_>) -> Result<(), String> {
        let (group, mailbox) = (words.required()?, words.last()?);
        let member = self.mailbox(mailbox)?;
        let joined = self
            .node
            .groups()
            .join(&Group::dynamic(group), member)
            .await;
        joined.map_err(|error| format!("Not joined: {error}."))?;
        self.screen
            .print(format!("{mailbox} is a member of {group} now."));
        Ok(())
    }

    pub(super) async fn leave(&self, mut words: Words<'_>) -> Result<(), String> {
        let (group, mailbox) = (words.required()?, words.last()?);
        let member = self.mailbox(mailbox)?;
        let left = self
            .node
            .groups()
            .leave(&Group::dynamic(group), member)
            .await;
        if !left.map_err(|error| format!("It may or may not have left: {error}."))? {
            return Err(format!("{mailbox} was not a member of {group}."));
        }
        self.screen.print(format!("{mailbox} has left {group}."));
        Ok(())
    }

    pub(super) fn members(&self, mut words: Words<'_>) -> Result<(), String> {
        let group = words.last()?;
        let members = self
            .node
            .groups()
            .members(&Group::<Written>::dynamic(group));
        let lines: Vec<String> = members.iter().map(ToString::to_string).collect();
        self.screen.print(if lines.is_empty() {
            format!("{group} has no members that can be reached.")
        } else {
            lines.join("\n")
        });
        Ok(())
    }

    pub(super) fn groups(&self, mut words: Words<'_>) -> Result<(), String> {
        words.end()?;
        let groups = self.node.groups().all();
        self.screen.print(if groups.is_empty() {
            "No group has members that can be reached.".into()
        } else {
            groups.join("\n")
        });
        Ok(())
    }

    pub(super) async fn global(&self, mut words: Words<'_>) -> Result<(), String> {
        match words.next() {
            None => self.list_global_names(),
            Some("register") => {
                let (name, mailbox) = (words.required()?, words.last()?);
                let process = self.mailbox(mailbox)?;
                let name = GlobalName::dynamic(name);
                let registered = self.node.global().register(&name, process).await;
                registered.map_err(|error| format!("Not registered: {error}."))?;
                self.screen.print(format!(
                    "{mailbox} is known as {} in the whole cluster.",
                    name.as_str()
                ));
            }
            Some("unregister") => {
                let name = words.last()?;
                let global = GlobalName::<Written>::dynamic(name);
                let had = self.node.global().unregister(&global).await;
                if !had.map_err(|error| format!("The name may or may not be free: {error}."))? {
                    return Err(format!(
                        "No process that can be reached is known as {name}."
                    ));
                }
                self.screen
                    .print(format!("No process is known as {name} anymore."));
            }
            Some("whereis") => {
                let name = words.last()?;
                let global = GlobalName::<Written>::dynamic(name);
                let owner = self.node.global().whereis(&global);
                let owner = owner
                    .ok_or_else(|| format!("No process that can be reached is known as {name}."))?;
                self.screen.print(format!("{name} is {owner}."));
            }
            Some(_) => return Err(USAGE.into()),
        }
        Ok(())
    }

    fn list_global_names(&self) {
        let names = self.node.global().registered();
        let lines = names
            .iter()
            .map(|(name, owner)| format!("{name} is {owner}"));
        let lines: Vec<String> = lines.collect();
        self.screen.print(if lines.is_empty() {
            "No process that can be reached has a global name.".into()
        } else {
            lines.join("\n")
        });
    }

    fn mailbox(&self, name: &str) -> Result<&Address<Heard>, String> {
        let none = || format!("You have no mailbox {name}; open it with `register {name}`.");
        self.mailboxes.get(name).ok_or_else(none)
    }
}
