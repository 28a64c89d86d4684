// SPDX-License-Identifier: Apache-2.0
//! A picture as SVG 1.1.

use super::layout::{Kind, LINE, MARGIN, Node, Picture, Route, WIDTH};
use std::fmt::Write;

/// Colours of chains (Okabe and Ito, 2008: also for those who do not see all colours).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
/// The colour of what is no named chain.
const PLAIN: &str = "#777777";
/// Between two chains side by side.
const APART: i32 = 8;

/// Draws it.
pub fn draw(picture: &Picture) -> String {
    let Picture { width, height, .. } = picture;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    let named: Vec<&Route> = picture.routes.iter().filter(|route| route.name.is_some()).collect();
    for route in picture.routes.iter().filter(|route| route.name.is_none()) {
        line(&mut text, picture, route, PLAIN, 0);
    }
    for (index, route) in named.iter().enumerate() {
        let aside = (2 * index as i32 - named.len() as i32 + 1) * APART / 2;
        line(&mut text, picture, route, COLOURS[index % COLOURS.len()], aside);
    }
    picture.nodes.iter().for_each(|node| boxed(&mut text, node));
    for (index, route) in named.iter().enumerate() {
        let y = height - MARGIN - LINE * (named.len() - 1 - index) as i32;
        let (colour, name) = (COLOURS[index % COLOURS.len()], escaped(route.name.as_deref().unwrap_or_default()));
        let (from, to, at) = (MARGIN, MARGIN + 28, MARGIN + 36);
        let _ = writeln!(text, "<path d=\"M{from} {} H{to}\" stroke=\"{colour}\" stroke-width=\"2\"/>", y - 4);
        let _ = writeln!(text, "<text x=\"{at}\" y=\"{y}\">{name}</text>");
    }
    text + "</svg>\n"
}

/// A chain through its boxes, with an arrow's head where it ends, and where it begins if it leads back, too.
fn line(text: &mut String, picture: &Picture, route: &Route, colour: &str, aside: i32) {
    let mut path = String::new();
    let stops: Vec<&Node> = route.stops.iter().map(|stop| &picture.nodes[*stop]).collect();
    for pair in stops.windows(2) {
        for (index, points) in picture.way(pair[0], pair[1], aside).windows(2).enumerate() {
            let ((x, y), (to_x, to_y)) = (points[0], points[1]);
            let bend = ((to_x - x).abs() / 2).max(APART);
            let _ = match index % 2 {
                0 => write!(path, "M{x} {y} C{} {y} {} {to_y} {to_x} {to_y} ", x + bend, to_x - bend),
                _ => write!(path, "H{to_x} "),
            };
        }
    }
    let _ = writeln!(text, "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>", path.trim_end());
    if let (Some(first), Some(last)) = (stops.first(), stops.last()) {
        head(text, last.x, last.middle() + aside, -1, colour);
        if !route.one_way {
            head(text, first.x + WIDTH, first.middle() + aside, 1, colour);
        }
    }
}

/// An arrow's head whose tip is at `x`, `y`.
fn head(text: &mut String, x: i32, y: i32, away: i32, colour: &str) {
    let back = x + 8 * away;
    let _ = writeln!(text, "<path d=\"M{x} {y} L{back} {} L{back} {} Z\" fill=\"{colour}\"/>", y - 4, y + 4);
}

fn boxed(text: &mut String, node: &Node) {
    let (fill, border, round) = match node.kind {
        Kind::Network => ("#e8f1e4", "stroke=\"#5b7f4b\"", 16),
        Kind::Service => ("#eef2f8", "stroke=\"#44597a\"", 4),
        Kind::Gate => ("#f7f7f7", "stroke=\"#777777\" stroke-dasharray=\"4 3\"", 4),
    };
    let (x, y, height, middle) = (node.x, node.y, node.height(), node.x + WIDTH / 2);
    let _ = writeln!(
        text,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{height}\" rx=\"{round}\" fill=\"{fill}\" {border}/>"
    );
    let name = escaped(&node.name);
    let _ = writeln!(text, "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{name}</text>", y + 21);
    for (line, (replica, runs)) in node.replicas.iter().enumerate() {
        let colour = if *runs { "#44597a" } else { "#aaaaaa" };
        let (at, name) = (y + 21 + LINE * (line as i32 + 1), escaped(replica));
        let _ = writeln!(
            text,
            "<text x=\"{middle}\" y=\"{at}\" text-anchor=\"middle\" font-size=\"11\" fill=\"{colour}\">{name}</text>"
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
