// SPDX-License-Identifier: Apache-2.0
//! One run: the VMs and their traffic, from the first process to the report.

use super::control_socket;
use super::display::Display;
use super::fleet::Member;
use super::host::Host;
use super::layout::{Hangs, Layout};
use super::links::Link;
use super::on_qemu::{nic_sockets, user_socket};
use super::relay::Relay;
use super::report::{Recorded, Report, told};
use super::restart::Restarts;
use crate::build::{Built, Place, manifest};
use crate::cli::RunArgs;
use crate::failure::Ending;
use crate::operate::{self, Answer, Ask, Background, RunFolder, Server, State};
use crate::signals::Stop;
use anyhow::{Context, anyhow};
use scale::Service;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

mod scale;

/// How often a run is looked at: while it replays, and else.
const LOOK_REPLAY: Duration = Duration::from_millis(4);
const LOOK: Duration = Duration::from_millis(50);
/// How long all counters must stand still before a replay is over whose counts do not add up.
const STILL: Duration = Duration::from_millis(500);
/// How long a replay may go on after its last frame where nobody gave a time.
const REPLAY_PATIENCE: Duration = Duration::from_secs(60);

/// Frames to send.
pub struct Replay {
    /// In order.
    pub frames: Vec<Vec<u8>>,
    /// Where they go in.
    pub places: Vec<Place>,
}

/// Dropped in this order: VMs, threads, links, sockets.
pub struct Session {
    fleet: Vec<Member>,
    traffic: Traffic,
    links: Vec<Link>,
    server: Server,
    state: State,
    folder: RunFolder,
    host: Box<dyn Host>,
    services: Vec<Service>,
    /// Whether a VM that ends is started again.
    restarts_vms: bool,
    restarts: Restarts,
    display: Option<Display>,
}

/// The relay with its threads, which end with it.
struct Traffic {
    relay: Arc<Relay>,
    threads: Vec<JoinHandle<()>>,
    /// Sockets that QEMU makes outside our folder and leaves there.
    foreign: Vec<PathBuf>,
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.relay.stop();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        for socket in &self.foreign {
            let _ = std::fs::remove_file(socket);
        }
    }
}

/// Received and sent frames, by VM and port.
type Counts = Vec<Vec<(u64, u64)>>;

/// How a run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Done,
    Stopped,
    TooLong,
}

impl Session {
    /// Starts the VMs; they need not be ready yet.
    pub fn start(
        built: &Built,
        mut host: Box<dyn Host>,
        layout: &Layout,
        folder: RunFolder,
        args: &RunArgs,
        stop: &Stop,
    ) -> anyhow::Result<Session> {
        let relay = Arc::new(Relay::new(layout, |place| host.port(place))?);
        let foreign = layout.nics.iter().flatten().filter_map(|hangs| match hangs {
            Hangs::Socket(path) => Some(user_socket(path)),
            _ => None,
        });
        let traffic = Traffic { threads: relay.start(), relay, foreign: foreign.collect() };
        let links = Link::begin(&built.topology, layout, |place| nic_sockets(folder.path(), place).0)?;
        let (machine, accel) = host.names();
        let mut state = State::begin(folder.name(), &args.file, format!("{machine}, {accel}"), args.detach);
        state.foreign.clone_from(&traffic.foreign);
        state.services = built.manifest.services.iter().map(operate::Service::from).collect();
        let server = Server::listen(folder.path(), stop)?;
        let (fleet, restarts, services) = (Vec::new(), Restarts::default(), Service::all(&built.manifest));
        let mut session = Session {
            fleet,
            traffic,
            links,
            server,
            state,
            folder,
            host,
            services,
            restarts_vms: !args.no_restart,
            restarts,
            display: None,
        };
        built.manifest.vms.iter().try_for_each(|vm| session.add(built, vm))?;
        session.state.write(session.folder.path())?;
        let first = built.manifest.vms.iter().enumerate().filter(|(_, vm)| vm.starts).map(|(vm, _)| vm);
        let first: Vec<_> = first.collect();
        session.start_all(&first, stop)?;
        Ok(session)
    }

    /// Adds the next VM, which is not started.
    fn add(&mut self, built: &Built, planned: &manifest::Vm) -> anyhow::Result<()> {
        let image = built.folder.join(&planned.image);
        let image = std::fs::read(&image).with_context(|| format!("cannot read {}", image.display()))?;
        let ports = planned.ports.iter().map(|port| operate::Port { name: port.name.clone(), vm: port.vm.clone() });
        self.state.vms.push(operate::Vm {
            name: planned.name.clone(),
            body: None,
            control: control_socket(self.folder.path(), self.fleet.len()),
            ports: ports.collect(),
            elements: planned.elements.iter().map(operate::Element::from).collect(),
            restarts: 0,
        });
        self.fleet.push(Member::new(&planned.name, &image)?);
        Ok(())
    }

