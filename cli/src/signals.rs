//! Ctrl-C, and the polite way to kill a process.

/// Who wants the run to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Ctrl-C.
    Keyboard,
    /// SIGTERM.
    Terminate,
}

impl Interrupt {
    /// The exit status by which shells know it: 128 and the signal's number.
    pub fn exit_status(self) -> u8 {
        match self {
            Interrupt::Keyboard => 130,
            Interrupt::Terminate => 143,
        }
    }
}

/// Comes back when somebody interrupts. From then on, a second Ctrl-C does nothing more.
pub async fn interrupted() -> Interrupt {
    tokio::select! {
        () = keyboard() => Interrupt::Keyboard,
        () = terminated() => Interrupt::Terminate,
    }
}

async fn keyboard() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await; // signals cannot be had here: they do what they do by default
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
