// SPDX-License-Identifier: Apache-2.0
//! The arguments of `IPPrint`.

use super::{Contents, Fields, IpPrint};
use crate::configure::{Arguments, Configure, FromArgument, Instance, Surroundings};

/// CONTENTS or PAYLOAD.
struct Bytes(Option<Contents>);

impl FromArgument for Bytes {
    const WANTED: &'static str = "NONE, HEX or ASCII";

    fn from_argument(text: &str) -> Option<Self> {
        Some(Bytes(match text.to_ascii_uppercase().as_str() {
            "NONE" | "NO" | "FALSE" | "0" => None,
            "HEX" | "YES" | "TRUE" | "1" => Some(Contents::Hex),
            "ASCII" => Some(Contents::Ascii),
            _ => return None,
        }))
    }
}

/// Takes the arguments that say what is shown.
fn fields(arguments: &mut Arguments) -> Option<(String, Fields)> {
    let label = arguments.optional("LABEL", String::new());
    let Bytes(contents) = arguments.keyword("CONTENTS").unwrap_or(Bytes(None));
    let Bytes(payload) = arguments.keyword("PAYLOAD").unwrap_or(Bytes(None));
    if contents.is_some() && payload.is_some() {
        arguments.error_last("both CONTENTS and PAYLOAD", "one of them");
    }
    let nbytes: Option<i32> = arguments.keyword("NBYTES");
    let most: i32 = arguments.keyword("MAXLENGTH").or(nbytes).unwrap_or(1500);
    let mut flag = |name: &str, default: bool| arguments.keyword(name).unwrap_or(default);
    let fields = Fields {
        label: "",
        contents: contents.or(payload),
        payload: payload.is_some(),
        most_bytes: usize::try_from(most).unwrap_or(usize::MAX),
        id: flag("ID", false),
        ttl: flag("TTL", false),
        tos: flag("TOS", false),
        length: flag("LENGTH", false),
        timestamp: flag("TIMESTAMP", true),
        aggregate: flag("AGGREGATE", false),
        paint: flag("PAINT", false),
    };
    Some((label?, fields))
}

/// The fields as Rust has them: those that are not as by default.
fn expression(label: &str, fields: &Fields) -> String {
    let default = Fields::DEFAULT;
    let mut text = String::from("ip_print::Fields { ");
    if !label.is_empty() {
        text += &format!("label: {label:?}, ");
    }
    if let Some(contents) = fields.contents {
        text += &format!("contents: Some(ip_print::Contents::{contents:?}), ");
        text += &format!("payload: {}, most_bytes: {}, ", fields.payload, fields.most_bytes);
    }
    let flags = [
        ("id", fields.id, default.id),
        ("ttl", fields.ttl, default.ttl),
        ("tos", fields.tos, default.tos),
        ("length", fields.length, default.length),
        ("timestamp", fields.timestamp, default.timestamp),
        ("aggregate", fields.aggregate, default.aggregate),
        ("paint", fields.paint, default.paint),
    ];
    for (name, value, default) in flags {
        if value != default {
            text += &format!("{name}: {value}, ");
        }
    }
    text + "..ip_print::Fields::DEFAULT }"
}

impl Configure for IpPrint {
    fn configure(arguments: &mut Arguments, _: &Surroundings) -> Option<Instance> {
        let (label, fields) = fields(arguments)?;
        let swap = arguments.keyword("SWAP").unwrap_or(true);
        let file: Option<String> = arguments.keyword("OUTFILE");
        let _: Option<String> = arguments.keyword("CHANNEL");
        let active = arguments.keyword("ACTIVE").unwrap_or(true);
        let fields = expression(&label, &fields);
        Some(Instance::new("IpPrint", format!("IpPrint::new({fields}, {swap}, {file:?}, {active})")))
    }
}
