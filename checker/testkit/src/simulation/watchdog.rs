//! Watches the thread of a simulation, and finds what its program does past the runtime: a busy loop, a blocked
//! thread, threads and tasks of its own, real sockets. What happened then is not what would happen on
//! processes, so the simulation gives no verdict, but it tells what it has found.
//!
//! What it cannot find stands in the source text only: a clock that is read (`grader::unsimulated`).

use std::cell::RefCell;
use std::panic::PanicHookInfo;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runtime::gate::{AtWork, Work};
use rustix::param::clock_ticks_per_second;
use rustix::time::{ClockId, clock_gettime};

use crate::cluster::lock;

/// How often the watchdog looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// How many looks in a row must see the same task asleep before it is said to block its thread.
const ASLEEP_LOOKS: u32 = 5;

/// For how long no virtual time may pass before the watchdog gives the thread up: on the clock of the
/// processor, and on the wall where the thread sleeps.
const STANDSTILL: Duration = Duration::from_secs(5);

/// The same where the system does not tell whether a thread sleeps.
const STANDSTILL_UNSEEN: Duration = Duration::from_secs(30);

/// The name of threads that tokio starts for calls that block.
pub(super) const BLOCKING: &str = "blocking";

/// What is known of a simulation that is watched. Clones mean the same one.
#[derive(Clone, Default)]
pub(super) struct Watched(Arc<Shared>);

#[derive(Default)]
struct Shared {
    at_work: AtWork,
    /// How often nothing was left to do, so that virtual time went on.
    rests: AtomicU64,
    /// What was found, a sentence.
    found: Mutex<Option<String>>,
    /// The thread of the simulation, and its name.
    thread: Mutex<Option<(i32, String)>>,
}

thread_local! {
    /// The simulation on this thread.
    static OWN: RefCell<Option<Watched>> = const { RefCell::new(None) };
}

impl Watched {
    /// This thread is the one to watch from now on.
    pub(super) fn begin(&self) {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        *lock(&self.0.thread) = Some((own_thread(), name));
        OWN.set(Some(self.clone()));
    }

    /// What the thread of this simulation works at.
    pub(super) fn at_work() -> AtWork {
        OWN.with_borrow(|own| {
            own.as_ref()
                .map_or_else(AtWork::default, |own| own.0.at_work.clone())
        })
    }

    /// Nothing is left to do: virtual time goes on.
    pub(super) fn rest(&self) {
        self.0.rests.fetch_add(1, Ordering::Relaxed);
    }

    /// What cannot be simulated, if something was found; a sentence. The story is told, and `tasks` are those
    /// that are still alive.
    pub(super) fn unsimulated(&self, tasks: usize) -> Option<String> {
        self.look_for_threads();
        if tasks > 0 {
            self.found(
                "A task outlived its node: the program started it with `tokio::spawn`. `ctx.spawn` starts tasks of the node."
                    .to_owned(),
            );
        }
        lock(&self.0.found).clone()
    }

    /// The first thing that is found counts: others may come of it.
    fn found(&self, what: String) {
        lock(&self.0.found).get_or_insert(what);
    }

    /// Watches until the simulation has ended; or until virtual time no longer passes, and then says why.
    pub(super) fn watch(&self, ended: &Receiver<()>) -> Option<String> {
        let (mut last, mut asleep) = (self.0.at_work.now(), 0);
        let mut rests = self.0.rests.load(Ordering::Relaxed);
        // What the thread had computed when virtual time went on last, and how often it was seen asleep since. A
        // thread that waits for a processor is not asleep.
        let mut computed_before = None;
        let mut seen_asleep = 0;
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(LOOK_INTERVAL) {
            let now = self.0.at_work.now();
            // Before the thread begins, and once it has ended, there is nothing to see.
            let Some(Thread { sleeps, computed }) = self.thread() else {
                continue;
            };
            let same_poll = now.goes_on && last.goes_on && now.polls == last.polls;
            asleep = match same_poll && sleeps == Some(true) {
                true => asleep + 1,
                false => 0,
            };
            if asleep == ASLEEP_LOOKS {
                self.found(blocked(&now));
            }
            self.look_for_threads();
            let rested = self.0.rests.load(Ordering::Relaxed);
            if rested != rests {
                rests = rested;
                computed_before = None;
                seen_asleep = 0;
            }
            seen_asleep += u32::from(sleeps.unwrap_or(true));
            last = now;
            let computed = computed.saturating_sub(*computed_before.get_or_insert(computed));
            let patience = match sleeps {
                Some(_) => STANDSTILL,
                None => STANDSTILL_UNSEEN,
            };
            if computed >= STANDSTILL {
                self.found(busy(&last));
            } else if LOOK_INTERVAL * seen_asleep >= patience {
                self.found(blocked(&last));
            } else {
                continue;
            }
            return lock(&self.0.found).clone();
        }
        None
    }

