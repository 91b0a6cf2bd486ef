//! kill -9: this test runs itself as a child (see `killed`) that commits as fast as it can and writes down what was
//! acknowledged. The child is killed at a random moment, again and again, and every time the store must hold all of it,
//! whole.
//!
//! `STEPWELL_STORE_KILLS=200` kills more often than usual.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use stepwell_asl::Timestamp;
use stepwell_engine::ids::ExecutionId;
use stepwell_engine::store::{Attention, ListQuery, Log, RecordKind, Store};

use crate::killed::{self, ALL, DIRECTORY, EXPIRES, Report, WRITERS};
use crate::plan::{GOING_ON_MS, Plan};
use crate::support::{Dice, Place, key, same};

pub async fn what_was_acknowledged_survives_a_kill(place: Place) {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return killed::write_until_killed(Place::of(place.kind, directory.into())).await;
    }
    let kills = std::env::var("STEPWELL_STORE_KILLS").map_or(10, |text| text.parse().expect("a number of kills"));
    let mut dice = Dice::new(stepwell_engine::chance::seed().expect("the machine has chance")[0]);
    let mut turns = 0;
    for round in 0..kills {
        kill_one(&place, &mut dice);
        turns = check(&place, round).await;
    }
    assert!(turns > u64::from(kills), "only {turns} turns were committed before {kills} kills");
    println!("{}: {turns} turns were acknowledged and {kills} kills survived", place.kind);
}

/// Starts a child and kills it: while it opens the store, or while it writes.
fn kill_one(place: &Place, dice: &mut Dice) {
    let mut child = spawn(place);
    let mut told = BufReader::new(child.stdout.take().expect("it is piped"));
    if !dice.one_in(3) {
        let mut line = String::new();
        while !line.contains(killed::READY) {
            line.clear();
            if told.read_line(&mut line).expect("the child's output can be read") == 0 {
                break; // it has ended, and why is said below
            }
        }
        std::thread::sleep(Duration::from_millis(dice.below(400) as u64));
    } else {
        std::thread::sleep(Duration::from_millis(dice.below(80) as u64));
    }
    child.kill().expect("the child can be killed");
    let status = child.wait().expect("the child can be awaited");
    if status.signal() != Some(9) {
        let (mut said, mut wrong) = (String::new(), String::new());
        told.read_to_string(&mut said).expect("the child's output can be read");
        child.stderr.take().expect("it is piped").read_to_string(&mut wrong).expect("its errors can be read");
        panic!("the child ended by itself, {status}:\n{said}\n{wrong}");
    }
}

fn spawn(place: &Place) -> Child {
    Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["--exact", "--nocapture"])
        .arg(format!("reopened::{}::what_was_acknowledged_survives_a_kill", place.kind))
        .env(DIRECTORY, &place.directory)
        .env("TMPDIR", &place.directory) // what it cannot tidy up goes with the place
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this program can be started again")
}

/// What the children were told is durable.
#[derive(Default)]
struct Acknowledged {
    turns: BTreeMap<ExecutionId, u32>,
    messages: BTreeSet<(ExecutionId, u32)>,
    records: BTreeMap<u64, u64>,
}

impl Acknowledged {
    fn read(place: &Place) -> Acknowledged {
        let mut acknowledged = Acknowledged::default();
        for report in Report::read_all(&place.directory) {
            match report {
                // Its turns are 0 so far. Nobody else may have got the number.
                Report::Reserved(execution) => {
                    let before = acknowledged.turns.insert(execution, 0);
                    assert_eq!(before, None, "{execution:?} was reserved twice");
                }
                Report::Committed(execution, sequence) => {
                    let newest = acknowledged.turns.get_mut(&execution).expect("it was reserved first");
                    *newest = sequence.max(*newest);
                }
                Report::Enqueued(execution, sequence) => drop(acknowledged.messages.insert((execution, sequence))),
                Report::Put(writer, count) => drop(acknowledged.records.insert(writer, count)),
            }
        }
        acknowledged
    }
}

/// Opens the store and checks all of it. Gives how many turns were acknowledged so far.
async fn check(place: &Place, round: u32) -> u64 {
    let acknowledged = Acknowledged::read(place);
    let store = place.open();
    // Expiring may have been cut off: it goes on until nothing is half there.
    while store.expire(EXPIRES, 1000).await.expect("archived executions can expire") > 0 {}
    let mut kept = BTreeMap::new();
    for (execution, sequence) in &acknowledged.turns {
        let newest = check_execution(&*store, Plan::of(*execution), *sequence, round).await;
        kept.extend(newest.map(|newest| (*execution, newest)));
    }
    check_indexes(&*store, &kept).await;
    let inbox = store.inbox(None, ALL).await.expect("the inbox can be read");
    let waiting: BTreeSet<(ExecutionId, u32)> =
        inbox.iter().map(|(_, execution, message)| (*execution, killed::sequence_of(message))).collect();
    for (execution, sequence) in &waiting {
        let newest = kept.get(execution).copied().unwrap_or(0);
        assert!(*sequence > newest, "round {round}: {execution:?} took in message {sequence}, and it is still there");
    }
    for (execution, sequence) in &acknowledged.messages {
        let taken_in = kept.get(execution).is_none_or(|newest| newest >= sequence);
        assert!(
            taken_in || waiting.contains(&(*execution, *sequence)),
            "round {round}: message {sequence} to {execution:?} is gone"
        );
    }
    check_records(&*store, &acknowledged.records).await;
    acknowledged.turns.values().map(|sequence| u64::from(*sequence)).sum()
}

