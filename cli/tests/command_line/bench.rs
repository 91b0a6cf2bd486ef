//! `stepwell bench`, with numbers so small that they say nothing.

use serde_json::Value;

use crate::harness::Room;

/// Runs a benchmark and gives its JSON object. It leaves no files.
fn bench(room: &Room, arguments: &[&str]) -> Value {
    let done = room.stepwell(&[&["bench"], arguments, &["--json"]].concat());
    assert_eq!(done.status, Some(0), "{done:?}");
    let left: Vec<_> = std::fs::read_dir(room.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    done.json()
}

fn positive(value: &Value, names: &[&str]) {
    for name in names {
        assert!(value[name].as_f64().is_some_and(|number| number > 0.0), "{name}: {value}");
    }
}

#[test]
fn stores_are_measured_beside_a_plain_log() {
    let room = Room::with(&[]);
    let arguments = ["store", "--store", "sled,redb,memory", "--writers", "1,4", "--seconds", "0.05", "--rounds", "1"];
    let measured = bench(&room, &arguments);
    positive(&measured, &["fdatasync_ms"]);
    let rows = measured["rows"].as_array().unwrap();
    let targets: Vec<&str> = rows.iter().filter_map(|row| row["target"].as_str()).collect();
    assert_eq!(targets, ["log", "sled", "redb", "memory"].repeat(2));
    rows.iter().for_each(|row| positive(row, &["turns_per_s", "p50_ms", "p99_ms", "ratio"]));
    assert_eq!(rows[0]["ratio"], 1.0);
    let table = room.stepwell(&[&["bench"], &arguments[..]].concat()).stdout;
    assert!(table.starts_with("WRITERS  TARGET"), "{table}");
    assert!(table.lines().last().is_some_and(|line| line.starts_with("one fdatasync takes ")), "{table}");
}

#[test]
fn the_engine_is_measured_from_start_to_end() {
    let room = Room::with(&[]);
    for store in ["sled", "redb", "memory"] {
        let small = ["--at-once", "1,4", "--seconds", "0.1", "--passes", "50", "--items", "60", "--callbacks", "20"];
        let measured = bench(&room, &[&["engine", "--store", store], &small[..]].concat());
        let rows = measured["rows"].as_array().unwrap();
        let cases: Vec<&str> = rows.iter().filter_map(|row| row["case"].as_str()).collect();
        let expected = [
            "one task, 1 at once",
            "one task, 4 at once",
            "chain of 50 Pass states",
            "Map of 60 tasks",
            "20 callbacks begin to wait",
            "20 callbacks are answered",
        ];
        assert_eq!(cases, expected);
        rows.iter().for_each(|row| positive(row, &["count", "seconds", "per_s", "turns", "commits", "body_bytes"]));
    }
}

#[cfg(unix)]
#[test]
fn a_process_with_many_that_wait_is_killed_and_measured() {
    let room = Room::with(&[]);
    for store in ["sled", "redb"] {
        let measured = bench(&room, &["waiting", "--count", "200", "--store", store]);
        positive(&measured["filled"], &["starts_per_s", "disk_bytes"]);
        positive(&measured["reopened"], &["open_s", "first_timer_s", "answers_per_s", "p50_ms"]);
        assert_eq!(measured["reopened"]["answered"], 20);
    }
}

#[test]
fn an_endpoint_is_measured_as_its_clients_see_it() {
    let room = Room::with(&[]);
    let mut server = room.start(&["serve", "--memory", "--addr", "127.0.0.1:0"]);
    let address = server.wait_for("http://");
    let endpoint = format!("http://{}", address.split(' ').next().unwrap());
    let small = ["--at-once", "1,4", "--seconds", "0.1", "--passes", "20", "--items", "50", "--events", "100"];
    let measured = bench(&room, &[&["serve", "--endpoint", &endpoint], &small[..]].concat());
    let rows = measured["rows"].as_array().unwrap();
    let cases: Vec<_> =
        rows.iter().map(|row| (row["case"].as_str().unwrap(), row["at_once"].as_u64().unwrap())).collect();
    let expected = [
        ("StartSyncExecution of 1 Pass", 1),
        ("StartSyncExecution of 1 Pass", 4),
        ("StartSyncExecution of 20 Pass", 1),
        ("StartSyncExecution of 20 Pass", 4),
        ("StartExecution", 1),
        ("StartExecution", 4),
        ("StartExecution to SUCCEEDED", 1),
        ("StartExecution to SUCCEEDED", 4),
        ("inline Map of 50", 1),
        ("GetExecutionHistory of 98 events", 1),
    ];
    assert_eq!(cases, expected);
    rows.iter().for_each(|row| positive(row, &["count", "seconds", "per_s", "p50_ms", "p99_ms"]));
    server.kill();
    let refused = room.stepwell(&["bench", "serve", "--endpoint", "https://states.us-east-1.amazonaws.com"]);
    assert_eq!((refused.status, refused.stderr.contains("plain HTTP")), (Some(2), true), "{refused:?}");
}
