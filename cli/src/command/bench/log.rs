//! A plain file to which lines are appended, synced once for all who wait: what no store on this disk can outdo.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::refusal::Refusal;

/// Syncs that are measured for their latency.
const SYNCS: u32 = 50;

type Line = (Bytes, oneshot::Sender<io::Result<()>>);

/// An append-only file.
pub struct Log(mpsc::UnboundedSender<Line>);

impl Log {
    /// Makes the file.
    pub fn start(path: &Path) -> Result<Log, Refusal> {
        let mut file = File::create(path).map_err(|error| unwritable(path, &error))?;
        let (lines, mut waiting) = mpsc::unbounded_channel::<Line>();
        thread::spawn(move || {
            let mut group = Vec::new();
            while waiting.blocking_recv_many(&mut group, usize::MAX) > 0 {
                let bytes: Vec<u8> = group.iter().flat_map(|(line, _)| line.iter().copied()).collect();
                let written = file.write_all(&bytes).and_then(|()| file.sync_data());
                for (_, answer) in group.drain(..) {
                    let same = written.as_ref().map_err(|error| error.kind().into()).copied();
                    let _ = answer.send(same); // the round is over
                }
            }
        });
        Ok(Log(lines))
    }

    /// Appends a line, and comes back when it is on disk.
    pub async fn append(&self, line: Bytes) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        let sent = self.0.send((line, answer));
        match (sent, answered.await) {
            (Ok(()), Ok(Ok(()))) => Ok(()),
            (_, Ok(Err(error))) => Err(Refusal::new(format!("the log cannot be written: {error}"))),
            (Ok(()) | Err(_), _) => Err(Refusal::new("the log has ended")),
        }
    }
}

/// How long one small write takes to be on disk: the median.
pub fn sync_latency(path: &Path) -> Result<Duration, Refusal> {
    let failed = |error: io::Error| unwritable(path, &error);
    let mut file = File::create(path).map_err(failed)?;
    let mut latencies = Vec::new();
    for _ in 0..SYNCS {
        let before = Instant::now();
        file.write_all(&[7; 1024]).and_then(|()| file.sync_data()).map_err(failed)?;
        latencies.push(before.elapsed());
    }
    latencies.sort();
    Ok(latencies[latencies.len() / 2])
}

fn unwritable(path: &Path, error: &io::Error) -> Refusal {
    Refusal::new(format!("{} cannot be written: {error}", path.display()))
}