    /// Starts VMs and connects to them; they need not be ready yet.
    fn start_all(&mut self, vms: &[usize], stop: &Stop) -> anyhow::Result<()> {
        for &vm in vms {
            stop.check()?;
            self.start_vm(vm)?;
        }
        self.host.release(vms)?;
        vms.iter().try_for_each(|&vm| self.connect(vm, stop))
    }

    /// Starts VM number `vm` and notes it at once, so that it is found if we are killed.
    fn start_vm(&mut self, vm: usize) -> anyhow::Result<()> {
        self.links.iter_mut().try_for_each(|link| link.starts(vm))?;
        let member = &mut self.fleet[vm];
        // It may have run before: nothing of that may be in the way.
        member.end();
        let _ = std::fs::remove_file(control_socket(self.folder.path(), vm));
        member.start(self.host.start(vm)?);
        self.state.vms[vm].body = member.body();
        self.state.write(self.folder.path())
    }

    /// Connects to VM number `vm`, which was started.
    fn connect(&mut self, vm: usize, stop: &Stop) -> anyhow::Result<()> {
        self.fleet[vm].connect(&control_socket(self.folder.path(), vm), stop)
    }

    /// Passes traffic to the end, then reports.
    pub fn run(
        mut self,
        built: &Built,
        layout: &Layout,
        args: &RunArgs,
        replays: Vec<Replay>,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        let deadline = args.timeout.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let replaying = !replays.is_empty();
        // Not before: the reset that a driver begins with makes QEMU throw away a frame that waits.
        for member in &mut self.fleet {
            member.ready(stop)?;
        }
        self.state.ready = true;
        self.state.write(self.folder.path())?;
        let background = args.in_background.then(|| Background::enter(&self.folder)).transpose()?;
        for replay in replays {
            let thread = self.traffic.relay.replay(replay.frames, replay.places, args.repeat);
            self.traffic.threads.push(thread);
        }
        let over = if replaying { self.replay(layout, deadline, stop) } else { self.live(deadline, stop) }?;
        let names = self.host.names();
        let mut report = Report::gather(built, names, args, &mut self.fleet, &self.traffic.relay, &self.links)?;
        let off = self.power_off();
        self.show_logs();
        report.captures = self.finish(layout)?;
        report.print(args.json)?;
        off?;
        report.complete()?;
        if let Some(background) = background {
            background.leave();
        }
        match over {
            Over::Stopped if replaying => Err(Ending::Interrupted.into()),
            Over::TooLong if replaying => {
                anyhow::bail!("the replay did not come to its end in time; the report is of what passed until then")
            }
            _ => Ok(()),
        }
    }

    /// Powers all VMs off, at the same time, and kills those that do not do it: an error then, but none runs any more.
    fn power_off(&mut self) -> anyhow::Result<()> {
        self.fleet.iter_mut().for_each(Member::begin_power_off);
        let asked = Instant::now();
        let ends: Vec<_> = self.fleet.iter_mut().filter_map(|member| member.end_power_off(asked).err()).collect();
        if ends.is_empty() { Ok(()) } else { Err(anyhow!(told(&ends))) }
    }

    /// Until everything that was sent has come through, or nothing moves any more.
    fn replay(&mut self, layout: &Layout, deadline: Option<Instant>, stop: &Stop) -> anyhow::Result<Over> {
        let (mut last, mut moved, mut sent_at) = (Vec::new(), Instant::now(), None);
        loop {
            if let Some(over) = self.look(LOOK_REPLAY, deadline, stop)? {
                return Ok(over);
            }
            self.fleet.iter_mut().try_for_each(Member::watch)?;
            // The relay's own threads run until they are stopped.
            let sending =
                self.traffic.threads.len() - self.traffic.threads.iter().filter(|thread| thread.is_finished()).count();
            if sending > self.traffic.relay.served.len() {
                continue;
            }
            let sent_at = *sent_at.get_or_insert_with(Instant::now);
            let (counts, balanced) = self.counts(layout)?;
            if counts != last {
                (last, moved) = (counts, Instant::now());
            } else if balanced || moved.elapsed() > STILL {
                return Ok(Over::Done);
            }
            if deadline.is_none() && sent_at.elapsed() > REPLAY_PATIENCE {
                return Ok(Over::TooLong);
            }
        }
    }

    /// Until the user stops it or the VMs end.
    fn live(&mut self, deadline: Option<Instant>, stop: &Stop) -> anyhow::Result<Over> {
        anstream::eprintln!("running as {}; Ctrl-C ends it", self.folder.name());
        self.display = Some(Display::new());
        loop {
            if let Some(over) = self.look(LOOK, deadline, stop)? {
                self.display = None;
                return Ok(over);
            }
            for vm in 0..self.fleet.len() {
                match self.fleet[vm].watch() {
                    Err(error) if self.restarts_vms => self.start_again(vm, error, stop)?,
                    Err(error) => anstream::eprintln!("{error:#}"),
                    Ok(()) => {}
                }
            }
            self.show();
        }
    }

