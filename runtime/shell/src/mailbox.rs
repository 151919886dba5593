//! Mailboxes that the person at the prompt opens: servers that show what arrives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ciborium::Value;
use runtime::{Ctx, Reply, Server};

use prompt::message::{Heard, show};
use prompt::screen::Screen;

/// A server without logic of its own: the person at the prompt handles its messages.
pub(crate) struct Letterbox {
    letters: Letters,
    /// Tells this start of this mailbox from others of its name.
    number: u64,
}

/// What a mailbox starts from.
#[derive(Clone)]
pub(crate) struct Letters {
    pub(crate) name: String,
    pub(crate) screen: Screen,
    pub(crate) owed: Owed,
}

impl Server for Letterbox {
    type Msg = Heard;
    type Args = Letters;

    async fn init(letters: Letters, _: &Ctx<Heard>) -> Self {
        let number = letters.owed.next_mailbox();
        Letterbox { letters, number }
    }

    async fn handle(&mut self, heard: Heard, _: &Ctx<Heard>) {
        let Letters { name, screen, owed } = &self.letters;
        let text = show(&heard.value);
        match heard.reply {
            None => screen.print(format!("{name} got {text}")),
            Some(reply) => {
                let number = owed.keep(self.number, format!("{name} {text}"), reply);
                screen.print(format!(
                    "{name} got call {number}, {text}; its caller waits: reply {number} VALUE"
                ));
            }
        }
    }
}

impl Drop for Letterbox {
    /// However it ended, its callers were told, and nobody waits for an answer any more.
    fn drop(&mut self) {
        self.letters.owed.forget(self.number);
    }
}

/// The calls that wait for an answer from the prompt.
#[derive(Clone, Default)]
pub(crate) struct Owed(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    last_mailbox: u64,
    last_call: u64,
    calls: BTreeMap<u64, Waiting>,
}

struct Waiting {
    mailbox: u64,
    text: String,
    reply: Reply<Value>,
}

impl Owed {
    fn next_mailbox(&self) -> u64 {
        let mut book = self.0.lock().unwrap();
        book.last_mailbox += 1;
        book.last_mailbox
    }

    fn keep(&self, mailbox: u64, text: String, reply: Reply<Value>) -> u64 {
        let mut book = self.0.lock().unwrap();
        book.last_call += 1;
        let number = book.last_call;
        let waiting = Waiting {
            mailbox,
            text,
            reply,
        };
        book.calls.insert(number, waiting);
        number
    }

    fn forget(&self, mailbox: u64) {
        let mut book = self.0.lock().unwrap();
        book.calls.retain(|_, waiting| waiting.mailbox != mailbox);
    }

    /// Answers a call; says whether one of that number was waiting.
    pub(crate) fn answer(&self, number: u64, value: Value) -> bool {
        let waiting = self.0.lock().unwrap().calls.remove(&number);
        match waiting {
            Some(waiting) => {
                waiting.reply.send(value);
                true
            }
            None => false,
        }
    }

    /// The calls that wait, each as a line of text.
    pub(crate) fn list(&self) -> Vec<String> {
        let book = self.0.lock().unwrap();
        let calls = book.calls.iter();
        calls
            .map(|(number, waiting)| format!("{number}  {}", waiting.text))
            .collect()
    }
}
