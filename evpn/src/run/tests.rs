// SPDX-License-Identifier: Apache-2.0
//! Two speakers with TCP between.

use super::*;
use crate::table::tests::Recorded;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// A port that nobody has.
fn free_port(address: &str) -> u16 {
    TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port()
}

struct Thread {
    asking: Asking,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Recorded>,
}

fn start(last: u8, ports: [u16; 2], more: &str, learned: &str) -> Thread {
    let other = 3 - last;
    let (port, other_port) = (ports[usize::from(last) - 1], ports[usize::from(other) - 1]);
    let text = format!(
        "as = 6500{last}\nrouter-id = '127.0.0.{last}'\nvtep = '10.9.0.{last}'\nlisten = ['127.0.0.{last}:{port}']\n
         poll-ms = 50\n[[neighbor]]\naddress = '127.0.0.{other}'\nas = 6500{other}\nport = {other_port}\n
         local-address = '127.0.0.{last}'\n{more}\n[[vni]]\nid = 100\n"
    );
    let running = Running::listen(Config::parse("test", &text).unwrap()).unwrap();
    let (asking, stop) = (running.asking(), Arc::new(AtomicBool::new(false)));
    let (stopping, mut vtep) = (stop.clone(), Recorded { learned: learned.into(), ..Recorded::default() });
    let thread = std::thread::spawn(move || {
        running.run(&mut vtep, || stopping.load(Ordering::Relaxed), |_| {});
        vtep
    });
    Thread { asking, stop, thread }
}

impl Thread {
    fn until(&self, what: &str, condition: impl Fn(&State) -> bool) -> State {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let state = self.asking.state().expect("it runs");
            if condition(&state) {
                return state;
            }
            assert!(Instant::now() < deadline, "{what}: {state:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn stop(self) -> Recorded {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn two_speakers_meet_part_and_meet_again() {
    let ports = [free_port("127.0.0.1"), free_port("127.0.0.2")];
    let first = start(1, ports, "", "");
    let second = start(2, ports, "", "100 02:00:00:00:00:05 10.0.0.5\n");
    let state = first.until("entries", |state| state.installed.len() == 3);
    let (neighbor, mac) = (&state.neighbors[0], "mac_add 100 02:00:00:00:00:05 10.9.0.2 moves".to_string());
    assert_eq!((neighbor.state.as_str(), neighbor.received, neighbor.announced), ("established", 3, 1));
    assert!(state.installed.contains(&mac), "{state:?}");
    assert_eq!(state.announced, ["127.0.0.1:1 [3]:[0]:[10.9.0.1]"]);
    second.until("a host", |state| state.neighbors[0].announced == 3);
    let vtep = second.stop();
    assert!(vtep.entries.is_empty(), "{:?}", vtep.entries);
    let state = first.until("no entries", |state| state.installed.is_empty());
    assert!(state.neighbors[0].error.as_ref().unwrap().contains("(6/2)"), "{state:?}");
    // It only waits for connections, so the first one has to try again.
    let second = start(2, ports, "passive = true", "");
    first.until("entries again", |state| state.installed.len() == 1);
    second.stop();
    assert_eq!(first.stop().entries.len(), 0);
}

#[test]
fn strangers_are_not_spoken_with_and_a_port_that_is_taken_is_told() {
    use std::io::Read;
    let ports = [free_port("127.0.0.1"), free_port("127.0.0.2")];
    let one = start(1, ports, "passive = true", "");
    let mut stranger = TcpStream::connect(("127.0.0.1", ports[0])).unwrap();
    assert_eq!(stranger.read(&mut [0; 1]).unwrap(), 0);
    let text =
        format!("as = 65001\nrouter-id = '127.0.0.1'\nvtep = '127.0.0.1'\nlisten = ['127.0.0.1:{}']\n", ports[0]);
    let error = Running::listen(Config::parse("test", &text).unwrap()).err().unwrap();
    assert!(error.to_string().starts_with(&format!("cannot listen at 127.0.0.1:{}", ports[0])), "{error}");
    one.stop();
}
