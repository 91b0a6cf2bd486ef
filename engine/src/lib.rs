//! Executions: the core that runs programs, and the invokers that take its tasks to functions.

pub mod invoke;
