//! What functions print, line by line. Lines of any length are read in bounded pieces.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use super::super::{Sink, Stream};

/// A longer line is handed on in pieces of this many bytes.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Reads to the end, whether or not anyone listens: a full pipe would stop the function.
pub(super) async fn forward(output: impl AsyncRead + Unpin, function: String, stream: Stream, sink: Option<Sink>) {
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    // An error means that the process is gone, as the end does.
    while let Ok(chunk) = reader.fill_buf().await {
        if chunk.is_empty() {
            break;
        }
        let room = LINE_BYTES_MAX - line.len();
        let newline = chunk.iter().take(room).position(|byte| *byte == b'\n');
        let used = newline.map_or(chunk.len().min(room), |at| at + 1);
        line.extend_from_slice(&chunk[..used]);
        reader.consume(used);
        if newline.is_some() || line.len() >= LINE_BYTES_MAX {
            emit(&mut line, &function, stream, &sink);
        }
    }
    if !line.is_empty() {
        emit(&mut line, &function, stream, &sink);
    }
}

fn emit(line: &mut Vec<u8>, function: &str, stream: Stream, sink: &Option<Sink>) {
    if let Some(sink) = sink {
        let text = String::from_utf8_lossy(line);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        // Lambda's Python runtime client puts carriage returns between the lines of a stack trace.
        for part in text.strip_suffix('\r').unwrap_or(text).split('\r') {
            sink(function, stream, part);
        }
    }
    line.clear();
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test]
    async fn lines_come_whole_and_endless_ones_in_pieces() {
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        let text = format!("one\r\n\na\rb\n{long}\nlast");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = lines.clone();
        let sink: Sink = Arc::new(move |_, _, line| seen.lock().unwrap().push(line.to_owned()));
        forward(text.as_bytes(), "f".to_owned(), Stream::Stdout, Some(sink)).await;
        assert_eq!(*lines.lock().unwrap(), ["one", "", "a", "b", &long[1..], "x", "last"]);
    }
}
