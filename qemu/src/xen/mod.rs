// SPDX-License-Identifier: Apache-2.0
//! A Xen to test on: Debian's hypervisor and a small Linux dom0, emulated. Nothing is installed and no root is needed.
//!
//! ```no_run
//! let bed = qemu::xen::Bed::prepare()?; // fetches 110 MB the first time
//! let mut dom0 = bed.boot(&qemu::xen::Options::default())?; // some seconds
//! dom0.copy("build/fw.elf".as_ref())?; // to /test/fw.elf
//! dom0.put("fw.cfg", 0o644, b"type='pvh'\nname='fw'\nkernel='/test/fw.elf'\nmemory=32\nvif=['bridge=lan']\n")?;
//! let outcome = dom0.run("brctl addbr lan; ip link set lan up; xl create fw.cfg; sleep 1; xl list")?;
//! print!("{}{}", outcome.stdout, String::from_utf8_lossy(&dom0.guest_console("fw")?));
//! # Ok::<(), qemu::xen::BedError>(())
//! ```
//!
//! dom0 has busybox, xl, xenstored, xenconsoled (logs of guests: `/var/log/xen/console`), the modules of netback and bridges
//! (`/modules/NAME.ko`, to load again), and QEMU as the backend of `channel=`. xl 4.17 gives the first channel of a guest the number of
//! its console and then refuses it: name another one first, as in
//! `channel=['connection=pty,name=spare', 'connection=socket,path=/run/fw,name=sluice']`. The guest finds the second one at
//! `device/console/1`, or by the `name` beside it. `sluice-link` joins two domains of ours over granted memory.

mod dom0;
mod session;

pub use session::{Dom0, Outcome};

use crate::StartError;
use crate::debian::{self, DebianError, Root};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Why there is no dom0, or no more.
#[derive(Debug, thiserror::Error)]
pub enum BedError {
    /// What it is made of.
    #[error("Xen's test-bed: {0}")]
    Debian(#[from] DebianError),
    /// Nowhere to keep it.
    #[error("Xen's test-bed: no folder for a cache: set XDG_CACHE_HOME or HOME")]
    NoCache,
    /// QEMU.
    #[error("Xen's test-bed: {0}")]
    Start(#[from] StartError),
    /// The channel to dom0's agent broke: what Xen and dom0's kernel said last.
    #[error("Xen's test-bed: dom0 is gone ({error}); its console ended with:\n{console}")]
    Gone {
        /// How.
        error: io::Error,
        /// The last lines of the console.
        console: String,
    },
    /// dom0's agent answered something else than the answer.
    #[error("Xen's test-bed: dom0's agent said {0:?}")]
    Strange(String),
    /// dom0 has no such file.
    #[error("Xen's test-bed: dom0 has no file {0}")]
    NoFile(String),
}

/// What a Xen and its dom0 are booted from.
#[derive(Clone, Debug)]
pub struct Bed {
    hypervisor: PathBuf,
    kernel: PathBuf,
    initrd: PathBuf,
}

/// The machine under Xen.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// All its memory.
    pub memory_mib: u32,
    /// What of it dom0 has.
    pub dom0_mib: u32,
    /// How long a script may run in dom0, and how long dom0 may take to boot.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options { memory_mib: 1024, dom0_mib: 384, patience: Duration::from_secs(300) }
    }
}

impl Bed {
    /// Makes what is not there yet: `$XDG_CACHE_HOME/sluice/xen`, or the same in `~/.cache`. The first time this fetches 110 MB.
    pub fn prepare() -> Result<Bed, BedError> {
        let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home).ok_or(BedError::NoCache)?;
        Bed::prepare_in(&cache.join("sluice/xen"))
    }

    fn prepare_in(cache: &Path) -> Result<Bed, BedError> {
        let root = Root::prepare(cache, &dom0::PACKAGES)?;
        let image = root.only("boot", |name| name.starts_with("vmlinuz-") && dom0::is_dom0s(name))?;
        let kernel = cache.join(image.file_name().unwrap_or_default()).with_extension("elf");
        if !kernel.exists() {
            debian::write_whole(&kernel, &debian::vmlinux(&root, &image)?)?;
        }
        let initrd = cache.join("dom0.cpio");
        debian::write_whole(&initrd, &dom0::archive(&root)?)?;
        // QEMU looks for the multiboot header of an uncompressed file.
        let image = root.only("boot", |name| name.starts_with("xen-") && name.ends_with(".gz"))?;
        let unpacked = debian::run(Command::new(root.path("bin/busybox")).args(["gzip", "-dc"]).arg(image))?;
        let hypervisor = cache.join("xen");
        debian::write_whole(&hypervisor, &unpacked.stdout)?;
        Ok(Bed { hypervisor, kernel, initrd })
    }

    /// Boots Xen and its dom0, and waits until it can be used.
    pub fn boot(&self, options: &Options) -> Result<Dom0, BedError> {
        Dom0::boot(self, options)
    }

    /// QEMU's command line: program first; Xen's console is standard output, and dom0's agent is at `agent`.
    fn command(&self, options: &Options, agent: &Path) -> Vec<String> {
        let (hypervisor, kernel, initrd) = (self.hypervisor.display(), option(&self.kernel), option(&self.initrd));
        // smap=hvm: QEMU 7.2 reads the stack of an IRET as the supervisor, so that a PV kernel, which runs in ring 3, dies under SMAP.
        // eager-fpu, and no XSAVE: its emulated SVM and lazily switched registers do not go together.
        // guest_loglvl=all: shows what guests write to port 0xE9.
        let words = format!(
            "com1=115200,8n1 console=com1 loglvl=warning guest_loglvl=all smap=hvm spec-ctrl=eager-fpu \
             dom0_mem={0}M,max:{0}M",
            options.dom0_mib
        );
        // No IPv6, whose neighbour discovery would put frames of its own on every vif.
        let kernel_words = "console=hvc0 quiet panic=-1 ipv6.disable=1 8250.nr_uarts=0 mitigations=off";
        let line: &[&str] = &[
            "qemu-system-x86_64 -name xen -nodefaults -no-user-config -no-reboot -display none -smp 1",
            // RDTSCP's intercept is reported as RDTSC's, which Xen refuses.
            "-accel tcg,thread=single -cpu max,-rdtscp,-xsave",
            "-chardev file,id=console,path=/dev/stdout -serial chardev:console",
            "-device virtio-serial-pci,max_ports=2 -device virtserialport,chardev=agent,nr=1",
        ];
        let mut line: Vec<String> = line.iter().flat_map(|part| part.split(' ')).map(str::to_string).collect();
        line.extend(["-m".into(), format!("{}M", options.memory_mib)]);
        line.extend(["-chardev".into(), format!("socket,id=agent,path={},server=on,wait=off", option(agent))]);
        line.extend(["-kernel".into(), hypervisor.to_string(), "-append".into(), words]);
        line.extend(["-initrd".into(), format!("{kernel} {kernel_words},{initrd}")]);
        line
    }
}

/// A path as part of an option, where a comma is doubled.
fn option(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}
