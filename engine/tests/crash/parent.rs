//! The process that kills: it chooses the moments, and looks at what each life has written down.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use stepwell_engine::store::Kind;

use super::child::{self, CHILD, Orders};
use super::facts::{Fact, calls, facts};
use super::model::mix;
use super::verify;

/// One test.
pub struct Scenario {
    /// Its name: a child runs it too.
    pub test: &'static str,
    pub store: Kind,
    /// Closed executions expire.
    pub expires: bool,
    /// The kill comes while the store is being made.
    pub made: bool,
}

/// Kills in all tests together, where nothing else is said.
const KILLS: u32 = 100;

/// The longest that a child may take to end everything.
const FINISH_MAX: Duration = Duration::from_secs(120);

/// Runs a test, in the parent or in a child: many lives on one directory.
pub fn run(scenario: Scenario) {
    if child::live() {
        return;
    }
    let share = if scenario.expires { kills() / 5 } else { kills() * 3 / 10 };
    let (began, seed, kills) = (Instant::now(), seed(), share.max(1));
    let figures = play(&scenario, seed, kills);
    println!("{}, seed {seed}: {kills} kills, {figures}, {} s", scenario.test, began.elapsed().as_secs());
}

/// The same, with a directory for each kill.
pub fn run_anew(scenario: Scenario) {
    if child::live() {
        return;
    }
    let seed = seed();
    for number in 0..kills() / 5 {
        play(&scenario, seed + u64::from(number), 1);
    }
}

/// Kills so often and compares what is left; panics with what is wrong.
fn play(scenario: &Scenario, seed: u64, kills: u32) -> verify::Figures {
    let kept = tempfile::Builder::new().prefix("stepwell-crash-").tempdir().expect("a directory can be made").keep();
    let orders = |life| Orders {
        directory: kept.clone(),
        store: scenario.store,
        life,
        finishing: life == kills + 1,
        expires: scenario.expires,
    };
    let mut lives = (1..=kills + 1).map(|life| one_life(scenario, &orders(life), seed));
    let mut wrong = lives.find(|wrong| !wrong.is_empty()).unwrap_or_default();
    let mut figures = verify::Figures::default();
    if wrong.is_empty() {
        (figures, wrong) = verify::verify(&orders(kills + 1));
    }
    let text: String = wrong.iter().take(40).map(|what| format!("  {what}\n")).collect();
    let (test, directory) = (scenario.test, kept.display());
    assert!(wrong.is_empty(), "{test}, STEPWELL_SEED={seed}: {} findings, kept in {directory}:\n{text}", wrong.len());
    std::fs::remove_dir_all(&kept).expect("the directory can be removed");
    figures
}

/// Has a child live, kills it, and gives what is wrong with what it wrote down.
fn one_life(scenario: &Scenario, orders: &Orders, seed: u64) -> Vec<String> {
    let log =
        std::fs::File::create(orders.directory.join(format!("stderr-{}", orders.life))).expect("a file can be made");
    let mut child = Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["--exact", scenario.test, "--nocapture"])
        .env(CHILD, orders.text())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("a child can be started");
    let open = || facts(&orders.directory, orders.life).contains(&Fact::Opened);
    let ended = match (orders.finishing, moment(seed, scenario, orders.life)) {
        (true, _) => within(FINISH_MAX, || has_ended(&mut child)),
        (false, Moment::Starting(span)) => within(span, || has_ended(&mut child)),
        (false, Moment::Open(span)) => {
            within(FINISH_MAX, || has_ended(&mut child) || open());
            within(span, || has_ended(&mut child))
        }
    };
    child.kill().expect("a child can be killed");
    child.wait().expect("a child can be waited for");
    let mut wrong = broken(&orders.directory, orders.life);
    wrong.extend(called_twice(&orders.directory, orders.life));
    let finished = facts(&orders.directory, orders.life).contains(&Fact::Finished);
    match (orders.finishing, ended) {
        (true, _) if finished => {}
        (true, false) => wrong.push(format!("not everything has ended after {} s", FINISH_MAX.as_secs())),
        (true, true) | (false, true) => wrong.push(format!("life {} has ended by itself: see stderr-{0}", orders.life)),
        (false, false) => {}
    }
    wrong
}

/// When a life ends.
enum Moment {
    /// So long after its process was started.
    Starting(Duration),
    /// So long after the engine was open.
    Open(Duration),
}

/// Often while the engine opens and closed executions expire, mostly later.
fn moment(seed: u64, scenario: &Scenario, life: u32) -> Moment {
    let chance = mix(scenario.test, seed ^ u64::from(life) << 40);
    let early = chance.is_multiple_of(if scenario.expires { 2 } else { 4 });
    let span = |ms_max: u64| Duration::from_millis((chance >> 8) % ms_max);
    match (scenario.made, early) {
        (true, _) => Moment::Starting(span(120)),
        (false, true) => Moment::Starting(span(250)),
        (false, false) => Moment::Open(span(1_500)),
    }
}

fn has_ended(child: &mut Child) -> bool {
    child.try_wait().expect("a child can be looked at").is_some()
}

/// Waits until something is so, and gives whether it became so in time.
fn within(span: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + span;
    loop {
        if is_so() {
            return true;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(left.min(Duration::from_millis(10)));
    }
}

fn broken(directory: &Path, life: u32) -> Vec<String> {
    let told = facts(directory, life).into_iter();
    told.filter_map(|fact| if let Fact::Broken { what } = fact { Some(format!("life {life}: {what}")) } else { None })
        .collect()
}

/// Between two crashes an attempt is called once.
fn called_twice(directory: &Path, life: u32) -> Vec<String> {
    let mut calls = calls(directory, life);
    calls.sort();
    let same = calls.windows(2).filter(|two| {
        (&two[0].name, &two[0].at, two[0].item, two[0].attempt)
            == (&two[1].name, &two[1].at, two[1].item, two[1].attempt)
    });
    same.map(|two| format!("life {life}: called twice: {:?}", two[0])).collect()
}

fn kills() -> u32 {
    number("STEPWELL_KILLS").map_or(KILLS, |kills| kills as u32)
}

fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    number("STEPWELL_SEED").unwrap_or(now.as_millis() as u64)
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}
