//! The server's side of a web socket, as far as a fake needs it: the handshake, and frames written by hand.

use tungstenite::handshake::derive_accept_key;

use crate::Request;

pub(crate) const TEXT: u8 = 1;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
const PONG: u8 = 10;

/// The answer that opens the socket; `None` for a request that asks for none.
pub(crate) fn accept(request: &Request) -> Option<Vec<u8>> {
    let key = request.header("sec-websocket-key")?;
    let accept = derive_accept_key(key.as_bytes());
    let protocol = request.header("sec-websocket-protocol");
    let protocol = protocol.map_or_else(String::new, |chosen| {
        format!("sec-websocket-protocol: {chosen}\r\n")
    });
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n{protocol}sec-websocket-accept: {accept}\r\n\r\n"
    );
    Some(head.into_bytes())
}

/// One whole frame, unmasked, as servers send them.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode];
    match payload.len() {
        n @ 0..126 => bytes.push(n as u8),
        n @ 126..65_536 => {
            bytes.push(126);
            bytes.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            bytes.push(127);
            bytes.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

/// What a client sent.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Sent {
    Text(String),
    Closed,
    /// A ping or pong.
    Alive,
}

/// Takes the first whole frame of a client out of what has been received.
pub(crate) fn take_frame(received: &mut Vec<u8>) -> Option<Sent> {
    let (&first, &second) = (received.first()?, received.get(1)?);
    let (length, mut at) = match second & 0x7f {
        126 => (
            usize::from(u16::from_be_bytes(received.get(2..4)?.try_into().ok()?)),
            4,
        ),
        127 => (
            u64::from_be_bytes(received.get(2..10)?.try_into().ok()?) as usize,
            10,
        ),
        n => (usize::from(n), 2),
    };
    let mask: [u8; 4] = received.get(at..at + 4)?.try_into().ok()?;
    at += 4;
    let payload = received
        .get(at..at + length)?
        .iter()
        .zip(mask.iter().cycle());
    let payload: Vec<u8> = payload.map(|(byte, mask)| byte ^ mask).collect();
    received.drain(..at + length);
    Some(match first & 0x0f {
        CLOSE => Sent::Closed,
        PING | PONG => Sent::Alive,
        _ => Sent::Text(String::from_utf8_lossy(&payload).into_owned()),
    })
}
