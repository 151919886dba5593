//! A supervisor that runs: how its children are started, watched, started again and ended.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::{ChildInfo, ChildRefusal, Restart, Strategy, Supervisor, SupervisorMsg};
use crate::address::{Address, ServerName};
use crate::ctx::Ctx;
use crate::error::StartError;
use crate::node::Node;
use crate::process::{self, Process};
use crate::process_id::ExitReason;
use crate::server::{Info, Monitor, Server};
use crate::wire::Target;

/// How to start one child, any number of times.
#[derive(Clone)]
pub(super) struct Spec {
    label: String,
    name: Option<String>,
    pub(super) restart: Restart,
    start: Arc<StartFn>,
}

type StartFn =
    dyn Fn(Node, Arc<Process>) -> BoxFuture<'static, Result<Started, StartError>> + Send + Sync;
type Started = (Address<()>, Arc<Process>);

impl Spec {
    pub(super) fn of<S: Server>(
        name: Option<ServerName<S::Msg>>,
        restart: Restart,
        args: S::Args,
    ) -> Self {
        let text = name.as_ref().map(|name| name.as_str().to_owned());
        let type_name = std::any::type_name::<S>();
        let label = text.clone().unwrap_or_else(|| {
            type_name
                .rsplit("::")
                .next()
                .unwrap_or(type_name)
                .to_owned()
        });
        let start = move |node: Node,
                          parent: Arc<Process>|
              -> BoxFuture<'static, Result<Started, StartError>> {
            let (name, args) = (name.clone(), args.clone());
            Box::pin(async move {
                let (address, process) =
                    process::start::<S>(&node, name.as_ref(), args, Some(&parent)).await?;
                Ok((address.retype(), process))
            })
        };
        Spec {
            label,
            name: text,
            restart,
            start: Arc::new(start),
        }
    }
}

/// How to make a child of a kind from arguments that came as bytes.
#[derive(Clone)]
pub(super) struct Kind {
    pub(super) restart: Restart,
    pub(super) make: Arc<MakeFn>,
}

pub(super) type MakeFn = dyn Fn(&[u8], Restart) -> Result<Spec, String> + Send + Sync;

/// A running supervisor.
pub(super) struct Tree {
    plan: Supervisor,
    /// Those of the plan first, then those that were asked for, each in order.
    children: Vec<Child>,
    /// When there were restarts, as far back as it matters.
    restarts: VecDeque<Instant>,
}

struct Child {
    spec: Spec,
    dynamic: bool,
    state: State,
}

enum State {
    Running {
        address: Address<()>,
        process: Arc<Process>,
        monitor: Monitor,
    },
    /// Not there, but to be started when its turn comes.
    Waiting(ExitReason),
    /// Not there, and not to be started: it is not written, or was terminated.
    Away(ExitReason),
}

impl Child {
    fn process(&self) -> Option<&Arc<Process>> {
        match &self.state {
            State::Running { process, .. } => Some(process),
            _ => None,
        }
    }

    fn is_at(&self, place: &Address<()>, me: &Node) -> bool {
        let State::Running { address, .. } = &self.state else {
            return false;
        };
        match place.target() {
            Target::Name(name) => {
                place.node() == me.name() && self.spec.name.as_ref() == Some(name)
            }
            Target::Process(..) => place == address,
        }
    }

    fn info(&self) -> ChildInfo {
        let (address, away) = match &self.state {
            State::Running { address, .. } => (Some(address.clone()), None),
            State::Waiting(reason) | State::Away(reason) => (None, Some(reason.clone())),
        };
        ChildInfo {
            label: self.spec.label.clone(),
            address,
            away,
            restart: self.spec.restart,
            dynamic: self.dynamic,
        }
    }
}

impl Server for Tree {
    type Msg = SupervisorMsg;
    type Args = Supervisor;