/// Gives its newest turn, if it was not expired or never began.
async fn check_execution(store: &dyn Store, plan: Plan, acknowledged: u32, round: u32) -> Option<u32> {
    let execution = plan.execution;
    let turns = store.turns(execution, 0, ALL).await.expect("turns can be read");
    let log = store.load(execution).await.expect("executions can be loaded");
    let named = store.find(plan.name()).await.expect("names can be read");
    let Some(newest) = turns.last().map(|turn| turn.sequence) else {
        let expired = acknowledged == plan.length && plan.ended_at() < EXPIRES;
        // Its last turn may have been committed and archived without being reported.
        let perhaps = acknowledged + 3 >= plan.length && plan.ended_at() < EXPIRES;
        assert!(expired || perhaps || acknowledged == 0, "round {round}: {plan:?} is gone, {acknowledged} were there");
        assert_eq!((log, named), (None, None), "round {round}: {plan:?} has no turns");
        return None;
    };
    assert!(newest >= acknowledged, "round {round}: {plan:?} had {acknowledged} turns and has {newest}");
    same(&format!("round {round}: turns of {plan:?}"), &turns, &plan.turns(newest));
    let log = log.expect("it has turns");
    let checkpoint = plan.newest_checkpoint(newest).filter(|_| log.checkpoint.is_some() || newest < plan.length);
    let after = checkpoint.as_ref().map_or(0, |(sequence, _)| *sequence as usize);
    let last = turns.last().expect("it has turns");
    let expected = Log { checkpoint, newest: (newest, last.turn_id, last.attention), turns: turns[after..].to_vec() };
    same(&format!("round {round}: log of {plan:?}"), &log, &expected);
    assert_eq!(named, Some(execution), "round {round}: {plan:?} has lost its name");
    Some(newest)
}

/// The rows of every index are those that the newest turns want, and no others.
async fn check_indexes(store: &dyn Store, kept: &BTreeMap<ExecutionId, u32>) {
    let plans = || kept.iter().map(|(execution, newest)| (Plan::of(*execution), *newest));
    let mut going_on: Vec<_> = plans()
        .filter(|(plan, newest)| *newest < plan.length)
        .map(|(plan, n)| (plan.attention(n), plan.execution))
        .collect();
    going_on.sort();
    let (attention, closed): (Vec<_>, Vec<_>) = (store.attention(Attention::Never, None, ALL).await)
        .expect("attention can be read")
        .into_iter()
        .partition(|(attention, _)| *attention <= Attention::At(Timestamp(GOING_ON_MS)));
    same("attention", &attention, &going_on);
    for (attention, execution) in closed {
        // Those that are archived have none any more.
        let plan = Plan::of(execution);
        assert_eq!((kept.get(&execution), attention), (Some(&plan.length), plan.attention(plan.length)), "{plan:?}");
    }
    let mut lines: Vec<_> = plans()
        .map(|(plan, newest)| ((plan.started_at(), plan.execution), plan.line(newest).expect("all are listed")))
        .collect();
    lines.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
    let query = ListQuery { list: key("list"), status: None, after: None, limit: ALL };
    let listed = store.list(query).await.expect("lists can be read");
    let listed: Vec<_> =
        listed.into_iter().map(|(cursor, line)| ((cursor.started_at, cursor.execution), line)).collect();
    same("list", &listed, &lines);
    let mut offers: Vec<_> = plans().filter_map(|(plan, newest)| plan.offer(newest)).collect();
    offers.sort();
    same("offers", &store.offers(key("activity"), None, ALL).await.expect("offers can be read"), &offers);
}

async fn check_records(store: &dyn Store, acknowledged: &BTreeMap<u64, u64>) {
    for writer in 0..WRITERS {
        let record = store.get(RecordKind::Engine, &killed::record_name(writer)).await.expect("records can be read");
        let held = record.as_ref().map_or(0, |record| killed::count_of(&record.value));
        let wanted = acknowledged.get(&writer).copied().unwrap_or(0);
        assert!(held == wanted || held == wanted + 1, "record {writer} holds {held}, {wanted} was acknowledged");
        if let Some(record) = record {
            same("record", &record.value, &killed::record_value(writer, held));
        }
    }
}
