//! How many files and connections this process may have open.

/// As many as connections and files are at most.
#[cfg(unix)]
const WANTED: u64 = 32_768;

/// Raises the limit where that needs no permission. Many systems begin with 1,024: as many workers that poll would use
/// them up.
pub fn raise_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let raised = maximum.map_or(WANTED, |maximum| maximum.min(WANTED));
        if current.is_some_and(|current| current < raised) {
            let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }); // fewer are served then
        }
    }
}
