//! A gate before the tasks of a node, for a simulation that runs several nodes in one process.
//!
//! The operating system can pause a process and kill it. Within one process nobody can, so a
//! simulated node is given a gate: all its tasks are polled through it. While the gate is held, none
//! of them is polled, which is what `kill -STOP` does. When it is shut, they are dropped where they
//! stand, which is what `kill -9` does. Nodes of their own process have no gate.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tokio::task::{AbortHandle, JoinSet};

/// A gate. Clones are handles on the same one.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Whose tasks they are.
    name: Arc<str>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: bool,
    shut: bool,
    /// What wants to run as soon as the gate is no longer held.
    waiting: Vec<Waker>,
    /// All tasks, some of which may have ended.
    tasks: Vec<AbortHandle>,
}

thread_local! {
    /// Whose task this thread polls at the moment.
    static CURRENT: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

impl Gate {
    /// A gate for the tasks of the node of this name, open.
    pub fn new(name: &str) -> Gate {
        Gate(Arc::new(Shared {
            name: name.into(),
            state: Mutex::default(),
        }))
    }

    /// The name of the node whose task runs on this thread now, if it is one behind a gate. Tells
    /// a panic hook, or a log, whose line it is.
    pub fn current() -> Option<Arc<str>> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// No task is polled from now on.
    pub fn hold(&self) {
        self.0.state.lock().unwrap().held = true;
    }

    /// All tasks run on.
    pub fn open(&self) {
        let waiting = {
            let mut state = self.0.state.lock().unwrap();
            state.held = false;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Ends all tasks for good, held or not. They are dropped soon, each where it stands.
    pub fn shut(&self) {
        let (waiting, tasks) = {
            let mut state = self.0.state.lock().unwrap();
            state.shut = true;
            (
                std::mem::take(&mut state.waiting),
                std::mem::take(&mut state.tasks),
            )
        };
        tasks.iter().for_each(AbortHandle::abort);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Runs a task behind the gate.
    pub fn spawn(
        &self,
        tasks: &mut JoinSet<()>,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> AbortHandle {
        let handle = tasks.spawn(self.guard(task));
        let mut state = self.0.state.lock().unwrap();
        if state.shut {
            handle.abort();
        } else {
            if state.tasks.len() == state.tasks.capacity() {
                state.tasks.retain(|task| !task.is_finished());
            }
            state.tasks.push(handle.clone());
        }
        handle
    }

    /// The same future, polled through the gate.
    pub fn guard<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        Guarded {
            gate: self.clone(),
            future: Box::pin(future),
        }
    }

    /// Whether a task may run; if not, it is woken when it may.
    fn lets_through(&self, context: &Context<'_>) -> bool {
        let mut state = self.0.state.lock().unwrap();
        if state.held && !state.shut {
            state.waiting.push(context.waker().clone());
        }
        !state.held && !state.shut
    }
}

struct Guarded<F> {
    gate: Gate,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Guarded<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if !self.gate.lets_through(context) {
            return Poll::Pending;
        }
        let before = CURRENT.replace(Some(self.gate.0.name.clone()));
        let polled = self.future.as_mut().poll(context);
        CURRENT.set(before);
        polled
    }
}

/// Runs a task in a set, behind a gate if there is one.
pub(crate) fn spawn(
    gate: Option<&Gate>,
    tasks: &mut JoinSet<()>,
    task: impl Future<Output = ()> + Send + 'static,
) -> AbortHandle {
    match gate {
        Some(gate) => gate.spawn(tasks, task),
        None => tasks.spawn(task),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    fn counting(seen: &Arc<AtomicUsize>) -> impl Future<Output = ()> + Send + use<> {
        let seen = seen.clone();
        async move {
            loop {
                sleep(Duration::from_millis(10)).await;
                seen.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn held_tasks_stand_still_and_shut_ones_are_dropped() {
        let (gate, seen) = (Gate::new("n1"), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        gate.spawn(&mut tasks, counting(&seen));
        sleep(Duration::from_millis(35)).await;
        assert_eq!(seen.load(Ordering::Relaxed), 3);
        gate.hold();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(seen.load(Ordering::Relaxed), 3);
        gate.open();
        sleep(Duration::from_millis(5)).await;
        assert_eq!(seen.load(Ordering::Relaxed), 4);
        gate.shut();
        assert!(tasks.join_next().await.unwrap().unwrap_err().is_cancelled());
        assert_eq!(Arc::strong_count(&seen), 1);
    }

    #[tokio::test]
    async fn task_knows_whose_it_is() {
        let gate = Gate::new("n2");
        let mut tasks = JoinSet::new();
        gate.spawn(&mut tasks, async {
            assert_eq!(Gate::current().as_deref(), Some("n2"));
        });
        tasks.join_next().await.unwrap().unwrap();
        assert_eq!(Gate::current(), None);
    }
}
