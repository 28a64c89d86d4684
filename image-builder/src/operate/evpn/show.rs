// SPDX-License-Identifier: Apache-2.0
//! How it is with a speaker: it writes its state, as JSON, to whoever connects to its socket in the run's folder.

use crate::failure::usage;
use crate::operate::asking::choose_vm;
use crate::operate::table::{self, duration};
use anyhow::{Context, anyhow};
use evpn::{Asking, State};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The socket in the run's folder.
const SOCKET: &str = "evpn.sock";
/// How long a speaker may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The socket, as long as it is held.
pub struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Answers at the socket from now on. A run has one speaker.
pub fn answer(folder: &Path, asking: Asking) -> anyhow::Result<Socket> {
    let path = folder.join(SOCKET);
    if UnixStream::connect(&path).is_ok() {
        return Err(usage("somebody speaks EVPN for this run already"));
    }
    // One that was killed may have left it.
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path).with_context(|| format!("cannot make {}", path.display()))?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Some(state) = asking.state() else { return };
            let _ = stream.set_write_timeout(Some(PATIENCE));
            let _ = serde_json::to_vec(&state).map(|json| (&stream).write_all(&json));
        }
    });
    Ok(Socket(path))
}

/// The command.
pub fn command(vm: &str, json: bool) -> anyhow::Result<()> {
    let (run, _) = choose_vm(vm)?;
    let state = ask(&run.path.join(SOCKET), &run.name)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&state)?);
    } else {
        println!("{}", text(&state));
    }
    Ok(())
}

fn ask(socket: &Path, run: &str) -> anyhow::Result<State> {
    let mut stream = match UnixStream::connect(socket) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Err(usage(format!("nobody speaks EVPN for the run {run}; sluice evpn run VM CONFIG does")));
        }
        Err(error) => return Err(error).context("cannot reach the speaker"),
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).context("the speaker does not answer")?;
    serde_json::from_slice(&answer).map_err(|error| anyhow!("the speaker's answer cannot be understood: {error}"))
}

fn text(state: &State) -> String {
    let mut text = format!("AS {}, {}, VTEP {}", state.autonomous_system, state.router_id, state.vtep);
    text += &state.gone.as_ref().map(|why| format!("\nthe VTEP: {why}")).unwrap_or_default();
    text += &format!("\n\n{}", neighbors(state));
    let hosts = state.hosts.iter().map(|host| {
        let addresses = host.addresses.iter().map(|address| format!(" {address}")).collect::<String>();
        let moves = if host.sequence > 0 { format!(", moved {} times", host.sequence) } else { String::new() };
        format!("{} {}{addresses}{moves}", host.vni, host.mac)
    });
    let duplicates = state.duplicates.iter().map(|host| format!("{} {}", host.vni, host.mac));
    text += &list("hosts here", hosts);
    text += &list("hosts in several places at once", duplicates);
    text += &list("announced", state.announced.iter().cloned());
    text += &list("installed", state.installed.iter().cloned());
    text += &list("refused by the VTEP", state.refused.iter().cloned());
    text
}

fn neighbors(state: &State) -> String {
    let mut table = table::new(&["NEIGHBOUR", "AS", "STATE", "SINCE", "TOLD US", "USED", "WE TOLD", "LAST ERROR"]);
    for neighbor in &state.neighbors {
        table.add_row([
            neighbor.address.to_string(),
            neighbor.autonomous_system.to_string(),
            neighbor.state.clone(),
            duration(neighbor.since_s as f64),
            neighbor.received.to_string(),
            neighbor.imported.to_string(),
            neighbor.announced.to_string(),
            neighbor.error.clone().unwrap_or_default(),
        ]);
    }
    table::numbers(&mut table, &[1, 3, 4, 5, 6]);
    table.trim_fmt()
}

fn list(heading: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<_> = lines.map(|line| format!("\n  {line}")).collect();
    if lines.is_empty() { String::new() } else { format!("\n\n{heading}:{}", lines.concat()) }
}
