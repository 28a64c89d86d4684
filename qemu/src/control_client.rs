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
    /// How long the VM may take for an answer.
    patience: Duration,
}

impl Control {
    /// Connects to the socket that QEMU makes at `path`; none if it has not made it yet.
    pub fn connect(path: &Path) -> io::Result<Option<Control>> {
        match UnixStream::connect(path) {
            Ok(stream) => Control::over(stream).map(Some),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn over(stream: UnixStream) -> io::Result<Control> {
        // A QEMU that is stopped takes nothing.
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Control { stream, received: Vec::new(), asked: false, due: 0, patience: PATIENCE })
    }

    /// Connects to the VM that a host spoke with which is gone, at most within `patience`: none if there is no socket.
    pub fn take_over(path: &Path, patience: Duration) -> Result<Option<Control>, ControlError> {
        let Some(mut control) = Control::connect(path)? else { return Ok(None) };
        let deadline = Instant::now() + patience;
        // A zero ends the request that was left unfinished, and answers to others come before the one to ours.
        control.stream.write_all(&[0])?;
        let nonce = std::process::id();
        control.send(&ToVm::Hello { nonce })?;
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
        self.answer().and_then(value)
    }

    /// Reads many handlers, `(element, handler)` each, without a wait between them and within `patience` in all. What the VM refuses
    /// is none.
    pub fn read_all(
        &mut self,
        handlers: &[(&str, &str)],
        patience: Duration,
    ) -> Result<Vec<Option<String>>, ControlError> {
        let deadline = Instant::now() + patience;
        // As many as the VM's end surely holds: neither side must wait for the other to take something.
        const TOGETHER: usize = 16;
        let mut values = Vec::with_capacity(handlers.len());
        for some in handlers.chunks(TOGETHER) {
            for (element, handler) in some {
                self.send(&ToVm::Read { element, handler })?;
            }
            for left in (0..some.len()).rev() {
                let answer = self.answer_by(deadline);
                values.push(match answer.and_then(value) {
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

    /// Asks the VM to power off, and has its word that it will.
    pub fn power_off(&mut self) -> Result<(), ControlError> {
        self.done(&ToVm::PowerOff)
    }

    /// Asks the VM to power off, without waiting for its word: its end tells as much.
    pub fn begin_power_off(&mut self) -> Result<(), ControlError> {
        self.send(&ToVm::PowerOff)
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
        self.answer_by(Instant::now() + self.patience)
    }

    fn answer_by(&mut self, deadline: Instant) -> Result<Vec<u8>, ControlError> {
        loop {
            let Some(frame) = self.next_answer(deadline)? else {
                self.due += 1;
                return Err(no_answer().into());
            };
            if self.due == 0 {
                return Ok(frame);
            }
            self.due -= 1;
        }
    }

    /// The next answer, whatever it answers; none by `deadline`.
    fn next_answer(&mut self, deadline: Instant) -> io::Result<Option<Vec<u8>>> {
        loop {
            let frame = self.frame(deadline)?;
            // Nobody may have waited for the first message, which answers nothing.
            let ready = |frame: &Vec<u8>| matches!(decode(&mut frame.clone()), Some(FromVm::Ready { .. }));
            if !frame.as_ref().is_some_and(ready) {
                return Ok(frame);
            }
        }
    }

    /// Sends a request. A VM that owes answers gets none before it has given them: it is not waited for as long again, and what
    /// it does not take never fills the channel.
    fn send(&mut self, request: &ToVm) -> Result<(), ControlError> {
        let deadline = Instant::now() + PATIENCE_AGAIN;
        while self.due > usize::from(self.asked) {
            self.next_answer(deadline)?.ok_or_else(no_answer)?;
            self.due -= 1;
        }
        let mut buffer = [0; MESSAGE_BYTES];
        let sent = encode(request, &mut buffer).ok_or(ControlError::Refused(control::Failure::TooLong))?;
        self.stream.write_all(sent).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => no_answer(),
            _ => error,
        })?;
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

/// The value that an answer brings.
fn value(mut frame: Vec<u8>) -> Result<String, ControlError> {
    match decode::<FromVm>(&mut frame) {
        Some(FromVm::Value(value)) => Ok(value.into()),
        Some(FromVm::Failed(failure)) => Err(ControlError::Refused(failure)),
        _ => Err(ControlError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_too_late_answers_nothing_else() {
        let (mut control, mut vm) = channel();
        assert!(matches!(control.read("e", "h"), Err(ControlError::Io(_))));
        assert!(matches!(control.read_all(&[("e", "h"); 3], TICK), Err(ControlError::Io(_))));
        answer(&mut vm, 0..1);
        // The VM has given what it owed, so it is asked again, but only one of three comes in time.
        let late = std::thread::spawn(move || {
            std::thread::sleep(TICK);
            answer(&mut vm, 1..2);
            vm
        });
        assert!(matches!(control.read_all(&[("e", "h"); 3], 3 * TICK), Err(ControlError::Io(_))));
        let mut vm = late.join().unwrap();
        answer(&mut vm, 2..6);
        assert_eq!(control.read("e", "h").unwrap(), "4");
        assert_eq!(control.read("e", "h").unwrap(), "5");
    }

    #[test]
    fn a_vm_that_takes_nothing_is_asked_once_and_never_blocks() {
        let (mut control, mut vm) = channel();
        for _ in 0..4 {
            assert!(matches!(control.read("e", "h"), Err(ControlError::Io(_))));
        }
        vm.set_nonblocking(true).unwrap();
        let mut buffer = [0; 4096];
        let length = vm.read(&mut buffer).unwrap();
        assert_eq!(buffer[..length].iter().filter(|&&byte| byte == 0).count(), 1, "requests");
        // Nor does one that fills the socket before it owes anything: it has its time for each write.
        control.due = 0;
        control.stream.set_write_timeout(Some(TICK)).unwrap();
        let value = "x".repeat(4000);
        let full =
            (0..1000).find_map(|_| control.send(&ToVm::Write { element: "e", handler: "h", value: &value }).err());
        assert!(full.unwrap().to_string().contains("does not answer"));
    }

    const TICK: Duration = Duration::from_millis(20);

    /// A channel whose VM may take a tick, and that VM's end.
    fn channel() -> (Control, UnixStream) {
        let (host, vm) = UnixStream::pair().unwrap();
        (Control { patience: TICK, ..Control::over(host).unwrap() }, vm)
    }

    fn answer(vm: &mut UnixStream, numbers: std::ops::Range<u32>) {
        for number in numbers {
            vm.write_all(encode(&FromVm::Value(&number.to_string()), &mut [0; 64]).unwrap()).unwrap();
        }
    }
}