    /// What the system tells of the thread: Linux of this one, others of the whole process.
    fn thread(&self) -> Option<Thread> {
        match cfg!(target_os = "linux") {
            true => self.linux_thread(),
            false => Some(Thread {
                sleeps: None,
                computed: clock(ClockId::ProcessCPUTime),
            }),
        }
    }

    fn linux_thread(&self) -> Option<Thread> {
        let (thread, _) = (*lock(&self.0.thread)).clone()?;
        let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).ok()?;
        // Behind the name in brackets, in which anything may stand.
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let ticks = |field: usize| fields.get(field)?.parse::<u64>().ok();
        let computed = ticks(11)? + ticks(12)?;
        Some(Thread {
            sleeps: Some(fields[0] == "S"),
            computed: Duration::from_millis(computed * 1000 / clock_ticks_per_second()),
        })
    }

    /// Finds threads that the program has started: they have the name of the thread that started them. Only
    /// Linux tells.
    fn look_for_threads(&self) {
        let Some((own, name)) = lock(&self.0.thread).clone() else {
            return;
        };
        let threads = std::fs::read_dir("/proc/self/task")
            .into_iter()
            .flatten()
            .flatten();
        let is_own = |task: &Path| {
            task.file_name()
                .is_some_and(|id| id == own.to_string().as_str())
        };
        let mut started = threads.map(|task| task.path()).filter(|task| {
            // A thread that ends meanwhile has no name that could be read.
            let called = std::fs::read_to_string(task.join("comm"));
            !is_own(task) && called.is_ok_and(|called| called.trim_end() == name)
        });
        if started.next().is_some() {
            self.found(
                "The program started a thread, which does not run on virtual time. `ctx.spawn` starts a task."
                    .to_owned(),
            );
        }
    }
}

/// What the system tells of a thread.
struct Thread {
    /// Whether it waits for something, where that is known.
    sleeps: Option<bool>,
    /// For how long it had a processor.
    computed: Duration,
}

/// Hears a panic on the thread of a simulation: that of tokio where a task opens a real socket.
pub(super) fn hear(panic: &PanicHookInfo<'_>) {
    let is_of_socket = panic
        .payload_as_str()
        .is_some_and(|said| said.contains("but IO is disabled"));
    if !is_of_socket {
        return;
    }
    OWN.with_borrow(|own| {
        if let Some(own) = own {
            let by = who(&own.0.at_work.now());
            own.found(format!(
                "{by} opens a real socket, and simulated nodes have none."
            ));
        }
    });
}

fn busy(work: &Work) -> String {
    let (by, seconds) = (who(work), STANDSTILL.as_secs());
    let code = match (&work.server, work.is_beside) {
        (Some(server), true) => format!("what the {server} does in `ctx.spawn`"),
        (Some(server), false) => format!("the {server}'s code"),
        (None, _) => "the code".to_owned(),
    };
    format!(
        "{by} ran for {seconds} s without waiting for anything. On processes, code that never waits keeps a processor \
         core busy; in a simulation, it stops the clock. Look for a loop in {code}: perhaps it repeats a failed \
         call at once. `ctx.send_after` can put a pause before the next attempt."
    )
}

fn blocked(work: &Work) -> String {
    let by = who(work);
    format!(
        "{by} blocks its thread, which all simulated nodes share: for example with `std::thread::sleep`, or with a lock that it \
         holds across an `.await`."
    )
}

/// Which node works, and which server of it, as the subject of a sentence.
fn who(work: &Work) -> String {
    let short = |node: &str| node.split('@').next().unwrap_or(node).to_owned();
    match (&work.node, &work.server) {
        (Some(node), Some(server)) if work.is_beside => {
            format!("A task of {}'s {server}", short(node))
        }
        (Some(node), Some(server)) => format!("{}'s {server}", short(node)),
        (Some(node), None) => short(node),
        (None, _) => "The program".to_owned(),
    }
}

fn clock(of: ClockId) -> Duration {
    let time = clock_gettime(of);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(target_os = "linux")]
fn own_thread() -> i32 {
    rustix::thread::gettid().as_raw_nonzero().get()
}

