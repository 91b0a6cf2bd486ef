//! Ctrl-C, the polite way to kill a process, and a terminal that is closed. Signals are heard on a thread of their own:
//! whoever has lost patience is heard whatever the others are doing.

use tokio::sync::oneshot;

/// Who wants the run to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Ctrl-C.
    Keyboard,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal was closed.
    HangUp,
}

impl Interrupt {
    /// The exit status by which shells know it: 128 and the signal's number.
    pub fn exit_status(self) -> u8 {
        match self {
            Interrupt::Keyboard => 130,
            Interrupt::Terminate => 143,
            Interrupt::HangUp => 129,
        }
    }

    /// Why the execution was stopped.
    pub fn cause(self) -> &'static str {
        match self {
            Interrupt::Keyboard => "The execution was interrupted from the keyboard",
            Interrupt::Terminate => "The execution was interrupted: its process was asked to end",
            Interrupt::HangUp => "The execution was interrupted: its terminal was closed",
        }
    }
}

/// Who interrupts first, once somebody does.
pub struct Interrupts(Option<oneshot::Receiver<Interrupt>>);

impl Interrupts {
    /// Listens from now on. After the first interrupt a Ctrl-C ends the process at once; the other signals, which
    /// tend to come in pairs, do nothing more. Where signals cannot be had they do what they do by default.
    pub fn listen() -> Interrupts {
        let (first, interrupt) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let Ok(runtime) = runtime else { return Interrupts(None) };
        // The handlers are there before anything else is: nothing that starts later can be orphaned.
        let entered = runtime.enter();
        let mut signals = Signals::new();
        drop(entered);
        let listen = move || {
            runtime.block_on(async {
                let _ = first.send(signals.next().await); // a run that has ended listens no more
                while signals.next().await != Interrupt::Keyboard {}
            });
            std::process::exit(Interrupt::Keyboard.exit_status().into());
        };
        let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(listen);
        Interrupts(thread.is_ok().then_some(interrupt))
    }

    /// Comes back when somebody interrupts for the first time.
    pub async fn first(self) -> Interrupt {
        match self.0 {
            Some(interrupt) => match interrupt.await {
                Ok(interrupt) => interrupt,
                Err(_) => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
struct Signals {
    keyboard: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Signals {
        use tokio::signal::unix::{SignalKind, signal};
        Signals {
            keyboard: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
            hang_up: if ignores_hang_up() { None } else { signal(SignalKind::hangup()).ok() },
        }
    }

    async fn next(&mut self) -> Interrupt {
        async fn one(signal: &mut Option<tokio::signal::unix::Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            () = one(&mut self.keyboard) => Interrupt::Keyboard,
            () = one(&mut self.terminate) => Interrupt::Terminate,
            () = one(&mut self.hang_up) => Interrupt::HangUp,
        }
    }
}

/// Whether the process was started to outlive its terminal, as `nohup` does it. A handler of ours would undo that.
/// Only Linux tells without unsafe code.
#[cfg(unix)]
fn ignores_hang_up() -> bool {
    const HANG_UP: u64 = 1; // signal 1 is the lowest bit
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & HANG_UP != 0)
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Signals {
        Signals
    }

    async fn next(&mut self) -> Interrupt {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Interrupt::Keyboard,
            Err(_) => std::future::pending().await,
        }
    }
}
