// SPDX-License-Identifier: Apache-2.0
//! The host's end of the control channel.

use control::{FromVm, MESSAGE_BYTES, Mirrored, PROTOCOL, ToVm, decode, encode};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a VM may take to answer; and how long if it has not answered before.
const PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE_AGAIN: Duration = Duration::from_millis(200);

fn no_answer() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the VM does not answer")
}

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The channel broke, or no answer came in time.
    #[error("control channel: {0}")]
    Io(#[from] io::Error),
    /// The VM answered what cannot be understood.
    #[error("control channel: the VM's answer cannot be decoded")]
    Malformed,
    /// The VM speaks another version.
    #[error("control channel: the VM speaks version {0}, not {PROTOCOL}; build the image again")]
    Version(u16),
    /// The VM refused.
    #[error("the VM refused: {0:?}")]
    Refused(control::Failure),
}

/// What a VM says of its boot, in nanoseconds from its kernel's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// When all its ports were up.
    pub ready_ns: u64,
    /// When it said so.
    pub now_ns: u64,
}

/// The channel to one VM.
pub struct Control {
    stream: UnixStream,
    received: Vec<u8>,
    /// Whether `ready` has asked.
    asked: bool,
    /// Answers that are still to come and that nobody waits for any more.
    due: usize,
    /// How long the VM may take to answer.
    patience: Duration,
}

