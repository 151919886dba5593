use std::future::ready;

use proptest::prelude::*;

use super::*;
use crate::net::{MemoryNet, Net};

// ── the cast ──

fn gold() -> Identity {
    Identity {
        name: "gold@127.0.0.1".parse().unwrap(),
        creation: 79,
        hidden: false,
    }
}

fn silver() -> Identity {
    Identity {
        name: "silver@127.0.0.1".parse().unwrap(),
        creation: 47,
        hidden: true,
    }
}

fn bronze() -> NodeName {
    "bronze@127.0.0.1".parse().unwrap()
}

fn cookie(text: &str) -> Cookie {
    Cookie::from_text(text).unwrap()
}

const COOKIE: &str = "chocolate";
const GOLDS_NONCE: [u8; 32] = [0xa0; 32];
const SILVERS_NONCE: [u8; 32] = [0xb1; 32];

type Outcome = Result<Identity, HandshakeError>;

/// Gold dials silver. They own their ends, so that an end closes when its handshake ends.
async fn gold_initiates(mut conn: Conn, to: NodeName, text: &str, intent: Intent) -> Outcome {
    initiate(
        &mut conn,
        &gold(),
        &to,
        &cookie(text),
        intent,
        GOLDS_NONCE,
        || true,
    )
    .await
}

async fn silver_accepts(mut conn: Conn, text: &str, nonce: [u8; 32]) -> Outcome {
    accept(&mut conn, &silver(), &cookie(text), nonce, |_, _| {
        ready(Ok(()))
    })
    .await
}

