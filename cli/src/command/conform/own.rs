//! A server of our own, as a child: started for the cases, killed with this command.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::refusal::Refusal;

/// `stepwell serve --memory`, in an empty directory, so that no stepwell.toml routes tasks elsewhere.
pub struct OwnServer {
    /// Where it listens.
    pub url: String,
    child: Child,
    directory: PathBuf,
}

impl OwnServer {
    /// Starts one that looks for Lambda at `functions`.
    pub fn start(functions: Option<&str>) -> Result<OwnServer, Refusal> {
        let directory = std::env::temp_dir().join(format!("stepwell-conform-{}", std::process::id()));
        std::fs::create_dir_all(&directory).map_err(Refusal::of_machine)?;
        let mut command = Command::new(std::env::current_exe().map_err(Refusal::of_machine)?);
        command.args(["serve", "--memory", "--addr", "127.0.0.1:0"]).current_dir(&directory);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(name);
        }
        if let Some(url) = functions {
            command.env("AWS_ENDPOINT_URL_LAMBDA", url);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let child = child.map_err(Refusal::of_machine)?;
        // From here on it is killed, whatever happens.
        let mut own = OwnServer { url: String::new(), child, directory };
        let stderr = own.child.stderr.take().ok_or_else(|| Refusal::new("the server's stderr is not there"))?;
        let mut stderr = BufReader::new(stderr);
        own.url = read_url(&mut stderr)?;
        // What nobody reads would stop the server once the pipe is full.
        std::thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
        Ok(own)
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // It is gone already, or it cannot be killed: nothing can be done about either.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn read_url(stderr: &mut impl BufRead) -> Result<String, Refusal> {
    let mut said = String::new();
    loop {
        let start = said.len();
        if stderr.read_line(&mut said).map_err(Refusal::of_machine)? == 0 {
            return Err(Refusal::new(format!("the server did not start: {said}")));
        }
        let url = said[start..].split_whitespace().find(|word| word.starts_with("http://"));
        if let Some(url) = url {
            return Ok(url.to_owned());
        }
    }
}
