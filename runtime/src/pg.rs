//! Process groups: the processes, anywhere in the cluster, that do the same job.
//!
//! Each node decides on the membership of its own processes and tells the others. When a connection
//! comes up, both sides send each other all memberships that they decide on; from then on, they send each
//! change. A connection delivers in order, so the two together are always up to date, and nothing
//! has to be counted or compared. When a connection goes, the members behind it go too, and when it
//! is back, they are sent again.
//!
//! So the nodes never disagree for longer than a message takes, unless the network is divided:
//! then each side sees the members that it can reach, which is just what one can send to.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use crate::address::{Address, ServerName};
use crate::ctx::Ctx;
use crate::error::CallError;
use crate::name::NodeName;
use crate::node::Node;
use crate::process::Process;
use crate::process_id::ProcessId;
use crate::reply::Reply;
use crate::server::{GroupChange, Info, Monitor, Server};
use crate::wire::Target;

/// The server that keeps a node's view of the groups.
pub const PG: ServerName<PgMsg> = ServerName::new("$pg");

/// The name of a group, and the type of the messages that its members take.
pub struct Group<M> {
    name: Cow<'static, str>,
    messages: PhantomData<fn(M)>,
}

impl<M> Group<M> {
    /// The group of this name. You need not create it: it exists as long as it has members.
    pub const fn new(name: &'static str) -> Self {
        Group {
            name: Cow::Borrowed(name),
            messages: PhantomData,
        }
    }

    /// A group whose name is only known when the program runs.
    pub fn dynamic(name: impl Into<String>) -> Self {
        Group {
            name: Cow::Owned(name.into()),
            messages: PhantomData,
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl<M> Clone for Group<M> {
    fn clone(&self) -> Self {
        Group {
            name: self.name.clone(),
            messages: PhantomData,
        }
    }
}

impl<M> fmt::Debug for Group<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A node's process groups; from [`Node::groups`].
///
/// ```
/// use runtime::{Cookie, Ctx, Group, MemoryNet, Net, Node, NodeConfig, Server};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// enum LampMsg {
///     Switch(bool),
/// }
///
/// const LAMPS: Group<LampMsg> = Group::new("lamps");
///
/// struct Lamp {
///     on: bool,
/// }
///
/// impl Server for Lamp {
///     type Msg = LampMsg;
///     type Args = ();
///
///     async fn init(_: (), ctx: &Ctx<LampMsg>) -> Self {
///         ctx.groups().join(&LAMPS, ctx.me()).await.expect("this node has groups");
///         Lamp { on: false }
///     }
///
///     async fn handle(&mut self, LampMsg::Switch(on): LampMsg, _: &Ctx<LampMsg>) {
///         self.on = on;
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let net = Net::Memory(MemoryNet::new(1));
/// # let config = |name: &str| NodeConfig::new(name.parse().unwrap(), Cookie::from_text("secret").unwrap(), net.clone());
/// # let (n1, n2) = (Node::start(config("n1@sim")).await?, Node::start(config("n2@sim")).await?);
/// n1.start_unnamed::<Lamp>(()).await?;
/// n2.start_unnamed::<Lamp>(()).await?;
/// n1.connect(n2.name()).await?;
/// while n1.groups().members(&LAMPS).len() < 2 {
///     # tokio::time::sleep(std::time::Duration::from_millis(1)).await;
///     // Soon: as soon as n2 has told n1 of its lamp.
/// }
/// for lamp in n1.groups().members(&LAMPS) {
///     n1.cast(&lamp, LampMsg::Switch(true)).await?;
/// }
/// assert_eq!(n1.groups().local_members(&LAMPS).len(), 1);
/// # Ok(())
/// # }
/// ```
///
/// # Not promised
/// That all nodes see the same members at the same moment, or that a listed member is alive.
///
/// # Source
/// Erlang's `pg` (kernel). Its algorithm is a push of whole states at every meeting, in Demers and others,
/// *Epidemic Algorithms for Replicated Database Maintenance*, 1987.
#[derive(Clone, Copy)]
pub struct ProcessGroups<'a>(&'a Node);

impl Node {
    /// The process groups, as this node sees them.
    pub fn groups(&self) -> ProcessGroups<'_> {
        ProcessGroups(self)
    }
}

impl ProcessGroups<'_> {
    /// Makes a process a member, until it leaves or ends. When this returns, the process's own
    /// node knows it, and the others will soon. To join twice is the same as to join once.
    ///
    /// # Errors
    /// [`CallError::NoProcess`] when there is no such process; any other when its node did not
    /// answer.
    pub async fn join<M>(&self, group: &Group<M>, member: &Address<M>) -> Result<(), CallError> {
        let (name, target) = (group.as_str().to_owned(), member.target().clone());
        let pg = PG.at(member.node());
        match self
            .0
            .call(&pg, |reply| PgMsg::Join(name, target, reply))
            .await?
        {
            true => Ok(()),
            false => Err(CallError::NoProcess(member.node().clone())),
        }
    }