#[cfg(not(target_os = "linux"))]
fn own_thread() -> i32 {
    0
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::{LazyLock, mpsc};

    use runtime::{Ctx, Node, Server, ServerName, StartError, Supervisor};
    use serde::{Deserialize, Serialize};
    use tokio::time::sleep;

    use super::super::driver::{Stage, simulate};
    use super::*;
    use crate::cluster::{Cluster, Options};
    use crate::scenario::Scenario;
    use crate::verdict::Verdict;

    /// What a server does once it has started.
    type Deed = fn(&Ctx<Msg>);

    struct Doer(Deed);

    #[derive(Debug, Serialize, Deserialize)]
    enum Msg {
        Go,
    }

    impl Server for Doer {
        type Msg = Msg;
        type Args = Deed;

        async fn init(deed: Deed, ctx: &Ctx<Msg>) -> Doer {
            ctx.send_self(Msg::Go);
            Doer(deed)
        }

        async fn handle(&mut self, Msg::Go: Msg, ctx: &Ctx<Msg>) {
            (self.0)(ctx);
        }
    }

    static DOER: LazyLock<ServerName<Msg>> = LazyLock::new(|| ServerName::new("doer"));

    async fn start(
        node: Node,
        deed: Deed,
    ) -> Result<runtime::Address<runtime::SupervisorMsg>, StartError> {
        let children = Supervisor::one_for_one().child::<Doer>(&DOER, deed);
        children.start(&node).await
    }

    /// What a simulation says of a node whose server does that.
    fn said(deed: Deed) -> Verdict {
        static STORY: Scenario = Scenario {
            id: "story",
            problem: 1,
            title: "a story",
            property: "It holds.",
            deadline: Duration::from_secs(60),
            run: |cx| {
                Box::pin(async {
                    let cluster = Cluster::start(cx, &["n1"], Options::default()).await?;
                    sleep(Duration::from_secs(2)).await;
                    cluster.end().await;
                    Ok(())
                })
            },
        };
        let scratch = tempfile::tempdir().unwrap();
        let stage = Stage {
            program: Arc::new(move |node, _| Box::pin(start(node, deed))),
            data: scratch.path(),
            scratch: scratch.path(),
            seed_thread: |_| true,
        };
        simulate(&stage, &STORY, 1, None).outcome.verdict
    }

    #[track_caller]
    fn check(deed: Deed, expected: &str) {
        match said(deed) {
            Verdict::Inconclusive { why } => assert!(why.contains(expected), "{why}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn program_that_stays_within_the_runtime_is_simulated() {
        let verdict = said(|ctx| drop(ctx.spawn(sleep(Duration::from_secs(3600)))));
        assert!(matches!(verdict, Verdict::Passed { .. }), "{verdict:?}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    #[expect(clippy::disallowed_methods, reason = "what the watchdog is to find")]
    fn blocked_thread_is_found_with_its_server() {
        check(
            |_| std::thread::sleep(Duration::from_millis(500)),
            "n1's doer blocks its thread",
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    #[expect(clippy::disallowed_methods, reason = "what the watchdog is to find")]
    fn thread_of_the_program_is_found() {
        check(
            |_| {
                std::thread::spawn(|| std::thread::sleep(Duration::from_secs(1)));
            },
            "The program started a thread",
        );
    }

    #[test]
    fn real_socket_is_found_with_its_server() {
        check(
            |ctx| {
                ctx.spawn(async { drop(tokio::net::TcpListener::bind("127.0.0.1:0").await) });
            },
            "A task of n1's doer opens a real socket",
        );
    }

    #[test]
    fn task_that_outlives_its_node_is_found() {
        check(
            |_| {
                tokio::spawn(sleep(Duration::from_secs(3600)));
            },
            "A task outlived its node",
        );
    }

    /// Watches a thread that is at work until the watchdog gives it up.
    fn watched(work: fn()) -> String {
        let (watched, stop) = (Watched::default(), AtomicBool::new(false));
        let (_done, ended) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                watched.begin();
                while !stop.load(Ordering::Relaxed) {
                    work();
                }
            });
            let said = watched.watch(&ended);
            stop.store(true, Ordering::Relaxed);
            said.unwrap()
        })
    }

    #[test]
    fn busy_loop_is_given_up() {
        let said = watched(|| {});
        assert!(
            said.starts_with("The program ran for 5 s without waiting for anything."),
            "{said}"
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn thread_that_never_wakes_is_given_up() {
        let said = watched(|| std::thread::park_timeout(Duration::from_secs(1)));
        assert!(said.starts_with("The program blocks its thread"), "{said}");
    }

    #[test]
    fn work_is_that_of_a_server_of_a_node() {
        let work = Work {
            node: Some("n2@127.0.0.1".to_owned()),
            server: Some("consumer".to_owned()),
            ..Work::default()
        };
        assert_eq!(who(&work), "n2's consumer");
        let said = busy(&work);
        assert!(said.contains("a loop in the consumer's code"), "{said}");
        let beside = Work {
            is_beside: true,
            ..work
        };
        assert_eq!(who(&beside), "A task of n2's consumer");
        let said = busy(&beside);
        assert!(said.contains("the consumer does in `ctx.spawn`"), "{said}");
    }
}
