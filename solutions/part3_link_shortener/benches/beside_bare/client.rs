//! A client that speaks just enough HTTP.

use std::io::{Error, ErrorKind, Result};
use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A connection to one server, which stays open from one request to the next.
pub(crate) struct Client(BufReader<TcpStream>);

/// What a server answers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

impl Client {
    pub(crate) async fn connect(port: u16) -> Result<Client> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Client(BufReader::new(stream)))
    }

    /// Follows a link.
    pub(crate) async fn follow(&mut self, code: &str) -> Result<Answer> {
        self.ask(format!("GET /{code} HTTP/1.1\r\nhost: bench\r\n\r\n"))
            .await
    }

    /// Creates a link.
    pub(crate) async fn create(&mut self, url: &str) -> Result<Answer> {
        let kind = "content-type: application/x-www-form-urlencoded";
        let length = url.len() + "url=".len();
        self.ask(format!(
            "POST / HTTP/1.1\r\nhost: bench\r\n{kind}\r\ncontent-length: {length}\r\n\r\nurl={url}"
        ))
        .await
    }

    async fn ask(&mut self, request: String) -> Result<Answer> {
        self.0.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head);
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (header, value) = line.split_once(": ")?;
                header.eq_ignore_ascii_case(name).then(|| value.to_owned())
            })
        };
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let length = header("content-length").and_then(|length| length.parse().ok());
        let (Some(status), Some(length)) = (status, length) else {
            return Err(Error::new(ErrorKind::InvalidData, head.into_owned()));
        };
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        Ok(Answer {
            status,
            location: header("location"),
            body: String::from_utf8_lossy(&body).trim().to_owned(),
        })
    }
}

/// Creates a link in a request of its own, and gives its code, if it is one.
pub(crate) async fn create(port: u16, url: &str) -> Option<String> {
    let answer = Client::connect(port).await.ok()?.create(url).await.ok()?;
    (answer.status == 201).then_some(answer.body)
}

/// Where a link leads, if it leads anywhere.
pub(crate) async fn follow(port: u16, code: &str) -> Option<String> {
    let answer = Client::connect(port).await.ok()?.follow(code).await.ok()?;
    answer.location.filter(|_| answer.status == 302)
}
