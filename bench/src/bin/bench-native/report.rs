// SPDX-License-Identifier: Apache-2.0
//! What was measured, as a table.

use crate::pipelines::{Generator, Pipeline};
use serde::Serialize;
use std::fmt::Write;

/// All pipelines.
#[derive(Default, Serialize)]
pub struct Report {
    /// In order of measurement.
    pub pipelines: Vec<Measured>,
}

/// The samples of one pipeline.
#[derive(Serialize)]
pub struct Measured {
    /// Its name.
    pub name: String,
    #[serde(skip)]
    generator: Generator,
    #[serde(skip)]
    is_generator: bool,
    /// Instructions per packet of ours.
    pub instructions: f64,
    /// ns of CPU per packet of each run of ours, generator included.
    pub ours_ns: Vec<f64>,
    /// The same of the Click.
    pub click_ns: Vec<f64>,
}

impl Measured {
    /// No runs yet.
    pub fn new(pipeline: &Pipeline, instructions: f64) -> Self {
        Measured {
            name: pipeline.name.clone(),
            generator: pipeline.generator,
            is_generator: pipeline.body.is_empty(),
            instructions,
            ours_ns: Vec::new(),
            click_ns: Vec::new(),
        }
    }
}

fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

impl Report {
    /// Medians, the generator's cost subtracted in the columns `net`.
    pub fn table(&self) -> String {
        let mut text = String::from(
            "| pipeline | instructions | ours, ns | net | Click, ns | net | rate | rate, net |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        );
        for one in &self.pipelines {
            let own = self.pipelines.iter().find(|other| other.is_generator && other.generator == one.generator);
            let net = |ns: Option<f64>, base: Option<f64>| ns.zip(base).map(|(ns, base)| ns - base);
            let (ours, click) = (median(&one.ours_ns), median(&one.click_ns));
            let ours_net = net(ours, own.and_then(|own| median(&own.ours_ns)));
            let click_net = net(click, own.and_then(|own| median(&own.click_ns)));
            let ratio = |ours: Option<f64>, click: Option<f64>| {
                let ratio = ours.zip(click).filter(|(ours, click)| *ours > 0.3 && *click > 0.3);
                ratio.map_or("–".into(), |(ours, click)| format!("{:.1} ×", click / ours))
            };
            let number = |value: Option<f64>| value.map_or("–".into(), |value| format!("{value:.1}"));
            let _ = writeln!(
                text,
                "| {} | {:.0} | {} | {} | {} | {} | {} | {} |",
                one.name,
                one.instructions,
                number(ours),
                if one.is_generator { "–".into() } else { number(ours_net) },
                number(click),
                if one.is_generator { "–".into() } else { number(click_net) },
                ratio(ours, click),
                if one.is_generator { "–".into() } else { ratio(ours_net, click_net) },
            );
        }
        text
    }
}