    async fn init(plan: Supervisor, ctx: &Ctx<SupervisorMsg>) -> Self {
        let child = |spec: &Spec| Child {
            spec: spec.clone(),
            dynamic: false,
            state: State::Waiting(ExitReason::NoProcess),
        };
        let children: Vec<_> = plan.children.iter().map(child).collect();
        let mut tree = Tree {
            plan,
            children,
            restarts: VecDeque::new(),
        };
        if let Err(NotStarted { place, reason }) = tree.start_all(0..tree.children.len(), ctx).await
        {
            let label = &tree.children[place].spec.label;
            ctx.stop(ExitReason::Failed(format!(
                "its child {label} did not start: {reason}"
            )));
        }
        tree
    }

    async fn handle(&mut self, msg: SupervisorMsg, ctx: &Ctx<SupervisorMsg>) {
        match msg {
            SupervisorMsg::StartChild { kind, args, reply } => {
                reply.send(self.start_dynamic(kind, &args, ctx).await)
            }
            SupervisorMsg::TerminateChild(address, reply) => {
                let place = self
                    .children
                    .iter()
                    .position(|child| child.is_at(&address, ctx));
                if let Some(place) = place {
                    self.end_child(place, ctx).await;
                    self.children[place].state = State::Away(ExitReason::Shutdown);
                    if self.children[place].dynamic {
                        self.children.remove(place);
                    }
                }
                reply.send(place.is_some());
            }
            SupervisorMsg::Children(reply) => {
                reply.send(self.children.iter().map(Child::info).collect())
            }
        }
        self.publish_children(ctx);
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<SupervisorMsg>) {
        let Info::Down {
            monitor: down,
            reason,
        } = info
        else {
            return;
        };
        let is_down = |child: &Child| matches!(&child.state, State::Running { monitor, .. } if *monitor == down);
        // We need not handle the end of a child that we ended ourselves.
        let Some(place) = self.children.iter().position(is_down) else {
            return;
        };
        self.child_ended(place, reason, ctx).await;
        self.publish_children(ctx);
    }
}

/// Which child did not start.
struct NotStarted {
    place: usize,
    reason: ExitReason,
}

impl Tree {
    async fn child_ended(&mut self, place: usize, reason: ExitReason, ctx: &Ctx<SupervisorMsg>) {
        let child = &mut self.children[place];
        let label = &child.spec.label;
        let again = match (&reason, child.spec.restart) {
            (ExitReason::NotWritten(what), _) => {
                error!(node = %ctx.name(), of = %label, "{label} reached code that is not written yet ({what}) and is not started again");
                child.state = State::Away(reason);
                if child.dynamic {
                    self.children.remove(place);
                }
                return;
            }
            (_, Restart::Permanent) => true,
            (_, Restart::Transient) => !reason.is_normal(),
            (_, Restart::Temporary) => false,
        };
        if again {
            self.start_again(place, reason, ctx).await;
        } else if child.dynamic || child.spec.restart == Restart::Temporary {
            self.children.remove(place);
        } else {
            child.state = State::Waiting(reason);
        }
    }

    /// Starts a child again that failed, and with `rest_for_one` those after it. A start that
    /// fails is one more failure, until the supervisor gives up.
    async fn start_again(
        &mut self,
        mut place: usize,
        mut reason: ExitReason,
        ctx: &Ctx<SupervisorMsg>,
    ) {
        self.children[place].state = State::Waiting(reason.clone());
        let mut end = place + 1;
        if self.plan.strategy == Strategy::RestForOne {
            for after in (place + 1..self.children.len()).rev() {
                self.end_child(after, ctx).await;
                if self.children[after].spec.restart == Restart::Temporary {
                    self.children.remove(after);
                }
            }
            end = self.children.len();
        }
        loop {
            let label = self.children[place].spec.label.clone();
            if !self.may_restart() {
                let Supervisor {
                    max_restarts,
                    within,
                    ..
                } = self.plan;
                let why = format!(
                    "its children needed more than {max_restarts} restarts within {within:?}; the last to fail was {label}, because {reason}"
                );
                return ctx.stop(ExitReason::Failed(why));
            }
            info!(node = %ctx.name(), "{label} is started again, because {reason}");
            match self.start_all(place..end, ctx).await {
                Ok(()) => return,
                Err(NotStarted {
                    reason: ExitReason::Shutdown,
                    ..
                }) => return ctx.stop(ExitReason::Shutdown),
                Err(failed) => {
                    (place, reason) = (failed.place, failed.reason);
                    let label = &self.children[place].spec.label;
                    warn!(node = %ctx.name(), of = %label, "{label} did not start: {reason}");
                }
            }
        }
    }