impl Control {
    /// Connects to the socket that QEMU makes at `path`; none if it has not made it yet.
    pub fn connect(path: &Path) -> io::Result<Option<Control>> {
        match UnixStream::connect(path) {
            Ok(stream) => Ok(Some(Control::over(stream))),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn over(stream: UnixStream) -> Control {
        Control { stream, received: Vec::new(), asked: false, due: 0, patience: PATIENCE }
    }

    /// Connects to the VM that a host spoke with which is gone, at most within `patience`: none if there is no socket.
    pub fn take_over(path: &Path, patience: Duration) -> Result<Option<Control>, ControlError> {
        let Some(mut control) = Control::connect(path)? else { return Ok(None) };
        // A zero ends the request that was left unfinished, and answers to others come before the one to ours.
        control.stream.write_all(&[0])?;
        let nonce = std::process::id();
        control.send(&ToVm::Hello { nonce })?;
        let deadline = Instant::now() + patience;
        loop {
            let mut frame = control.frame(deadline)?.ok_or_else(no_answer)?;
            match decode(&mut frame) {
                Some(FromVm::Hello { protocol: PROTOCOL, nonce: said }) if said == nonce => return Ok(Some(control)),
                Some(FromVm::Hello { protocol, nonce: said }) if said == nonce => {
                    return Err(ControlError::Version(protocol));
                }
                _ => {}
            }
        }
    }

    /// Waits for at most `patience` for the VM to be ready. None if it is not yet.
    ///
    /// The VM says it by itself, but into the void if QEMU had not yet taken our connection; so it is asked as well.
    pub fn ready(&mut self, patience: Duration) -> Result<Option<Ready>, ControlError> {
        if !self.asked {
            self.send(&ToVm::Read { element: control::MACHINE, handler: "ready_ns" })?;
            (self.asked, self.due) = (true, 1);
        }
        let Some(mut frame) = self.frame(Instant::now() + patience)? else { return Ok(None) };
        match decode::<FromVm>(&mut frame) {
            Some(FromVm::Ready { protocol: PROTOCOL, ready_ns, now_ns }) => Ok(Some(Ready { ready_ns, now_ns })),
            Some(FromVm::Ready { protocol, .. }) => Err(ControlError::Version(protocol)),
            Some(FromVm::Value(ready_ns)) => {
                self.due = 0;
                let ready_ns = ready_ns.parse().map_err(|_| ControlError::Malformed)?;
                let now_ns = self.read(control::MACHINE, "now_ns")?.parse().map_err(|_| ControlError::Malformed)?;
                Ok(Some(Ready { ready_ns, now_ns }))
            }
            _ => Err(ControlError::Malformed),
        }
    }

    /// Reads `element.handler`.
    pub fn read(&mut self, element: &str, handler: &str) -> Result<String, ControlError> {
        self.send(&ToVm::Read { element, handler })?;
        self.value()
    }

    /// Reads many handlers, `(element, handler)` each, without a wait between them. What the VM refuses is none.
    pub fn read_all(&mut self, handlers: &[(&str, &str)]) -> Result<Vec<Option<String>>, ControlError> {
        // As many as the VM's end surely holds: neither side must wait for the other to take something.
        const TOGETHER: usize = 16;
        let mut values = Vec::with_capacity(handlers.len());
        for some in handlers.chunks(TOGETHER) {
            for (element, handler) in some {
                self.send(&ToVm::Read { element, handler })?;
            }
            for left in (0..some.len()).rev() {
                values.push(match self.value() {
                    Ok(value) => Some(value),
                    Err(ControlError::Refused(_)) => None,
                    Err(error) => {
                        self.due += left;
                        return Err(error);
                    }
                });
            }
        }
        Ok(values)
    }

    fn value(&mut self) -> Result<String, ControlError> {
        let mut frame = self.answer()?;
        match decode::<FromVm>(&mut frame) {
            Some(FromVm::Value(value)) => Ok(value.into()),
            Some(FromVm::Failed(failure)) => Err(ControlError::Refused(failure)),
            _ => Err(ControlError::Malformed),
        }
    }

    /// Writes `value` to `element.handler`.
    pub fn write(&mut self, element: &str, handler: &str, value: &str) -> Result<(), ControlError> {
        self.done(&ToVm::Write { element, handler, value })
    }

    /// Has the VM mirror what comes into the element `name`, or passes that port, or all ports: so many bytes of each packet.
    pub fn tap(&mut self, name: &str, snap: u16) -> Result<(), ControlError> {
        self.done(&ToVm::Tap { name, snap })
    }

    /// Takes what was mirrored, as much as one message holds: how many packets were lost so far, and for each packet `with`.
    pub fn take_tap(&mut self, mut with: impl FnMut(Mirrored)) -> Result<u64, ControlError> {
        self.send(&ToVm::TakeTap)?;
        let mut frame = self.answer()?;
        match decode::<FromVm>(&mut frame) {
            Some(FromVm::Mirrored { lost, mut packets }) => {
                while let Some((packet, rest)) = Mirrored::first(packets) {
                    with(packet);
                    packets = rest;
                }
                Ok(lost)
            }
            Some(FromVm::Failed(failure)) => Err(ControlError::Refused(failure)),
            _ => Err(ControlError::Malformed),
        }
    }

    /// Has the VM mirror no longer.
    pub fn end_tap(&mut self) -> Result<(), ControlError> {
        self.done(&ToVm::EndTap)
    }

    /// Asks the VM to power off.
    pub fn power_off(&mut self) -> Result<(), ControlError> {
        self.done(&ToVm::PowerOff)
    }

    fn done(&mut self, request: &ToVm) -> Result<(), ControlError> {
        self.send(request)?;
        let mut frame = self.answer()?;
        match decode::<FromVm>(&mut frame) {
            Some(FromVm::Done) => Ok(()),
            Some(FromVm::Failed(failure)) => Err(ControlError::Refused(failure)),
            _ => Err(ControlError::Malformed),
        }
    }

    /// The answer to the request that was sent first and has none.
    fn answer(&mut self) -> Result<Vec<u8>, ControlError> {
        // A VM that owes answers is not waited for as long again.
        let patience = if self.due > usize::from(self.asked) { PATIENCE_AGAIN } else { self.patience };
        loop {
            let Some(frame) = self.frame(Instant::now() + patience)? else {
                self.due += 1;
                return Err(no_answer().into());
            };
            // Nobody may have waited for the first message, which answers nothing.
            if matches!(decode(&mut frame.clone()), Some(FromVm::Ready { .. })) {
                continue;
            }
            if self.due == 0 {
                return Ok(frame);
            }
            self.due -= 1;
        }
    }

    fn send(&mut self, request: &ToVm) -> Result<(), ControlError> {
        let mut buffer = [0; MESSAGE_BYTES];
        let sent = encode(request, &mut buffer).ok_or(ControlError::Refused(control::Failure::TooLong))?;
        self.stream.write_all(sent)?;
        Ok(())
    }

    /// The next message, closing zero included; none by `deadline`.
    fn frame(&mut self, deadline: Instant) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.received.iter().position(|&byte| byte == 0) {
                return Ok(Some(self.received.drain(..=end).collect()));
            }
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_micros(1));
            self.stream.set_read_timeout(Some(left))?;
            let mut buffer = [0; MESSAGE_BYTES];
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.received.extend(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() >= deadline => {
                    return Ok(None);
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_too_late_answers_nothing_else() {
        let (host, mut vm) = UnixStream::pair().unwrap();
        let mut control = Control { patience: Duration::from_millis(20), ..Control::over(host) };
        assert!(matches!(control.read("e", "h"), Err(ControlError::Io(_))));
        assert!(matches!(control.read_all(&[("e", "h"); 3]), Err(ControlError::Io(_))));
        for number in 0..6 {
            vm.write_all(encode(&FromVm::Value(&number.to_string()), &mut [0; 64]).unwrap()).unwrap();
        }
        assert_eq!(control.read("e", "h").unwrap(), "4");
        assert_eq!(control.read("e", "h").unwrap(), "5");
    }
}
