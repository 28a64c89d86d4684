// SPDX-License-Identifier: Apache-2.0
//! Two kernels, and what lies between them.

use anyhow::{Context, Result, ensure};
use bench::lab;
use serde::Serialize;
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between a path's opening and the first measurement.
const SETTLE: Duration = Duration::from_millis(500);
/// How long a namespace may take to appear.
const PATIENCE: Duration = Duration::from_secs(5);
/// The hosts.
const HOSTS: [&str; 2] = ["left", "right"];
/// The Ethernets between them.
const WIRE: &str = "wire";
/// Two hosts with a UDP link.
const EXAMPLE: &str = include_str!("../../../../examples/vnet.nf");
/// Their ends of it.
const LINKS: [&str; 2] = ["VnetLinks(192.0.2.1, 192.0.2.2)", "VnetLinks(192.0.2.2, 192.0.2.1)"];

/// How frames go from one kernel to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Path {
    /// Without hosts.
    Native,
    /// Through both hosts, as they are.
    Direct,
    /// Through both hosts, in UDP datagrams between them.
    Udp,
    /// Through both hosts, in a TCP connection between them.
    Tcp,
}

impl Path {
    pub const ALL: [Path; 4] = [Path::Native, Path::Direct, Path::Udp, Path::Tcp];

    pub fn name(self) -> &'static str {
        match self {
            Path::Native => "native",
            Path::Direct => "direct bridge",
            Path::Udp => "UDP",
            Path::Tcp => "TCP",
        }
    }

    /// The device `name` of this path.
    fn device(self, name: &str) -> String {
        format!("{name}{}", self as usize)
    }

    /// The name of the run.
    fn run(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// The address of the near kernel.
    fn near(self) -> String {
        format!("10.9.{}.1", self as usize)
    }

    /// That of the far one.
    pub fn far(self) -> String {
        format!("10.9.{}.2", self as usize)
    }

    /// The hosts' chain file.
    fn chain(self) -> Option<String> {
        match self {
            Path::Native => None,
            Path::Direct => Some(direct()),
            Path::Udp => Some(EXAMPLE.into()),
            Path::Tcp => Some(
                LINKS
                    .iter()
                    .fold(EXAMPLE.into(), |text: String, link| text.replace(link, &link.replace(')', " 9000 tcp)"))),
            ),
        }
    }
}

/// Hosts that route as those of examples/vnet.nf do, with the Ethernet itself as their link.
fn direct() -> String {
    let host = |name: &str| {
        format!(
            "vm {name} {{
               vnet :: VnetRouter(1, any any link 0 interface any, any any interface 0 link any);
               FromDevice({name}_lan, PROMISC true) -> vnet -> ToDevice({name}_lan);
               FromDevice(wire, PROMISC true) -> [1] vnet [1] -> ToDevice(wire);
             }}\n"
        )
    };
    let hosts = host("left") + &host("right");
    format!("network left_lan, right_lan, wire;\n{hosts}chain left_lan <-> left <-> wire <-> right <-> right_lan;\n")
}

/// The two kernels and all that may be between them.
pub struct Site {
    sluice: PathBuf,
    folder: PathBuf,
    mtu: u32,
    /// What keeps the far kernel's namespace.
    far: Option<Child>,
}

impl Site {
    /// Builds the hosts, while registries can still be reached.
    pub fn build(sluice: &FilePath, folder: &FilePath, mtu: u32) -> Result<Site> {
        let site = Site { sluice: sluice.into(), folder: folder.into(), mtu, far: None };
        for path in Path::ALL {
            if let Some(chain) = path.chain() {
                eprintln!("bench-vnet: building {}", path.name());
                fs::write(site.file(path), chain)?;
                site.sluice(&["build", &text(&site.file(path)), "-o", &text(&site.output(path))])?;
            }
        }
        Ok(site)
    }

