// SPDX-License-Identifier: Apache-2.0
//! t
#![forbid(unsafe_code)]
mod boot; mod frame; mod lab; mod linux; mod load; mod machine; mod peer; mod port; mod rules; mod search; mod stop; mod vmm;
use std::time::Duration;
fn main() -> anyhow::Result<()> {
    let peer = peer::prepare(std::path::Path::new("/root/.cache/sluice/peer"), &[10,100,1000])?;
    lab::enter()?; stop::watch()?;
    use linux::Job::*; use rules::RuleKind::*; use machine::Machine::*;
    if std::env::args().nth(1).is_some() { lab::pin(&[0])?; }
    for (m, job) in [(Microvm, Bridge), (Q35, Bridge), (Pc, Bridge), (Q35, BridgeFirewall(SourceHost, 100)), (Q35, RouteFirewall(SourceHost, 100))] {
        let ends = frame::Ends { from: lab::IN_STATION, to: if job.routes() { linux::NIC_MACS[0] } else { lab::OUT_STATION }, source: [10,0,0,2], destination: [10,0,1,2] };
        let q = linux::command(&peer, m, job, 128);
        match boot::until_first_frame(&q, true, &ends, lab::OUT, Duration::from_secs(10)) {
            Err(e) => println!("{m:?} {job:?}: {e:#}"),
            Ok((vm, took)) => {
                println!("{m:?} {job:?}: boot {:.1} ms", took.as_secs_f64()*1e3);
                let l = load::Load::new(&ends, 64, lab::OUT);
                std::thread::sleep(Duration::from_millis(500));
                if !job.routes() { l.introduce(&ends)?; }
                for _ in 0..2 { println!("  {:?}", l.trial(&vm, load::Rate::Saturate, Duration::from_secs(1))?); }
                println!("  {:?}", l.trial(&vm, load::Rate::Pps(60e3), Duration::from_secs(1))?);
            }
        }
    }
    Ok(())
}
