// SPDX-License-Identifier: Apache-2.0
//! Pictures: panels of bars beside each other. That of `bench` has boot times on a logarithmic scale, and rates.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use qemu::Kind;

use crate::results::{Host, Results};

/// Width of a panel, and height of all.
const PANEL: (u32, u32) = (640, 640);
const INK: RGBColor = RGBColor(40, 44, 52);
const FAINT: RGBColor = RGBColor(228, 230, 235);
/// What is compared with.
pub const LINUX: RGBColor = RGBColor(160, 168, 182);
/// What is ours.
pub const OURS: RGBColor = RGBColor(20, 120, 200);
/// What nothing can be better than, or another of ours.
pub const FLOOR: RGBColor = RGBColor(236, 160, 60);
const FONT: &str = "sans-serif";

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// A bar: whose it is (a colour), what it is, its value.
pub struct Bar {
    /// Whose it is.
    pub color: RGBColor,
    /// What it is.
    pub label: String,
    /// How long it is.
    pub value: f64,
}

/// Bars below each other.
pub struct Panel {
    /// What they show, and in which unit.
    pub title: String,
    /// The bars.
    pub bars: Vec<Bar>,
    /// Whether their scale is logarithmic.
    pub logarithmic: bool,
}

/// Draws what `bench` measures into an SVG file.
pub fn draw(path: &Path, results: &Results, place: &str, host: &Host) -> Result<()> {
    let panels = [
        Panel {
            title: "VMM exec → first forwarded frame (ms, logarithmic)".into(),
            bars: boot_bars(results),
            logarithmic: true,
        },
        Panel { title: "64 B frames at saturation (kpps)".into(), bars: rate_bars(results, place), logarithmic: false },
    ];
    sheet(path, "Sluice and a Linux VM doing the same job", host, &panels)
}

/// Draws panels beside each other into an SVG file.
pub fn sheet(path: &Path, title: &str, host: &Host, panels: &[Panel]) -> Result<()> {
    paint(path, title, host, panels).map_err(|error| anyhow!("cannot draw {}: {error}", path.display()))
}

fn paint(path: &Path, title: &str, host: &Host, panels: &[Panel]) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::new(path, (PANEL.0 * panels.len() as u32, PANEL.1)).into_drawing_area();
    root.fill(&WHITE)?;
    root.draw_text(title, &(FONT, 24).into_font().color(&INK).into_text_style(&root), (30, 18))?;
    let note = format!("{}, software emulation, {}, medians", host.processor, host.qemu);
    root.draw_text(&note, &(FONT, 14).into_font().color(&LINUX.mix(1.0)).into_text_style(&root), (30, 50))?;
    let (_, body) = root.split_vertically(80);
    for (area, panel) in body.split_evenly((1, panels.len())).iter().zip(panels) {
        draw_panel(area, panel)?;
    }
    root.present()?;
    Ok(())
}

fn boot_bars(results: &Results) -> Vec<Bar> {
    let mut bars = Vec::new();
    for kind in Kind::ALL {
        for (who, name, color) in [
            ("linux-bridge", "Linux", LINUX),
            ("sluice-bridge", "Sluice", OURS),
            ("first-instruction", "first instruction", FLOOR),
        ] {
            if let Some(value) = results.median(&format!("boot_ms/{}/{who}", kind.name())) {
                bars.push(Bar { color, label: format!("{name}, {}", kind.name()), value });
            }
        }
    }
    bars
}

fn rate_bars(results: &Results, place: &str) -> Vec<Bar> {
    let wanted = [
        ("linux-bridge", "Linux bridge", LINUX),
        ("sluice-bridge", "Sluice bridge", OURS),
        ("linux-nft-bridged-src-100", "Linux nft bridged, 100 rules", LINUX),
        ("linux-nft-routed-src-100", "Linux nft routed, 100 rules", LINUX),
        ("sluice-firewall-src-100", "Sluice firewall, 100 rules", OURS),
        ("linux-nft-routed-src-1000", "Linux nft routed, 1000 rules", LINUX),
        ("sluice-firewall-src-1000", "Sluice firewall, 1000 rules", OURS),
        ("sluice-mirror", "Sluice, mirror in place", FLOOR),
    ];
    let value = |who: &str| results.median(&format!("saturation_kpps/{place}/64/{who}"));
    let bars = wanted.iter().filter_map(|(who, label, color)| {
        value(who).map(|value| Bar { color: *color, label: (*label).to_owned(), value })
    });
    bars.collect()
}

/// Horizontal bars, labels at their left, values at their ends.
fn draw_panel(area: &Area<'_>, panel: &Panel) -> Result<(), Box<dyn std::error::Error>> {
    const LABELS: i32 = 220;
    const HEAD: i32 = 44;
    const VALUES: i32 = 70;
    let Panel { title, bars, logarithmic } = panel;
    let (width, height) = area.dim_in_pixel();
    area.draw_text(title, &(FONT, 17).into_font().color(&INK).into_text_style(area), (30, 8))?;
    if bars.is_empty() {
        let text = (FONT, 15).into_font().color(&LINUX).into_text_style(area);
        return Ok(area.draw_text("not measured in this run", &text, (30, HEAD))?);
    }
    let room = f64::from(width as i32 - LABELS - VALUES);
    let highest = bars.iter().map(|bar| bar.value).fold(1.0, f64::max);
    let scale = |value: f64| match *logarithmic {
        true => value.max(1.0).ln() / highest.ln().max(1.0) * room,
        false => value / highest * room,
    };
    for tick in ticks(highest, *logarithmic) {
        let x = LABELS + scale(tick) as i32;
        area.draw(&PathElement::new(vec![(x, HEAD), (x, height as i32 - 40)], FAINT))?;
        let style = (FONT, 13).into_font().color(&INK).pos(Pos::new(HPos::Center, VPos::Top));
        area.draw_text(&format!("{tick}"), &style, (x, height as i32 - 34))?;
    }
    let step = ((height as i32 - 40 - HEAD) / bars.len() as i32).min(64);
    for (index, bar) in bars.iter().enumerate() {
        let (top, bottom) = (HEAD + index as i32 * step + 6, HEAD + (index as i32 + 1) * step - 6);
        let (middle, end) = ((top + bottom) / 2, LABELS + scale(bar.value) as i32);
        area.draw(&Rectangle::new([(LABELS, top), (end, bottom)], bar.color.filled()))?;
        let font = (FONT, 14).into_font().color(&INK);
        area.draw_text(&bar.label, &font.pos(Pos::new(HPos::Right, VPos::Center)), (LABELS - 10, middle))?;
        let font = (FONT, 14).into_font().color(&INK);
        area.draw_text(&short(bar.value), &font.pos(Pos::new(HPos::Left, VPos::Center)), (end + 8, middle))?;
    }
    Ok(())
}

fn ticks(highest: f64, logarithmic: bool) -> Vec<f64> {
    if logarithmic {
        return [1.0, 10.0, 100.0, 1000.0, 10_000.0].into_iter().filter(|tick| *tick <= highest).collect();
    }
    let step = [10.0, 25.0, 50.0, 100.0, 250.0, 500.0].into_iter().find(|step| highest / step <= 6.0).unwrap_or(1000.0);
    (0..=(highest / step) as u32).map(|index| f64::from(index) * step).collect()
}

fn short(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}