    /// Starts a VM again that ended with `error`, unless it does so all the time.
    fn start_again(&mut self, vm: usize, mut error: anyhow::Error, stop: &Stop) -> anyhow::Result<()> {
        loop {
            stop.check()?;
            let known = &mut self.state.vms[vm];
            self.restarts.note(&known.name, &error)?;
            known.restarts += 1;
            self.start_vm(vm)?;
            let released = self.host.release(&[vm]).and_then(|()| self.connect(vm, stop));
            match released.and_then(|()| self.fleet[vm].ready(stop)) {
                Ok(()) => {
                    self.brief(vm);
                    return Ok(());
                }
                Err(again) => error = again,
            }
        }
    }

    /// Shows what happens, if it is time.
    fn show(&mut self) {
        let Some(mut display) = self.display.take() else { return };
        if display.is_due()
            && let Answer::Sample(sample) = self.answer(&Ask::Sample)
        {
            display.show(&self.state, sample);
        }
        self.display = Some(display);
    }

    /// Answers requests for a moment and looks after everything but the VMs' ends; tells if it is over.
    fn look(&mut self, moment: Duration, deadline: Option<Instant>, stop: &Stop) -> anyhow::Result<Option<Over>> {
        let end = Instant::now() + moment;
        while !stop.asked()
            && let Some(pending) = self.server.next(end.saturating_duration_since(Instant::now()))
        {
            let answer = match &pending.ask {
                Ask::Scale { service, replicas } => self.scale(service, *replicas, stop),
                ask => self.answer(ask),
            };
            pending.answer(answer);
        }
        self.see_off()?;
        self.tell_of_ends()?;
        self.show_logs();
        self.traffic.relay.trouble()?;
        Ok(if self.fleet.iter().all(Member::is_off) {
            Some(Over::Done)
        } else if stop.asked() {
            Some(Over::Stopped)
        } else {
            deadline.filter(|&deadline| Instant::now() >= deadline).map(|_| Over::TooLong)
        })
    }

    /// Tells the links and the host which VMs do not run.
    fn tell_of_ends(&mut self) -> anyhow::Result<()> {
        for (vm, _) in self.fleet.iter().enumerate().filter(|(_, member)| member.is_off()) {
            self.host.has_ended(vm);
            self.links.iter_mut().try_for_each(|link| link.has_ended(vm))?;
        }
        Ok(())
    }

    /// The answer to a request.
    fn answer(&mut self, ask: &Ask) -> Answer {
        let targets = self.state.vms.iter().zip(&mut self.fleet);
        let targets = targets.map(|(vm, member)| operate::Target { vm, control: member.control() });
        let mut answer = operate::answer(ask, &mut targets.collect::<Vec<_>>());
        if let Answer::Sample(sample) = &mut answer {
            sample.malformed = self.server.malformed();
            sample.links = self.links.iter().flat_map(Link::sample).collect();
        }
        answer
    }

    fn show_logs(&mut self) {
        const NAME: anstyle::Style = anstyle::AnsiColor::Cyan.on_default();
        for member in &mut self.fleet {
            for line in member.log() {
                if let Some(display) = &mut self.display {
                    display.make_way();
                }
                anstream::eprintln!("{NAME}{}{NAME:#} {line}", member.name);
            }
        }
    }

    /// The counts of each NIC, and whether both ends of each cable agree on them.
    fn counts(&mut self, layout: &Layout) -> anyhow::Result<(Counts, bool)> {
        let mut counts = Vec::new();
        for (member, nics) in self.fleet.iter_mut().zip(&layout.nics) {
            let ports = (0..nics.len()).map(|port| {
                Ok((member.machine(&format!("received_{port}"))?, member.machine(&format!("sent_{port}"))?))
            });
            counts.push(ports.collect::<anyhow::Result<Vec<_>>>()?);
        }
        let relay = &self.traffic.relay;
        let served = relay.served.iter().all(|served| {
            let (received, sent) = counts[served.place.vm][served.place.port];
            received == served.sent.load(std::sync::atomic::Ordering::Relaxed)
                && sent == served.received.load(std::sync::atomic::Ordering::Relaxed)
        });
        let nics = layout.nics.iter().flatten().zip(counts.iter().flatten());
        let linked = nics.into_iter().all(|(hangs, count)| match hangs {
            Hangs::Linked(other) => count.1 == counts[other.vm][other.port].0,
            _ => true,
        });
        Ok((counts, served && linked))
    }

    /// Ends the traffic and gives the captures their names.
    fn finish(self, layout: &Layout) -> anyhow::Result<Vec<Recorded>> {
        let Session { fleet, traffic, links, folder, server, .. } = self;
        drop(fleet);
        drop(links);
        let relay = Arc::clone(&traffic.relay);
        drop(traffic);
        let relay = Arc::into_inner(relay).context("a thread of the relay did not end")?;
        let recorders = relay.recorders().zip(&layout.captures);
        let recorded = recorders.map(|(recorder, (_, attachment))| {
            let (file, frames) = recorder.finish()?;
            Ok(Recorded { port: attachment.port.clone(), file, frames })
        });
        let recorded = recorded.collect();
        drop((server, folder));
        recorded
    }
}