    /// Ends a membership. Returns whether there was one.
    ///
    /// # Errors
    /// [`CallError`] when the process's node did not answer.
    pub async fn leave<M>(&self, group: &Group<M>, member: &Address<M>) -> Result<bool, CallError> {
        let (name, target) = (group.as_str().to_owned(), member.target().clone());
        let pg = PG.at(member.node());
        self.0
            .call(&pg, |reply| PgMsg::Leave(name, target, reply))
            .await
    }

    /// The members on all nodes that can be reached, in order.
    pub fn members<M>(&self, group: &Group<M>) -> Vec<Address<M>> {
        self.0
            .inner()
            .groups
            .members(group.as_str())
            .iter()
            .map(ProcessId::address)
            .collect()
    }

    /// The members on this node, in order.
    pub fn local_members<M>(&self, group: &Group<M>) -> Vec<Address<M>> {
        let all = self.members(group);
        all.into_iter()
            .filter(|member| member.node() == self.0.name())
            .collect()
    }

    /// The names of the groups that have members, in order.
    pub fn all(&self) -> Vec<String> {
        self.0.inner().groups.view().into_keys().collect()
    }
}

impl<M> Ctx<M> {
    /// Subscribes to every process that joins or leaves the group from now on, as
    /// [`Info::Group`](crate::Info::Group). Returns those that are already members.
    pub fn watch_group<N>(&self, group: &Group<N>) -> Vec<Address<N>> {
        let members = self.inner().groups.watch(group.as_str(), self.process());
        members.iter().map(ProcessId::address).collect()
    }
}

/// The messages of the servers that keep the groups.
#[derive(Debug, Serialize, Deserialize)]
pub enum PgMsg {
    /// A process of this node joins a group; answers whether there is such a process.
    Join(String, Target, Reply<bool>),
    /// A process of this node leaves a group; answers whether it was a member.
    Leave(String, Target, Reply<bool>),
    /// All groups with their members, as this node sees them.
    View(Reply<BTreeMap<String, BTreeSet<ProcessId>>>),
    /// From a node that has just come up: all memberships of its processes.
    Snapshot(NodeName, BTreeMap<String, BTreeSet<ProcessId>>),
    /// From another node: a process of its own joined.
    Joined(String, ProcessId),
    /// From another node: a process of its own left.
    Left(String, ProcessId),
}

/// What a node knows of the groups. Only [`GroupServer`] writes; every process reads.
#[derive(Default)]
pub(crate) struct Groups(Mutex<View>);

#[derive(Default)]
struct View {
    members: BTreeMap<String, BTreeSet<ProcessId>>,
    watchers: Vec<(String, Arc<Process>)>,
}

impl Groups {
    fn members(&self, group: &str) -> BTreeSet<ProcessId> {
        self.0
            .lock()
            .unwrap()
            .members
            .get(group)
            .cloned()
            .unwrap_or_default()
    }

    fn view(&self) -> BTreeMap<String, BTreeSet<ProcessId>> {
        self.0.lock().unwrap().members.clone()
    }

    fn watch(&self, group: &str, process: &Arc<Process>) -> BTreeSet<ProcessId> {
        let mut view = self.0.lock().unwrap();
        let is_same = |(name, other): &(String, Arc<Process>)| {
            name == group && other.serial == process.serial
        };
        if !view.watchers.iter().any(is_same) {
            view.watchers.push((group.to_owned(), process.clone()));
        }
        view.members.get(group).cloned().unwrap_or_default()
    }

    /// The memberships of one node's processes.
    fn of_node(&self, node: &NodeName) -> BTreeMap<String, BTreeSet<ProcessId>> {
        let mut groups = self.view();
        for members in groups.values_mut() {
            members.retain(|member| member.node == *node);
        }
        groups.retain(|_, members| !members.is_empty());
        groups
    }

    /// Makes these the memberships of one node's processes.
    fn replace_node(&self, node: &NodeName, groups: BTreeMap<String, BTreeSet<ProcessId>>) {
        for (group, members) in self.of_node(node) {
            for member in members {
                if !groups.get(&group).is_some_and(|now| now.contains(&member)) {
                    self.remove(&group, &member);
                }
            }
        }
        for (group, members) in groups {
            for member in members.into_iter().filter(|member| member.node == *node) {
                self.add(&group, member);
            }
        }
    }

    fn add(&self, group: &str, member: ProcessId) {
        let mut view = self.0.lock().unwrap();
        let members = view.members.entry(group.to_owned()).or_default();
        if members.insert(member.clone()) {
            view.tell(group, GroupChange::Joined(group.to_owned(), member));
        }
    }

