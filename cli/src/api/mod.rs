//! The part of AWS's API that callbacks and activity workers need, for one execution: `SendTaskSuccess`,
//! `SendTaskFailure`, `SendTaskHeartbeat`, `GetActivityTask`.

mod desk;
mod protocol;
mod server;

pub use desk::Desk;
pub use server::Server;