/// The two ends of a connection.
async fn pair() -> (Conn, Conn) {
    let net = Net::Memory(MemoryNet::new(1));
    let mut listener = net.listen(&silver().name, &cookie("any")).await.unwrap();
    let (gold, silver) = (gold().name, silver().name);
    let (dialed, accepted) = tokio::join!(net.dial(&gold, &silver), listener.accept());
    (dialed.unwrap(), accepted)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

async fn say(conn: &mut Conn, message: &[u8]) {
    let _ = send(conn, message).await;
}

async fn hear(conn: &mut Conn) -> Option<Bytes> {
    conn.reader.recv().await.ok()
}

/// Gold dials silver through a program that may change each message (0 hello, 1 challenge,
/// 2 proof, 3 accepted). Gives both outcomes and what was said, before the change.
async fn session(
    cookies: (&str, &str),
    mut meddle: impl FnMut(usize, Bytes) -> Bytes,
) -> (Outcome, Outcome, Vec<Bytes>) {
    let (gold, mut left) = pair().await;
    let (mut right, silver) = pair().await;
    let between = async move {
        let mut said = Vec::new();
        for turn in 0..4 {
            let (from, to) = if turn % 2 == 0 {
                (&mut left, &mut right)
            } else {
                (&mut right, &mut left)
            };
            let Some(message) = hear(from).await else {
                break;
            };
            said.push(message.clone());
            say(to, &meddle(turn, message)).await;
        }
        said
    };
    let to = self::silver().name;
    tokio::join!(
        gold_initiates(gold, to, cookies.0, Intent::Asked),
        silver_accepts(silver, cookies.1, SILVERS_NONCE),
        between
    )
}

async fn recording() -> Vec<Bytes> {
    let (gold, silver, said) = session((COOKIE, COOKIE), |_, message| message).await;
    assert!(gold.is_ok() && silver.is_ok() && said.len() == 4);
    said
}

/// What silver makes of a program that sends these messages and reads an answer after each; and
/// the answers.
async fn silver_hears(messages: &[Bytes], nonce: [u8; 32]) -> (Outcome, Vec<Bytes>) {
    let (mut stranger, silver) = pair().await;
    let script = async move {
        let mut answers = Vec::new();
        for message in messages {
            say(&mut stranger, message).await;
            answers.extend(hear(&mut stranger).await);
        }
        answers
    };
    tokio::join!(silver_accepts(silver, COOKIE, nonce), script)
}

/// What gold, dialing silver, makes of a program that answers with these messages; and what it
/// said.
async fn gold_hears(answers: &[Bytes]) -> (Outcome, Vec<Bytes>) {
    let (gold, mut stranger) = pair().await;
    let script = async move {
        let mut said = Vec::new();
        for answer in answers {
            said.extend(hear(&mut stranger).await);
            say(&mut stranger, answer).await;
        }
        said
    };
    tokio::join!(
        gold_initiates(gold, silver().name, COOKIE, Intent::Asked),
        script
    )
}

fn refused(refusal: Refusal) -> Outcome {
    Err(HandshakeError::Refused(refusal))
}

fn we_refused(refusal: Refusal) -> Outcome {
    Err(HandshakeError::WeRefused(refusal))
}

#[track_caller]
fn assert_malformed(outcome: &Outcome) {
    assert!(
        matches!(outcome, Err(HandshakeError::Malformed(_))),
        "{outcome:?}"
    );
}

// ── as it should be ──

#[tokio::test(start_paused = true)]
async fn nodes_with_the_same_cookie_learn_who_the_other_is() {
    let (left, right) = pair().await;
    let (at_gold, at_silver) = tokio::join!(
        gold_initiates(left, silver().name, COOKIE, Intent::Asked),
        silver_accepts(right, COOKIE, SILVERS_NONCE)
    );
    assert_eq!(at_gold, Ok(silver()));
    assert_eq!(at_silver, Ok(gold()));
}

#[tokio::test(start_paused = true)]
async fn acceptor_decides_knowing_who_comes_and_why() {
    for intent in [Intent::Asked, Intent::Automatic] {
        let (left, mut right) = pair().await;
        let decide = |them, why| {
            assert_eq!((them, why), (gold(), intent));
            ready(Err(Refusal::Parted))
        };
        let (cookie, me) = (cookie(COOKIE), silver());
        let (at_gold, at_silver) = tokio::join!(
            gold_initiates(left, silver().name, COOKIE, intent),
            accept(&mut right, &me, &cookie, SILVERS_NONCE, decide)
        );
        assert_eq!(at_gold, refused(Refusal::Parted));
        assert_eq!(at_silver, we_refused(Refusal::Parted));
    }
}

#[tokio::test(start_paused = true)]
async fn superseded_initiator_proves_nothing() {
    let (mut left, right) = pair().await;
    let initiator = async move {
        initiate(
            &mut left,
            &gold(),
            &silver().name,
            &cookie(COOKIE),
            Intent::Asked,
            GOLDS_NONCE,
            || false,
        )
        .await
    };
    let (at_gold, at_silver) =
        tokio::join!(initiator, silver_accepts(right, COOKIE, SILVERS_NONCE));
    assert_eq!(at_gold, Err(HandshakeError::Superseded));
    assert_eq!(at_silver, Err(HandshakeError::Conn(ConnError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn no_message_contains_the_cookie() {
    for message in recording().await {
        assert!(
            !message
                .windows(COOKIE.len())
                .any(|part| part == COOKIE.as_bytes())
        );
    }
}

/// The document's example is the real thing, so that another implementation can test itself.
#[tokio::test(start_paused = true)]
async fn protocol_document_shows_the_real_bytes() {
    let document = include_str!("../../../docs/PROTOCOL.md");
    let shown: String = document.split_whitespace().collect();
    for message in recording().await {
        let hex: String = message.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(shown.contains(&hex), "docs/PROTOCOL.md lacks {hex}");
    }
}

// ── the cookie ──

#[tokio::test(start_paused = true)]
async fn wrong_cookie_is_refused_and_both_sides_say_why() {
    let (at_gold, at_silver, _) = session((COOKIE, "vanilla"), |_, message| message).await;
    assert_eq!(at_gold, refused(Refusal::Cookie));
    assert_eq!(at_silver, we_refused(Refusal::Cookie));
    for error in [at_gold.unwrap_err(), at_silver.unwrap_err()] {
        let text = error.to_string();
        assert!(text.contains("has a different cookie"), "{text}");
        assert!(
            !text.contains("vanilla") && !text.contains(COOKIE),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn stranger_with_the_wrong_cookie_is_never_decided_upon() {
    let (left, mut right) = pair().await;
    let (cookie, me) = (cookie(COOKIE), silver());
    let decide = |_, _| -> std::future::Ready<Result<(), Refusal>> { panic!("asked to decide") };
    let (_, at_silver) = tokio::join!(
        gold_initiates(left, silver().name, "vanilla", Intent::Asked),
        accept(&mut right, &me, &cookie, SILVERS_NONCE, decide)
    );
    assert_eq!(at_silver, we_refused(Refusal::Cookie));
}

#[tokio::test(start_paused = true)]
async fn acceptor_that_cannot_prove_the_cookie_is_refused() {
    let challenge = write(&Message::Challenge(silver(), SILVERS_NONCE.into()));
    let accepted = write(&Message::Accepted(ByteArray::new([0; 32])));
    let (at_gold, _) = gold_hears(&[challenge, accepted]).await;
    assert_eq!(at_gold, we_refused(Refusal::Cookie));
}

#[tokio::test(start_paused = true)]
async fn stranger_that_skips_the_proof_is_refused() {
    let said = recording().await;
    let hello = said[0].clone();
    let instead = [
        hello.clone(),
        said[3].clone(),
        write(&Message::Challenge(gold(), GOLDS_NONCE.into())),
        Bytes::from_static(b"\x82\x00atick"),
        Bytes::new(),
    ];
    for message in instead {
        let (at_silver, answers) = silver_hears(&[hello.clone(), message], SILVERS_NONCE).await;
        assert_malformed(&at_silver);
        assert_eq!(answers.len(), 1, "only the challenge");
    }
    let (at_silver, _) = silver_hears(&[hello], SILVERS_NONCE).await;
    assert_eq!(at_silver, Err(HandshakeError::Conn(ConnError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn stranger_that_skips_the_hello_is_refused() {
    let said = recording().await;
    for message in &said[1..] {
        let (at_silver, answers) = silver_hears(std::slice::from_ref(message), SILVERS_NONCE).await;
        assert_malformed(&at_silver);
        assert!(answers.is_empty());
    }
}

// ── replay, reflection, tampering ──

#[tokio::test(start_paused = true)]
async fn recorded_proof_is_worthless_in_another_session() {
    let said = recording().await;
    let script = [said[0].clone(), said[2].clone()];
    let (again, _) = silver_hears(&script, SILVERS_NONCE).await;
    assert_eq!(
        again,
        Ok(gold()),
        "the recording itself is right: it opens a session with the same nonce"
    );
    let mut other = SILVERS_NONCE;
    other[31] ^= 1;
    let (later, answers) = silver_hears(&script, other).await;
    assert_eq!(later, we_refused(Refusal::Cookie));
    assert_eq!(read(&answers[1]), Ok(Message::Refused(Refusal::Cookie)));
}

#[tokio::test(start_paused = true)]
async fn recorded_acceptance_is_worthless_in_another_session() {
    let said = recording().await;
    let (again, _) = gold_hears(&[said[1].clone(), said[3].clone()]).await;
    assert_eq!(again, Ok(silver()));
    let challenge = write(&Message::Challenge(silver(), [7; 32].into()));
    let (later, _) = gold_hears(&[challenge, said[3].clone()]).await;
    assert_eq!(later, we_refused(Refusal::Cookie));
}

#[tokio::test(start_paused = true)]
async fn hello_for_one_node_is_refused_by_another() {
    let hello = recording().await[0].clone();
    let (mut stranger, mut right) = pair().await;
    say(&mut stranger, &hello).await;
    let me = Identity {
        name: bronze(),
        creation: 29,
        hidden: false,
    };
    let outcome = accept(&mut right, &me, &cookie(COOKIE), SILVERS_NONCE, |_, _| {
        ready(Ok(()))
    })
    .await;
    assert_eq!(outcome, we_refused(Refusal::NotMe(bronze())));
}

#[tokio::test(start_paused = true)]
async fn own_proof_sent_back_is_no_acceptance() {
    let (at_gold, _, _) = session((COOKIE, COOKIE), {
        let mut proof = None;
        move |turn, message| match turn {
            2 => {
                let Ok(Message::Proof(code)) = read(&message) else {
                    panic!("{message:?}")
                };
                proof = Some(code);
                message
            }
            3 => write(&Message::Accepted(proof.take().unwrap())),
            _ => message,
        }
    })
    .await;
    assert_eq!(at_gold, we_refused(Refusal::Cookie));
}

#[tokio::test(start_paused = true)]
async fn own_messages_sent_back_lead_nowhere() {
    // Gold dials a mirror.
    let (left, mut mirror) = pair().await;
    let reflect = async move {
        while let Some(message) = hear(&mut mirror).await {
            say(&mut mirror, &message).await;
        }
    };
    let (at_gold, ()) = tokio::join!(
        gold_initiates(left, silver().name, COOKIE, Intent::Asked),
        reflect
    );
    assert_malformed(&at_gold);
    // Silver is dialed by a program that says silver's own name, in the hope that silver will
    // compute the code for it.
    let hello = write(&Message::Hello(
        silver(),
        silver().name,
        Intent::Asked,
        SILVERS_NONCE.into(),
    ));
    let (at_silver, answers) = silver_hears(&[hello], SILVERS_NONCE).await;
    assert_eq!(at_silver, we_refused(Refusal::SameName));
    assert_eq!(read(&answers[0]), Ok(Message::Refused(Refusal::SameName)));
}

#[tokio::test(start_paused = true)]
async fn changed_hello_is_noticed() {
    let elder = Identity {
        creation: 78,
        ..gold()
    };
    let hidden = Identity {
        hidden: true,
        ..gold()
    };
    let other = Identity {
        name: bronze(),
        ..gold()
    };
    for (who, intent, nonce) in [
        (elder, Intent::Asked, GOLDS_NONCE),
        (hidden, Intent::Asked, GOLDS_NONCE),
        (other, Intent::Asked, GOLDS_NONCE),
        (gold(), Intent::Automatic, GOLDS_NONCE),
        (gold(), Intent::Asked, [0; 32]),
    ] {
        let forged = write(&Message::Hello(who, silver().name, intent, nonce.into()));
        let (at_gold, at_silver, _) = session((COOKIE, COOKIE), |turn, message| {
            if turn == 0 { forged.clone() } else { message }
        })
        .await;
        assert_eq!(at_silver, we_refused(Refusal::Cookie));
        assert_eq!(at_gold, refused(Refusal::Cookie));
    }
}

#[tokio::test(start_paused = true)]
async fn every_changed_byte_is_noticed() {
    let said = recording().await;
    for (turn, original) in said.iter().enumerate() {
        for at in 0..original.len() {
            for flip in [0x01, 0x80] {
                let (at_gold, at_silver, _) = session((COOKIE, COOKIE), |now, message| {
                    if now != turn {
                        return message;
                    }
                    let mut changed = message.to_vec();
                    changed[at] ^= flip;
                    changed.into()
                })
                .await;
                assert!(
                    at_gold.is_err(),
                    "gold did not notice byte {at} of message {turn}"
                );
                // The last message goes to gold alone: silver cannot know.
                assert!(
                    at_silver.is_err() || turn == 3,
                    "silver did not notice byte {at} of message {turn}"
                );
            }
        }
    }
}

#[test]
fn codes_differ_by_role_cookie_and_the_border_between_messages() {
    let of = |text, role, hello, challenge| {
        code(&cookie(text), role, hello, challenge)
            .finalize()
            .into_bytes()
    };
    let base = of("a", Role::Initiator, b"12", b"3");
    assert_eq!(base, of("a", Role::Initiator, b"12", b"3"));
    assert_ne!(base, of("a", Role::Acceptor, b"12", b"3"));
    assert_ne!(base, of("b", Role::Initiator, b"12", b"3"));
    assert_ne!(base, of("a", Role::Initiator, b"1", b"23"));
    assert_ne!(base, of("a", Role::Initiator, b"123", b""));
}

// ── the wrong door ──

#[tokio::test(start_paused = true)]
async fn node_of_another_name_is_refused_by_either_side() {
    let (left, right) = pair().await;
    let (at_gold, at_silver) = tokio::join!(
        gold_initiates(left, bronze(), COOKIE, Intent::Asked),
        silver_accepts(right, COOKIE, SILVERS_NONCE)
    );
    assert_eq!(at_gold, refused(Refusal::NotMe(silver().name)));
    assert_eq!(at_silver, we_refused(Refusal::NotMe(silver().name)));

    let impostor = Identity {
        name: bronze(),
        ..silver()
    };
    let challenge = write(&Message::Challenge(impostor, SILVERS_NONCE.into()));
    let (at_gold, said) = gold_hears(&[challenge, Bytes::new()]).await;
    assert_eq!(at_gold, we_refused(Refusal::NotMe(bronze())));
    assert_eq!(
        read(&said[1]),
        Ok(Message::Refused(Refusal::NotMe(bronze()))),
        "and no proof"
    );
}

#[tokio::test(start_paused = true)]
async fn other_versions_are_told_apart_whatever_follows_the_prefix() {
    for rest in [&b""[..], b"\xff\xff", &[0x81; 2000]] {
        for version in [0, 2, u16::MAX] {
            let mut message = Vec::new();
            ciborium::into_writer(&(MAGIC, version), &mut message).unwrap();
            message.extend_from_slice(rest);
            let message = Bytes::from(message);
            let refusal = Refusal::Version {
                ours: PROTOCOL_VERSION,
                theirs: version,
            };

            let (at_silver, answers) =
                silver_hears(std::slice::from_ref(&message), SILVERS_NONCE).await;
            assert_eq!(at_silver, we_refused(refusal.clone()));
            assert_eq!(read(&answers[0]), Ok(Message::Refused(refusal.clone())));

            let (at_gold, _) = gold_hears(&[message]).await;
            assert_eq!(at_gold, we_refused(refusal));
            let text = at_gold.unwrap_err().to_string();
            assert!(
                text.contains(&format!("speaks version {version} ")),
                "{text}"
            );
        }
    }
}

#[test]
fn versions_are_named_from_the_readers_side() {
    let refusal = Refusal::Version { ours: 7, theirs: 1 };
    let by_them = HandshakeError::Refused(refusal.clone()).to_string();
    assert!(
        by_them.contains("other node speaks version 7") && by_them.contains("this one version 1"),
        "{by_them}"
    );
    let by_us = HandshakeError::WeRefused(refusal).to_string();
    assert!(
        by_us.contains("other node speaks version 1") && by_us.contains("this one version 7"),
        "{by_us}"
    );
}

#[test]
fn common_strangers_are_recognized_by_their_first_bytes() {
    #[track_caller]
    fn check(first: &[u8; 4], expected: Option<&str>) {
        assert_eq!(alien(u32::from_be_bytes(*first) as usize), expected);
    }
    check(b"GET ", Some("an HTTP request"));
    check(b"PRI ", Some("an HTTP request"));
    check(b"HTTP", Some("an HTTP response"));
    check(b"\x16\x03\x01\x02", Some("the beginning of TLS"));
    check(b"SSH-", Some("the greeting of SSH"));
    check(b"\x00\x1bN\x00", Some("the handshake of an Erlang node"));
    check(b"helo", Some("plain text"));
    check(b"\xff\xff\xff\xff", None);
    check(b"\x00\x00\x10\x01", None);
}

// ── broken messages ──

#[tokio::test(start_paused = true)]
async fn message_cut_at_any_byte_is_refused() {
    let said = recording().await;
    for length in 0..said[0].len() {
        assert_malformed(
            &silver_hears(&[said[0].slice(..length)], SILVERS_NONCE)
                .await
                .0,
        );
    }
    for length in 0..said[2].len() {
        let script = [said[0].clone(), said[2].slice(..length)];
        assert_malformed(&silver_hears(&script, SILVERS_NONCE).await.0);
    }
    for length in 0..said[1].len() {
        assert_malformed(&gold_hears(&[said[1].slice(..length)]).await.0);
    }
    for length in 0..said[3].len() {
        assert_malformed(
            &gold_hears(&[said[1].clone(), said[3].slice(..length)])
                .await
                .0,
        );
    }
}

#[tokio::test(start_paused = true)]
async fn message_with_something_behind_it_is_refused() {
    let mut long = recording().await[0].to_vec();
    long.push(0xf6);
    assert_malformed(&silver_hears(&[long.into()], SILVERS_NONCE).await.0);
}

#[tokio::test(start_paused = true)]
async fn message_that_is_too_long_is_refused_unread() {
    let long = Bytes::from(vec![0; LONGEST_MESSAGE + 1]);
    let expected = Err(HandshakeError::Conn(ConnError::TooLong {
        announced: LONGEST_MESSAGE + 1,
        limit: LONGEST_MESSAGE,
    }));
    let said = recording().await;
    assert_eq!(
        silver_hears(std::slice::from_ref(&long), SILVERS_NONCE)
            .await
            .0,
        expected
    );
    assert_eq!(
        silver_hears(&[said[0].clone(), long.clone()], SILVERS_NONCE)
            .await
            .0,
        expected
    );
    assert_eq!(gold_hears(std::slice::from_ref(&long)).await.0, expected);
    assert_eq!(gold_hears(&[said[1].clone(), long]).await.0, expected);
}

#[tokio::test(start_paused = true)]
async fn longest_names_fit_into_a_message() {
    let long = |letter: &str| {
        format!("{}@h", letter.repeat(253))
            .parse::<NodeName>()
            .unwrap()
    };
    let them = Identity {
        name: long("a"),
        creation: u64::MAX,
        hidden: true,
    };
    let hello = write(&Message::Hello(
        them,
        long("b"),
        Intent::Automatic,
        [0xff; 32].into(),
    ));
    assert!(hello.len() <= LONGEST_MESSAGE, "{}", hello.len());
}

/// The limit on a message's length keeps this from happening; the decoder must not rely on it.
#[test]
fn values_nested_a_million_deep_do_not_overflow_the_stack() {
    let mut prefix = Vec::new();
    ciborium::into_writer(&(MAGIC, PROTOCOL_VERSION), &mut prefix).unwrap();
    // Arrays and maps of one, of unknown length, tags, and text and bytes in chunks.
    for opening in [
        &b"\x81"[..],
        b"\xa1",
        b"\xa1\x65proof",
        b"\xa1\x65proof\x81",
        b"\x9f",
        b"\xbf",
        b"\xc1",
        b"\x7f",
        b"\x5f",
    ] {
        let nest = opening.repeat(1_000_000);
        assert!(read(&nest).is_err());
        assert!(read(&[&prefix[..], &nest].concat()).is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn length_that_promises_more_than_comes_reserves_nothing() {
    let mut prefix = Vec::new();
    ciborium::into_writer(&(MAGIC, PROTOCOL_VERSION), &mut prefix).unwrap();
    // Byte string, text, array and map of 2^62 items.
    for first in [0x5b, 0x7b, 0x9b, 0xbb] {
        let promise = [&[first, 0x40][..], &[0; 7]].concat();
        assert_malformed(
            &silver_hears(&[promise.clone().into()], SILVERS_NONCE)
                .await
                .0,
        );
        assert_malformed(
            &silver_hears(&[[&prefix[..], &promise].concat().into()], SILVERS_NONCE)
                .await
                .0,
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes that are valid up to some point reach further into the decoder than noise does.
    #[test]
    fn arbitrary_bytes_never_panic_and_are_never_believed(turn in 0_usize..4, keep in 0_usize..300, noise in prop::collection::vec(any::<u8>(), 1..200)) {
        block_on(async {
            let said = recording().await;
            let original = &said[turn];
            let mut bytes = original[..keep.min(original.len())].to_vec();
            bytes.extend_from_slice(&noise);
            if bytes == *original {
                return;
            }
            let mut script: Vec<Bytes> = (turn % 2..turn).step_by(2).map(|earlier| said[earlier].clone()).collect();
            script.push(bytes.into());
            let (outcome, _) = if turn % 2 == 0 { silver_hears(&script, SILVERS_NONCE).await } else { gold_hears(&script).await };
            assert!(outcome.is_err());
        });
    }

    #[test]
    fn messages_survive_the_wire(creation: u64, hidden: bool, nonce: [u8; 32], automatic: bool) {
        let intent = if automatic { Intent::Automatic } else { Intent::Asked };
        let them = Identity { creation, hidden, ..gold() };
        for message in [
            Message::Hello(them.clone(), bronze(), intent, nonce.into()),
            Message::Challenge(them, nonce.into()),
            Message::Proof(nonce.into()),
            Message::Accepted(nonce.into()),
        ] {
            prop_assert_eq!(read(&write(&message)), Ok(message));
        }
    }
}

#[test]
fn every_refusal_survives_the_wire_and_reads_as_a_sentence() {
    for refusal in [
        Refusal::Version { ours: 1, theirs: 2 },
        Refusal::NotMe(bronze()),
        Refusal::Cookie,
        Refusal::Simultaneous,
        Refusal::Parted,
        Refusal::SameName,
        Refusal::Busy,
        Refusal::Stopping,
    ] {
        let message = Message::Refused(refusal.clone());
        assert_eq!(read(&write(&message)), Ok(message));
        for error in [
            HandshakeError::Refused(refusal.clone()),
            HandshakeError::WeRefused(refusal),
        ] {
            let text = error.to_string();
            assert!(
                text.len() > 20 && text.starts_with(char::is_lowercase) && !text.ends_with('.'),
                "{text}"
            );
        }
    }
}
