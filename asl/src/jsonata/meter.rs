//! What one evaluation may use. Its memory is what its own values hold now; its work is counted, not timed, so that the
//! same expression over the same data ends the same way on every machine.

use std::cell::Cell;
use std::rc::Rc;

use super::error::Error;

/// The limits of one evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that the values made during an evaluation may take at any one time.
    pub memory: usize,
    /// Units of work: about one for every node that is evaluated and every item or 64 bytes that a function touches.
    pub work: u64,
    /// How deep evaluations may nest.
    pub depth: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { memory: 64 << 20, work: 20_000_000, depth: 5_000 }
    }
}

/// Counts what an evaluation uses.
#[derive(Debug)]
pub struct Meter {
    limits: Limits,
    live: Cell<usize>,
    worked: Cell<u64>,
    depth: Cell<u32>,
    calls: Cell<u32>,
}

/// Memory that was counted: given back when it is dropped.
#[derive(Debug)]
pub struct Charge {
    meter: Rc<Meter>,
    bytes: usize,
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.meter.live.set(self.meter.live.get() - self.bytes);
    }
}

impl Meter {
    /// A meter that has counted nothing.
    pub fn new(limits: Limits) -> Rc<Meter> {
        Rc::new(Meter { limits, live: Cell::new(0), worked: Cell::new(0), depth: Cell::new(0), calls: Cell::new(0) })
    }

    /// Counts bytes that are about to be allocated, for as long as the charge lives.
    pub fn charge(self: &Rc<Self>, bytes: usize) -> Result<Charge, Error> {
        self.room_for(bytes)?;
        self.live.set(self.live.get() + bytes);
        Ok(Charge { meter: self.clone(), bytes })
    }

    /// An error where that many bytes more would be too many. To be asked before something large is built.
    pub fn room_for(&self, bytes: usize) -> Result<(), Error> {
        if bytes > self.limits.memory.saturating_sub(self.live.get()) {
            return Err(Error::new("U1001")
                .message("Expression evaluation memory limit exceeded: Check for excessive memory usage"));
        }
        Ok(())
    }

    /// Counts work: before a loop of so many steps, or as it goes.
    pub fn work(&self, units: usize) -> Result<(), Error> {
        let worked = self.worked.get().saturating_add(units as u64);
        self.worked.set(worked);
        if worked > self.limits.work {
            return Err(Error::new("U1001").message("Expression evaluation timeout: Check for infinite loop"));
        }
        Ok(())
    }

    /// One evaluation deeper, until [`Meter::leave`].
    pub fn enter(&self) -> Result<(), Error> {
        self.deeper(&self.depth)
    }

    /// One evaluation up.
    pub fn leave(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
    }

    /// One call deeper, until [`Meter::leave_call`]. Functions that call functions get deep without an evaluation.
    pub fn enter_call(&self) -> Result<(), Error> {
        self.deeper(&self.calls)
    }

    /// One call up.
    pub fn leave_call(&self) {
        self.calls.set(self.calls.get().saturating_sub(1));
    }

    fn deeper(&self, count: &Cell<u32>) -> Result<(), Error> {
        let depth = count.get() + 1;
        if depth > self.limits.depth {
            return Err(Error::new("U1001").message(
                "Stack overflow error: Check for non-terminating recursive function.  Consider rewriting as \
                 tail-recursive.",
            ));
        }
        count.set(depth);
        self.work(1)
    }
}
