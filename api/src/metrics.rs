//! What the server and its engine count, as a page that Prometheus reads: its text format, version 0.0.4.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{Display, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stepwell_engine::engine::Counts;
use stepwell_engine::figures::{Histogram, STEPS_US, Spread};
use stepwell_engine::status_events::Counted;

use crate::operation::operation_names;

/// What the page is.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How requests are counted that name no operation.
const UNKNOWN: &str = "unknown";

/// The count of requests, by operation and by what came of them.
#[derive(Debug)]
pub struct Requests(HashMap<&'static str, OfOperation>);

#[derive(Debug, Default)]
struct OfOperation {
    latency: Histogram,
    /// `OK`, or the name of an error. All of them are names in our code: there are only so many.
    codes: Mutex<BTreeMap<&'static str, u64>>,
}

impl Requests {
    /// None so far.
    pub fn new() -> Requests {
        Requests(operation_names().chain([UNKNOWN]).map(|name| (name, OfOperation::default())).collect())
    }

    /// One more.
    pub fn add(&self, operation: &str, code: &'static str, took: Duration) {
        let Some(of) = self.0.get(operation).or_else(|| self.0.get(UNKNOWN)) else { return };
        of.latency.add(took);
        *of.codes.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
    }

    /// The operations that were asked for, by alphabet.
    fn seen(&self) -> Vec<(&'static str, Spread, BTreeMap<&'static str, u64>)> {
        let mut seen: Vec<_> = self
            .0
            .iter()
            .map(|(name, of)| {
                let codes = of.codes.lock().unwrap_or_else(PoisonError::into_inner).clone();
                (*name, of.latency.spread(), codes)
            })
            .filter(|(_, _, codes)| !codes.is_empty())
            .collect();
        seen.sort_by_key(|(name, _, _)| *name);
        seen
    }
}

/// The page.
pub fn page(counts: &Counts, requests: &Requests, connections: usize, events: Option<Counted>) -> String {
    let mut page = Page::default();
    executions(&mut page, counts);
    engine(&mut page, counts);
    store(&mut page, counts);
    let seen = requests.seen();
    page.family("requests_total", "counter", "Requests by operation and by what came of them.");
    for (operation, _, codes) in &seen {
        for (code, count) in codes {
            page.sample("requests_total", &[("operation", operation), ("code", code)], count);
        }
    }
    page.family("request_duration_seconds", "histogram", "How long requests took. Polls wait on purpose.");
    for (operation, spread, _) in &seen {
        page.spread("request_duration_seconds", &[("operation", operation)], spread);
    }
    page.one("connections", "gauge", "Open connections.", connections);
    if let Some(events) = events {
        status_events(&mut page, &events);
    }
    page.0
}

fn executions(page: &mut Page, counts: &Counts) {
    let of = &counts.executions;
    page.one("executions_started_total", "counter", "Executions that were started.", of.started);
    page.one("executions_redriven_total", "counter", "Executions that were redriven.", of.redriven);
    page.family("executions_ended_total", "counter", "Executions that have ended, by status.");
    for (status, count) in
        [("SUCCEEDED", of.succeeded), ("FAILED", of.failed), ("TIMED_OUT", of.timed_out), ("ABORTED", of.aborted)]
    {
        page.sample("executions_ended_total", &[("status", status)], count);
    }
    page.one("executions_running", "gauge", "Executions that run now.", of.running);
    page.one("executions_in_memory", "gauge", "Executions that are in memory.", counts.load.executions);
    page.one("executions_archived_total", "counter", "Executions that were archived.", counts.archived);
}

fn engine(page: &mut Page, counts: &Counts) {
    page.one("turns_total", "counter", "Turns that executions took.", counts.turns);
    page.one("history_events_total", "counter", "History events that were written.", counts.history_events);
    page.one("timers", "gauge", "Deadlines of the next moments.", counts.timers);
    page.family("queue_depth", "gauge", "What the engine's workers have before them.");
    for (queue, depth) in [
        ("commands", counts.load.commands),
        ("commits", counts.load.commits),
        ("loads", counts.load.loads),
        ("invocations_running", counts.load.calls),
        ("invocations_waiting", counts.load.calls_waiting),
    ] {
        page.sample("queue_depth", &[("queue", queue)], depth);
    }
    page.family("invocations_total", "counter", "Calls of functions and services that were answered, by result.");
    page.sample("invocations_total", &[("result", "succeeded")], counts.invocations_succeeded);
    page.sample("invocations_total", &[("result", "failed")], counts.invocations_failed);
}

fn store(page: &mut Page, counts: &Counts) {
    page.family("commit_duration_seconds", "histogram", "How long commits took, from being queued to being durable.");
    page.spread("commit_duration_seconds", &[], &counts.commits);
    page.one("store_groups_total", "counter", "Groups of turns that were synced together.", counts.store.groups);
    page.one("store_turns_total", "counter", "Turns that were stored.", counts.store.turns);
    page.one("store_body_bytes_total", "counter", "Bytes of turns and checkpoints.", counts.store.body_bytes);
    page.one("store_disk_bytes", "gauge", "Bytes on disk.", counts.store.disk_bytes);
    page.one("store_live_bytes", "gauge", "Bytes of what is live, as far as it is known.", counts.store.live_bytes);
}

fn status_events(page: &mut Page, events: &Counted) {
    let what = "Events of changed status that were delivered.";
    page.one("status_events_delivered_total", "counter", what, events.delivered);
    page.one("status_events_retried_total", "counter", "Deliveries that were tried again.", events.retried);
    page.family("status_events_dropped_total", "counter", "Events that were dropped, by the reason.");
    for (reason, count) in [("no_room", events.no_room), ("refused", events.refused), ("expired", events.expired)] {
        page.sample("status_events_dropped_total", &[("reason", reason)], count);
    }
    page.one("status_events_waiting", "gauge", "Events that wait to be delivered.", events.waiting);
}

/// The page in the making. All names begin with `stepwell_`.
#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.0.push_str(&format!("# HELP stepwell_{name} {help}\n# TYPE stepwell_{name} {kind}\n"));
    }

    /// A family with one sample.
    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// Labels are names in our code: nothing in them has to be escaped.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(label, of)| format!("{label}=\"{of}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "stepwell_{name}{labels} {value}"); // writing to a string does not fail
    }

    fn spread(&mut self, name: &str, labels: &[(&str, &str)], spread: &Spread) {
        let (bucket, mut below) = (format!("{name}_bucket"), 0);
        let bounds = STEPS_US.iter().map(|bound_us| (*bound_us as f64 / 1e6).to_string());
        for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(spread.steps) {
            below += count;
            let labels: Vec<_> = labels.iter().copied().chain([("le", bound.as_str())]).collect();
            self.sample(&bucket, &labels, below);
        }
        self.sample(&format!("{name}_sum"), labels, spread.sum_us as f64 / 1e6);
        self.sample(&format!("{name}_count"), labels, spread.count());
    }
}
