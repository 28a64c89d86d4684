// SPDX-License-Identifier: Apache-2.0
//! Prints the alerts of rule files over a capture as EVE JSON: `alerts [--ips] CAPTURE RULES…`.

#[path = "../tests/capture/mod.rs"]
mod capture;

use capture::Rig;
use ids::Mode;

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let in_line = arguments.first().is_some_and(|first| first == "--ips");
    arguments.drain(..usize::from(in_line));
    let [capture, rules @ ..] = arguments.as_slice() else {
        eprintln!("usage: alerts [--ips] CAPTURE RULES…");
        std::process::exit(2);
    };
    let read = |name: &String| std::fs::read(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let files: Vec<(String, String)> =
        rules.iter().map(|name| (name.clone(), String::from_utf8_lossy(&read(name)).into_owned())).collect();
    let mut rig = Rig::new(&files, if in_line { Mode::Ips } else { Mode::Ids });
    eprintln!("{}", rig.report);
    rig.run(&read(capture), |alert| println!("{}", capture::line(alert)));
    eprintln!("{:?}", rig.counters());
}
