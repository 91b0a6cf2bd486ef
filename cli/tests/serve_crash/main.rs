//! `stepwell serve` is killed under load, again and again, and started again on the same directory. What it acknowledged is
//! there, every execution ends, and every history is whole. `STEPWELL_KILLS=1000` for as often.

#![cfg(unix)]

mod client;
mod ledger;
mod server;
mod shopkeeper;
mod verify;

use std::sync::atomic::{AtomicUsize, Ordering};

use ledger::Ledger;
use server::Server;
use shopkeeper::Shopkeeper;

/// Kills where nothing else is said.
const KILLS: usize = 6;

/// Who calls at once.
const SHOPKEEPERS: usize = 6;

/// Calls that are acknowledged between two kills, at most.
const CALLS_MAX: usize = 400;

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let kills = std::env::var("STEPWELL_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let seed = std::env::var("STEPWELL_SEED").map_or(7, |seed| seed.parse().unwrap());
    println!("STEPWELL_SEED={seed}");
    let directory = tempfile::tempdir().unwrap();
    let mut dice = shopkeeper::Dice::of(seed);
    let mut ledger = Ledger::default();
    for round in 0..kills {
        let server = Server::start(directory.path());
        verify::acknowledged(&server.address, &ledger);
        let until = dice.below(CALLS_MAX);
        let (calls, killed) = (AtomicUsize::new(0), server.killer());
        let written = std::thread::scope(|scope| {
            let shopkeepers: Vec<_> = (0..SHOPKEEPERS)
                .map(|number| Shopkeeper::of(&server.address, seed, round, number))
                .map(|mut shopkeeper| {
                    let (calls, killed) = (&calls, &killed);
                    scope.spawn(move || {
                        while shopkeeper.calls().is_ok() {
                            if calls.fetch_add(1, Ordering::Relaxed) == until {
                                killed.kill();
                            }
                        }
                        shopkeeper.ledger
                    })
                })
                .collect();
            shopkeepers.into_iter().map(|shopkeeper| shopkeeper.join().unwrap()).collect::<Vec<_>>()
        });
        server.wait();
        written.into_iter().for_each(|one| ledger.add(one));
    }
    let server = Server::start(directory.path());
    verify::acknowledged(&server.address, &ledger);
    verify::every_execution_ends(&server.address, &ledger);
    verify::acknowledged(&server.address, &ledger);
    println!("{kills} kills: {ledger}");
    // Some of everything was acknowledged, or this test has shown nothing.
    ledger.has_everything();
}
