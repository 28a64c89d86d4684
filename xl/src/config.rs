// SPDX-License-Identifier: Apache-2.0
//! What `xl` reads of a domain: xl.cfg(5), xl-network-configuration(5).

use std::fmt::Write;

/// A PVH domain with one virtual processor.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its name.
    pub name: String,
    /// Its image's path.
    pub kernel: String,
    /// Its RAM.
    pub memory_mib: u32,
    /// Its network devices; links between domains are none.
    pub vifs: Vec<Vif>,
    /// The socket of its control channel.
    pub control: String,
    /// What is done when it ends.
    pub on_end: OnEnd,
}

/// A network device.
#[derive(Clone, Debug)]
pub struct Vif {
    /// Which: `device/vif/NUMBER`.
    pub number: usize,
    /// Its address.
    pub mac: [u8; 6],
    /// What dom0's end of it hangs on.
    pub attachment: Attachment,
}

/// What dom0's end of a vif hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// A bridge of dom0, by dom0's own script.
    Bridge(String),
    /// Nothing: no script runs, and [`crate::prepare`] does what one would do.
    Nothing,
}

/// What is done when a domain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnEnd {
    /// An `xl` in the background destroys it, or begins it anew if it crashed.
    Restart,
    /// An `xl` in the background destroys it.
    Destroy,
    /// It stays, for who looks after it: `xl create -e`.
    Stay,
}

impl Config {
    /// The file.
    pub fn text(&self) -> String {
        let vifs: Vec<_> = self.vifs.iter().map(|vif| format!("'{}'", vif.text())).collect();
        let Config { name, kernel, memory_mib, control, .. } = self;
        let mut text = format!("name = \"{name}\"\ntype = \"pvh\"\nkernel = \"{kernel}\"\nmemory = {memory_mib}\n");
        // In MiB, what Xen makes the domain's page tables of. By itself xl gives a page for each MiB of the domain, too few for one
        // below 18 MiB: its special pages lie just below 4 GiB and take tables of their own.
        text += "shadow_memory = 1\nvcpus = 1\n";
        if !vifs.is_empty() {
            let _ = writeln!(text, "vif = [ {} ]", vifs.join(", "));
        }
        // xl 4.17 takes the first channel of a list for the console itself, and refuses it.
        let _ =
            writeln!(text, "channel = [ 'connection=pty,name=spare', 'connection=socket,path={control},name=sluice' ]");
        let on_crash = match self.on_end {
            OnEnd::Restart => "restart",
            OnEnd::Destroy => "destroy",
            OnEnd::Stay => return text,
        };
        let _ = write!(text, "on_poweroff = \"destroy\"\non_reboot = \"destroy\"\non_crash = \"{on_crash}\"\n");
        text
    }
}

impl Vif {
    /// Its address, as one writes it.
    pub fn address(&self) -> String {
        self.mac.map(|byte| format!("{byte:02x}")).join(":")
    }

    fn text(&self) -> String {
        let (number, mac) = (self.number, self.address());
        let attachment = match &self.attachment {
            Attachment::Bridge(bridge) => format!("bridge={bridge}"),
            Attachment::Nothing => "script=/bin/true".into(),
        };
        format!("mac={mac},devid={number},{attachment}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vif_has_its_number_and_what_it_hangs_on() {
        let vif = Vif { number: 2, mac: [0, 0x16, 0x3e, 1, 2, 0xff], attachment: Attachment::Bridge("lan".into()) };
        assert_eq!(vif.text(), "mac=00:16:3e:01:02:ff,devid=2,bridge=lan");
        assert_eq!(
            Vif { attachment: Attachment::Nothing, ..vif }.text(),
            "mac=00:16:3e:01:02:ff,devid=2,script=/bin/true"
        );
    }
}