    fn remove(&self, group: &str, member: &ProcessId) {
        let mut view = self.0.lock().unwrap();
        let Some(members) = view.members.get_mut(group) else {
            return;
        };
        let was_member = members.remove(member);
        if members.is_empty() {
            view.members.remove(group);
        }
        if was_member {
            view.tell(group, GroupChange::Left(group.to_owned(), member.clone()));
        }
    }
}

impl View {
    fn tell(&mut self, group: &str, change: GroupChange) {
        self.watchers.retain(|(_, process)| process.is_alive());
        for (_, process) in self.watchers.iter().filter(|(name, _)| name == group) {
            process.mailbox.put_info(Info::Group(change.clone()));
        }
    }
}

/// Decides on the membership of this node's processes, and follows what the others decide.
pub(crate) struct GroupServer {
    /// The nodes that are connected. A message that still arrives from another node is old.
    up: BTreeSet<NodeName>,
    /// The local members, each with its monitor and the names of its groups.
    joined: BTreeMap<ProcessId, (Monitor, BTreeSet<String>)>,
}

impl Server for GroupServer {
    type Msg = PgMsg;
    type Args = ();

    async fn init(_: (), ctx: &Ctx<PgMsg>) -> Self {
        if !ctx.config().hidden {
            ctx.watch_nodes();
        }
        GroupServer {
            up: BTreeSet::new(),
            joined: BTreeMap::new(),
        }
    }

    async fn handle(&mut self, msg: PgMsg, ctx: &Ctx<PgMsg>) {
        let groups = &ctx.inner().groups;
        match msg {
            PgMsg::Join(group, target, reply) => reply.send(self.join(group, &target, ctx)),
            PgMsg::Leave(group, target, reply) => reply.send(self.leave(&group, &target, ctx)),
            PgMsg::View(reply) => reply.send(groups.view()),
            PgMsg::Snapshot(node, theirs) if self.up.contains(&node) => {
                groups.replace_node(&node, theirs)
            }
            PgMsg::Joined(group, member) if self.up.contains(&member.node) => {
                groups.add(&group, member);
            }
            PgMsg::Left(group, member) if self.up.contains(&member.node) => {
                groups.remove(&group, &member);
            }
            PgMsg::Snapshot(..) | PgMsg::Joined(..) | PgMsg::Left(..) => {}
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<PgMsg>) {
        match info {
            Info::NodeUp(node) => {
                let ours = ctx.inner().groups.of_node(ctx.name());
                if !ours.is_empty() {
                    ctx.cast_linked(&node, &PG, PgMsg::Snapshot(ctx.name().clone(), ours));
                }
                self.up.insert(node);
            }
            Info::NodeDown(node) => {
                self.up.remove(&node);
                ctx.inner().groups.replace_node(&node, BTreeMap::new());
            }
            Info::Down { monitor, .. } => self.ended(monitor, ctx),
            _ => {}
        }
    }
}

impl GroupServer {
    fn join(&mut self, group: String, target: &Target, ctx: &Ctx<PgMsg>) -> bool {
        let Some(process) = ctx.inner().processes.find(target) else {
            return false;
        };
        let member = process.id(ctx.inner());
        let (_, groups) = self.joined.entry(member.clone()).or_insert_with(|| {
            let monitor = ctx.monitor(&member.address::<()>());
            (monitor, BTreeSet::new())
        });
        if groups.insert(group.clone()) {
            ctx.inner().groups.add(&group, member.clone());
            ctx.cast_all_linked(&PG, &PgMsg::Joined(group, member));
        }
        true
    }

    fn leave(&mut self, group: &str, target: &Target, ctx: &Ctx<PgMsg>) -> bool {
        let Some(process) = ctx.inner().processes.find(target) else {
            return false;
        };
        let member = process.id(ctx.inner());
        let Some((monitor, groups)) = self.joined.get_mut(&member) else {
            return false;
        };
        let was_member = groups.remove(group);
        if groups.is_empty() {
            ctx.demonitor(*monitor);
            self.joined.remove(&member);
        }
        if was_member {
            tell_left(group, &member, ctx);
        }
        was_member
    }

    fn ended(&mut self, down: Monitor, ctx: &Ctx<PgMsg>) {
        let of = |(_, (monitor, _)): &(&ProcessId, &(Monitor, BTreeSet<String>))| *monitor == down;
        let Some(member) = self
            .joined
            .iter()
            .find(of)
            .map(|(member, _)| member.clone())
        else {
            return;
        };
        for group in self
            .joined
            .remove(&member)
            .into_iter()
            .flat_map(|(_, groups)| groups)
        {
            tell_left(&group, &member, ctx);
        }
    }
}

fn tell_left(group: &str, member: &ProcessId, ctx: &Ctx<PgMsg>) {
    ctx.inner().groups.remove(group, member);
    ctx.cast_all_linked(&PG, &PgMsg::Left(group.to_owned(), member.clone()));
}
