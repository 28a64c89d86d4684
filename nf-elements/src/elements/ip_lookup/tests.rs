// SPDX-License-Identifier: Apache-2.0

use crate::configure::{Configure, Surroundings, configure};
use crate::elements::{LinearIpLookup, RadixIpLookup, StaticIpLookup};
use crate::testing::{ListIo, packet, read};
use crate::{Element, HandlerError, Route};

const OUTPUTS: Surroundings =
    Surroundings { name: "", inputs: 1, outputs: 3, ports: &[], hosts: &[], information: &[], stores: &[] };

/// The data and memory of an element with these arguments.
fn parts<E: Configure>(arguments: &[&str]) -> (&'static [u8], &'static mut [u8]) {
    let instance = configure::<E>(arguments, &OUTPUTS).unwrap();
    (instance.data.leak(), vec![0; instance.memory.map_or(0, |memory| memory.count)].leak())
}

fn radix(arguments: &[&str]) -> RadixIpLookup {
    let (data, memory) = parts::<RadixIpLookup>(arguments);
    let mut element = RadixIpLookup::new(data, 3);
    element.lend(memory);
    element
}

#[test]
fn packets_go_to_their_gateway() {
    let (mut element, mut io) = (radix(&["10/8 1", "10.1/16 192.0.2.1 2"]), ListIo::new(0));
    let mut to = |address: [u8; 4]| {
        let mut packet = packet(&[0; 20]);
        packet.annotations_mut().set_destination_ipv4(address);
        let output = element.route(&mut io, 0, &mut packet);
        (output, packet.annotations().destination_ipv4())
    };
    assert_eq!(to([10, 2, 0, 1]), (Some(1), [10, 2, 0, 1]));
    assert_eq!(to([10, 1, 0, 1]), (Some(2), [192, 0, 2, 1]));
    for _ in 0..7 {
        assert_eq!(to([11, 0, 0, 1]), (None, [11, 0, 0, 1]));
    }
    assert_eq!(read(&element, "no_route"), "7");
    assert_eq!(io.printed, ["IPRouteTable: no route for 11.0.0.1"; 5]);
}

/// Click's test `iplookups-01`, with its answers.
#[test]
fn handlers_change_the_table_as_clicks_do() {
    let mut element = radix(&[]);
    let mut then = |handler: &str, value: &str| {
        let done = element.write_handler(handler, value);
        (done.is_ok(), read(&element, "lookup 18.26.4.9"))
    };
    let yes = |answer: &str| (true, answer.to_string());
    assert_eq!(then("add", "18.26/16 1.0.0.1 0"), yes("0 1.0.0.1"));
    assert_eq!(then("add", "18.26.0/18 2.0.0.2 1"), yes("1 2.0.0.2"));
    assert_eq!(then("add", "18.26.0/17 3.0.0.3 2"), yes("1 2.0.0.2"));
    assert_eq!(then("remove", "18.26.0/18 2.0.0.2 1"), yes("2 3.0.0.3"));
    assert_eq!(then("remove", "18.26.0/16 1.0.0.1 0"), yes("2 3.0.0.3"));
    assert_eq!(then("add", "18.26.0/12 4.0.0.4 0"), yes("2 3.0.0.3"));
    assert_eq!(then("remove", "18.26.0/17 3.0.0.3 2"), yes("0 4.0.0.4"));
    assert_eq!(then("add", "0.0.0.0/32 99.99.99.99 0"), yes("0 4.0.0.4"));
    assert_eq!(then("add", "18.26.4.9/32 5.0.0.5 0"), yes("0 5.0.0.5"));
    assert_eq!(then("remove", "18.26.4.9/32 5.0.0.5 0"), yes("0 4.0.0.4"));
    assert_eq!(then("add", "18.26.0/12 6.0.0.6 0"), (false, "0 4.0.0.4".into()));
    assert_eq!(then("set", "18.26.0/12 7.0.0.7 0"), yes("0 7.0.0.7"));
    assert_eq!(then("remove", "18.26.0/12 7.0.0.8 0"), (false, "0 7.0.0.7".into()));
    assert_eq!(then("add", "18.26.4/24 3"), (false, "0 7.0.0.7".into()), "no such output");
    assert_eq!(then("remove", "18.26.0/12 7.0.0.7 0"), yes("-1"));
    assert_eq!(read(&element, "table"), "0.0.0.0/32\t\t99.99.99.99\t0\n");
    assert_eq!(element.write_handler("flush", ""), Ok(()));
    assert_eq!(read(&element, "table"), "");
}

#[test]
fn ctrl_does_all_or_nothing() {
    let mut element = radix(&["10/8 0", "10.1/16 1"]);
    let before = read(&element, "table");
    let wrong = "add 10.2/16 2\nset 10.1/16 2\n\nset 10.3/16 0\nremove 10/8\nadd 10/8 9.9.9.9 2\nadd 10.2/16 1";
    assert_eq!(element.write_handler("ctrl", wrong), Err(HandlerError::BadValue));
    assert_eq!(read(&element, "table"), before);
    assert_eq!(element.write_handler("ctrl", "add 10.2/16 2\ndrop 10.2/16"), Err(HandlerError::BadValue));
    assert_eq!(read(&element, "table"), before);
    assert_eq!(element.write_handler("ctrl", " add 10.2/16 2\r\nremove 10.1/16 1\n"), Ok(()));
    assert_eq!(read(&element, "table"), "10.0.0.0/8\t\t-\t\t0\n10.2.0.0/16\t\t-\t\t2\n");
}

#[test]
fn ctrl_undoes_what_it_cannot_note() {
    let routes: Vec<_> = (0..70).map(|i| format!("10.{i}/16 1")).collect();
    let mut element = radix(&routes.iter().map(String::as_str).collect::<Vec<_>>());
    let before = read(&element, "table");
    let all: String = (0..70).map(|i| format!("remove 10.{i}/16\n")).collect();
    assert_eq!(element.write_handler("ctrl", &all), Err(HandlerError::BadValue));
    assert_eq!(read(&element, "table"), before);
}

#[test]
fn static_and_linear_tables_have_fewer_handlers() {
    let (data, memory) = parts::<StaticIpLookup>(&["10/8 0"]);
    let mut fixed = StaticIpLookup::new(data, 3);
    fixed.lend(memory);
    assert_eq!(read(&fixed, "lookup 10.0.0.1"), "0");
    assert_eq!(fixed.write_handler("add", "11/8 0"), Err(HandlerError::Unknown));
    let (data, memory) = parts::<LinearIpLookup>(&["10/8 0"]);
    let mut linear = LinearIpLookup::new(data, 3);
    linear.lend(memory);
    assert_eq!(linear.write_handler("flush", ""), Err(HandlerError::Unknown));
    assert_eq!(linear.write_handler("add", "11/8 0"), Ok(()));
}

#[test]
fn arguments_are_checked() {
    let made = |arguments: &[&str]| configure::<RadixIpLookup>(arguments, &OUTPUTS);
    let instance = made(&["10/8 0", "CAPACITY 5"]).unwrap();
    assert_eq!(instance.expression, "RadixIpLookup::new({data}, 3)");
    assert!(made(&[]).unwrap().memory.unwrap().count < 200_000);
    for wrong in [["10/8 3"], ["10/8"], ["10.0 1"]] {
        assert_eq!(made(&wrong).unwrap_err().len(), 1, "{wrong:?}");
    }
    assert_eq!(made(&["10/8 0", "11/8 0", "CAPACITY 1"]).unwrap_err().len(), 1);
}
