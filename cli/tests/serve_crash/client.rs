//! Calls over a connection that stays open. A server that is killed is an error, everything else is not expected.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;

use serde_json::Value;

/// A connection to a server.
pub struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    pub fn to(address: &str) -> Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Client { stream, read: Vec::new() })
    }

    /// What a call is answered with: the status and the JSON. `Err`: the connection broke off before.
    pub fn call(&mut self, operation: &str, request: &Value) -> Result<(u16, Value)> {
        let body = request.to_string();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSStepFunctions.{operation}\r\n\
             Content-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.stream.write_all(format!("{head}{body}").as_bytes())?;
        let head_length = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.more()?;
        };
        let head = String::from_utf8(self.read[..head_length].to_vec()).unwrap().to_lowercase();
        let length: usize =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        while self.read.len() < head_length + length {
            self.more()?;
        }
        let rest = self.read.split_off(head_length + length);
        let answer = std::mem::replace(&mut self.read, rest);
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok((status, serde_json::from_slice(&answer[head_length..]).unwrap()))
    }

    /// The answer to a call that succeeds.
    pub fn ask(&mut self, operation: &str, request: &Value) -> Result<Value> {
        let (status, answer) = self.call(operation, request)?;
        assert_eq!(status, 200, "{operation} {request}: {answer}");
        Ok(answer)
    }

    fn more(&mut self) -> Result<()> {
        let mut part = [0; 16 << 10];
        match self.stream.read(&mut part)? {
            0 => Err(Error::from(ErrorKind::UnexpectedEof)),
            length => {
                self.read.extend_from_slice(&part[..length]);
                Ok(())
            }
        }
    }
}
