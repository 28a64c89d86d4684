// SPDX-License-Identifier: Apache-2.0
//! A view for people.

use super::super::sample::Drops;
use super::super::table::{self, bytes, duration};
use super::{ChainView, DropsView, LinkView, View};

impl View {
    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!("{}: {}, up {}\n", self.run, self.machine, duration(self.up_seconds));
        text += &self.vm_table();
        let further =
            [self.service_table(), self.chain_table(), self.drop_table(), Some(self.port_table()), self.link_table()];
        for table in further.into_iter().flatten() {
            text += "\n\n";
            text += &table;
        }
        text
    }

    /// On one line, for where lines scroll.
    pub fn line(&self) -> String {
        let vms = self.vms.iter().map(|vm| {
            let (input, output, drops) = (table::rate(vm.in_pps), table::rate(vm.out_pps), table::rate(vm.drops_pps));
            format!("{} {input} in/s, {output} out/s, {drops} dropped/s, {:.0} % CPU", vm.name, vm.cpu_percent)
        });
        vms.collect::<Vec<_>>().join("; ")
    }

    fn vm_table(&self) -> String {
        let columns =
            ["VM", "CPU", "MEMORY", "FREE BUFFERS", "DRIVEN BY", "IN/S", "OUT/S", "DROPPED/S", "UP", "RESTARTS"];
        let mut table = table::new(&columns);
        for vm in &self.vms {
            let said = |text: String| if vm.answers { text } else { "?".into() };
            table.add_row([
                vm.name.clone(),
                format!("{:.1} %", vm.cpu_percent),
                bytes(vm.memory_bytes),
                said(vm.free_buffers.to_string()),
                // In brackets how often that has changed.
                said(format!("{} ({})", if vm.polls { "polling" } else { "interrupts" }, vm.mode_switches)),
                said(table::rate(vm.in_pps)),
                said(table::rate(vm.out_pps)),
                said(table::rate(vm.drops_pps)),
                if vm.answers { duration(vm.up_seconds) } else { "no answer".into() },
                vm.restarts.to_string(),
            ]);
        }
        table::numbers(&mut table, &[1, 2, 3, 5, 6, 7, 8, 9]);
        table.trim_fmt()
    }

    fn port_table(&self) -> String {
        let mut table = table::new(&["PORT", "LEADS TO", "IN/S", "OUT/S", "IN", "OUT"]);
        for (vm, port) in self.vms.iter().flat_map(|vm| vm.ports.iter().map(move |port| (vm, port))) {
            let leads_to = port.vm.as_ref().map_or_else(|| format!("network {}", port.name), |vm| format!("VM {vm}"));
            table.add_row([
                format!("{}.{}", vm.name, port.name),
                leads_to,
                table::rate(port.in_pps),
                table::rate(port.out_pps),
                port.received.to_string(),
                port.sent.to_string(),
            ]);
        }
        table::numbers(&mut table, &[2, 3, 4, 5]);
        table.trim_fmt()
    }

    fn link_table(&self) -> Option<String> {
        let mut table = table::new(&["RING", "/S", "WAITING", "DROPPED/S", "FULL", "DOWN", "IS"]);
        // Those of spare VMs have nothing to tell.
        let used = self.links.iter().filter(|view| view.link.up || view.link.frames > 0);
        for LinkView { link, pps, dropped_pps } in used {
            table.add_row([
                format!("{} → {}", link.from, link.to),
                table::rate(*pps),
                link.waiting.to_string(),
                table::rate(*dropped_pps),
                link.dropped_full.to_string(),
                link.dropped_down.to_string(),
                if link.up { "up".into() } else { "down".into() },
            ]);
        }
        table::numbers(&mut table, &[1, 2, 3, 4, 5]);
        (!table.is_empty()).then(|| table.trim_fmt())
    }

    fn service_table(&self) -> Option<String> {
        let mut table = table::new(&["SERVICE", "VMS", "CPU", "IN/S", "OUT/S", "DROPPED/S"]);
        for service in self.services.iter().filter(|service| service.most > 1) {
            table.add_row([
                service.name.clone(),
                format!("{} of {}", service.running, service.most),
                format!("{:.1} %", service.cpu_percent),
                table::rate(service.in_pps),
                table::rate(service.out_pps),
                table::rate(service.drops_pps),
            ]);
        }
        table::numbers(&mut table, &[1, 2, 3, 4, 5]);
        (!table.is_empty()).then(|| table.trim_fmt())
    }

    fn chain_table(&self) -> Option<String> {
        let mut table = table::new(&["CHAIN", "FORWARD/S", "BACK/S", "FORWARD", "BACK"]);
        for ChainView { name, forward, back, forward_pps, back_pps } in &self.chains {
            let rates = [table::rate(*forward_pps), table::rate(*back_pps)];
            table.add_row([&[name.clone()][..], &rates, &[forward.to_string(), back.to_string()]].concat());
        }
        table::numbers(&mut table, &[1, 2, 3, 4]);
        (!table.is_empty()).then(|| table.trim_fmt())
    }

    fn drop_table(&self) -> Option<String> {
        let mut table = table::new(&["DROPPED BY", "PACKETS", "/S", "REASON"]);
        for (vm, DropsView { drops, pps }) in
            self.vms.iter().flat_map(|vm| vm.drops.iter().map(move |drops| (vm, drops)))
        {
            let Drops { element, reason, meaning, packets } = drops;
            table.add_row([
                format!("{}: {element}.{reason}", vm.name),
                packets.to_string(),
                table::rate(*pps),
                meaning.clone(),
            ]);
        }
        table::numbers(&mut table, &[1, 2]);
        (!table.is_empty()).then(|| table.trim_fmt())
    }
}