    /// Makes the far namespace, from the one that is the near kernel's.
    pub fn join(&mut self) -> Result<()> {
        let far = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"])
            .stdin(Stdio::null())
            .spawn()
            .context("cannot run unshare")?;
        let far = self.far.insert(far);
        let namespace = |process: &str| fs::read_link(format!("/proc/{process}/ns/net"));
        let deadline = Instant::now() + PATIENCE;
        while namespace(&far.id().to_string())? == namespace("self")? {
            ensure!(Instant::now() < deadline, "unshare makes no network namespace");
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Brings all paths up, their hosts driven as `mode` says.
    pub fn open(&self, mode: &str) -> Result<()> {
        Path::ALL.iter().try_for_each(|path| self.open_path(*path, mode))?;
        sleep(SETTLE);
        Ok(())
    }

    /// Takes them down.
    pub fn close(&self) -> Result<()> {
        Path::ALL.iter().try_for_each(|path| self.close_path(*path))
    }

    /// Brings `path` up between the kernels, with an Ethernet of its own.
    fn open_path(&self, path: Path, mode: &str) -> Result<()> {
        let [near, far, left, right, wire] = ["near", "far", "left", "right", WIRE].map(|name| path.device(name));
        lab::ip(&["link", "add", &wire, "type", "bridge"])?;
        lab::ip(&["link", "set", &wire, "up"])?;
        if path == Path::Native {
            for (end, port) in [(&near, &left), (&far, &right)] {
                lab::ip(&["link", "add", end, "type", "veth", "peer", "name", port])?;
                lab::ip(&["link", "set", port, "up"])?;
            }
        } else {
            [&near, &far, &left, &right].into_iter().try_for_each(|tap| lab::tap(tap))?;
        }
        for port in [&left, &right] {
            lab::ip(&["link", "set", port, "master", &wire])?;
        }
        if path != Path::Native {
            let taps = [("left_lan", near), ("right_lan", far), ("left.wire", left), ("right.wire", right)];
            let taps = taps.map(|(port, tap)| format!("{port}={tap}"));
            let (file, output, run) = (text(&self.file(path)), text(&self.output(path)), path.run());
            let mut words = vec!["run", &file, "-o", &output, "--name", &run, "--detach", "--accel", "tcg"];
            words.extend(taps.iter().flat_map(|tap| ["--tap", tap]));
            self.sluice(&words)?;
            for host in HOSTS {
                self.sluice(&["ctl", &format!("{run}/{host}"), "write", "machine.mode", mode])?;
            }
        }
        self.kernels(path)
    }

    /// Gives the kernels their ends. Both send every frame by itself, and none that a device would have to cut up.
    fn kernels(&self, path: Path) -> Result<()> {
        let (near, far, mtu) = (path.device("near"), path.device("far"), self.mtu.to_string());
        let single = ["mtu", mtu.as_str(), "gso_max_segs", "1", "up"];
        lab::ip(&["addr", "replace", &format!("{}/24", path.near()), "dev", &near])?;
        lab::ip(&[&["link", "set", &near][..], &single].concat())?;
        let process = self.far.as_ref().context("the far namespace is there")?.id().to_string();
        lab::ip(&["link", "set", &far, "netns", &process])?;
        let there = |words: &[&str]| run(self.far()?.arg("ip").args(words));
        there(&["addr", "replace", &format!("{}/24", path.far()), "dev", &far])?;
        there(&[&["link", "set", &far][..], &single].concat()).map(drop)
    }

    /// How often each host has halted per frame that it received: what a frame costs in wake-ups. None of a path without hosts.
    pub fn halts(&self, path: Path) -> Result<Option<[f64; 2]>> {
        if path == Path::Native {
            return Ok(None);
        }
        let number = |host: &str, handler: &str| -> Result<f64> {
            let host = format!("{}/{host}", path.run());
            let text = self.sluice(&["ctl", &host, "read", &format!("machine.{handler}")])?;
            text.trim().parse().with_context(|| format!("{host} tells no number of {handler}: {text}"))
        };
        let mut halts = [0.0; 2];
        for (halts, host) in halts.iter_mut().zip(HOSTS) {
            let frames = number(host, "received_0")? + number(host, "received_1")?;
            *halts = number(host, "sleeps")? / frames.max(1.0);
        }
        Ok(Some(halts))
    }

    fn close_path(&self, path: Path) -> Result<()> {
        let delete = |name: &str| lab::ip(&["link", "del", &path.device(name)]);
        if path != Path::Native {
            self.sluice(&["stop", &path.run()])?;
            run(self.far()?.args(["ip", "link", "del", &path.device("far")]))?;
            delete("left")?;
        }
        // A veth takes its other end with it.
        ["near", "right", WIRE].into_iter().try_for_each(delete)
    }

    /// A command that runs at the far kernel's.
    pub fn far(&self) -> Result<Command> {
        let far = self.far.as_ref().context("the far namespace is there")?.id().to_string();
        let mut command = Command::new("nsenter");
        command.args(["--net", "--target", &far]);
        Ok(command)
    }

    /// Runs the command: what it prints.
    fn sluice(&self, arguments: &[&str]) -> Result<String> {
        run(Command::new(&self.sluice).args(arguments).env("SLUICE_RUN_DIR", self.folder.join("run")))
    }

    fn file(&self, path: Path) -> PathBuf {
        self.folder.join(format!("{path:?}.nf"))
    }

    fn output(&self, path: Path) -> PathBuf {
        self.folder.join(format!("{path:?}"))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for path in Path::ALL {
            let _ = self.sluice(&["stop", &path.run()]);
        }
        if let Some(far) = &mut self.far {
            let _ = far.kill();
            let _ = far.wait();
        }
    }
}

/// Runs a command: what it prints.
fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {:?}", command.get_program()))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{:?}: {}", command.get_program(), complaint.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn text(path: &FilePath) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_has_the_links_that_become_tcps() {
        let chain = Path::Tcp.chain().expect("it has hosts");
        assert_eq!((chain.matches(" 9000 tcp);").count(), EXAMPLE.matches(" tcp);").count()), (2, 0));
    }
}