    /// Takes note of a restart. False if there were too many.
    fn may_restart(&mut self) -> bool {
        let now = Instant::now();
        self.restarts.push_back(now);
        while self
            .restarts
            .front()
            .is_some_and(|&then| now - then > self.plan.within)
        {
            self.restarts.pop_front();
        }
        self.restarts.len() <= self.plan.max_restarts
    }

    /// Starts the children in these places, as far as they wait for it.
    async fn start_all(
        &mut self,
        places: Range<usize>,
        ctx: &Ctx<SupervisorMsg>,
    ) -> Result<(), NotStarted> {
        for place in places {
            if let State::Waiting(_) = self.children[place].state {
                self.start_one(place, ctx)
                    .await
                    .map_err(|reason| NotStarted { place, reason })?;
            }
        }
        Ok(())
    }

    async fn start_one(
        &mut self,
        place: usize,
        ctx: &Ctx<SupervisorMsg>,
    ) -> Result<(), ExitReason> {
        let spec = self.children[place].spec.clone();
        let state = match (spec.start)(Node::clone(ctx), ctx.process().clone()).await {
            Ok((address, process)) => State::Running {
                monitor: ctx.monitor(&address),
                address,
                process,
            },
            Err(StartError::Init(reason @ ExitReason::NotWritten(_)))
                if !self.children[place].dynamic =>
            {
                error!(node = %ctx.name(), of = %spec.label, "{} is not started, because {reason}", spec.label);
                State::Away(reason)
            }
            Err(StartError::Init(reason)) => return Err(reason),
            Err(StartError::Stopped) => return Err(ExitReason::Shutdown),
            Err(error) => return Err(ExitReason::Failed(error.to_string())),
        };
        self.children[place].state = state;
        self.publish_children(ctx);
        Ok(())
    }

    async fn start_dynamic(
        &mut self,
        kind: String,
        args: &[u8],
        ctx: &Ctx<SupervisorMsg>,
    ) -> Result<Address<()>, ChildRefusal> {
        let Some(known) = self.plan.kinds.get(&kind) else {
            return Err(ChildRefusal::UnknownKind(kind));
        };
        let mut spec = (known.make)(args, known.restart).map_err(ChildRefusal::BadArgs)?;
        spec.label = kind;
        self.children.push(Child {
            spec,
            dynamic: true,
            state: State::Waiting(ExitReason::NoProcess),
        });
        let place = self.children.len() - 1;
        if let Err(reason) = self.start_one(place, ctx).await {
            self.children.remove(place);
            return Err(ChildRefusal::NotStarted(reason));
        }
        let State::Running { address, .. } = &self.children[place].state else {
            unreachable!("it just started")
        };
        Ok(address.clone())
    }

    /// Ends a child, if it runs, and waits for that.
    async fn end_child(&mut self, place: usize, ctx: &Ctx<SupervisorMsg>) {
        let child = &mut self.children[place];
        if let State::Running {
            process, monitor, ..
        } = &child.state
        {
            ctx.demonitor(*monitor);
            process::shut_down(process).await;
            child.state = State::Waiting(ExitReason::Shutdown);
        }
    }

    /// Puts the children that run, in order, where the end of this process finds them.
    fn publish_children(&self, ctx: &Ctx<SupervisorMsg>) {
        *ctx.process().children.lock().unwrap() = self
            .children
            .iter()
            .filter_map(Child::process)
            .cloned()
            .collect();
    }
}
