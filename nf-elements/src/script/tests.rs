// SPDX-License-Identifier: Apache-2.0
//! Whole scripts, with counters for a graph.

mod noise;

use super::{Kind, Program, Text, parse};
use crate::configure::{Arguments, ConfigError, Surroundings};
use crate::elements::{self, Script};
use crate::testing::ListIo;
use crate::{Control, Element, HandlerError, Handlers};
use core::fmt::{self, Write};
use std::collections::BTreeMap;

/// Elements with a handler `count` that can be read and written, and `hello`, which says what it is given.
#[derive(Default)]
struct Counters(BTreeMap<&'static str, u64>);

impl Handlers for Counters {
    fn read(&mut self, element: &str, handler: &str, out: &mut dyn Write) -> Result<(), HandlerError> {
        let count = self.0.get(element).ok_or(HandlerError::NoElement)?;
        match handler.split_once(' ').unwrap_or((handler, "")) {
            ("count", "") => Ok(write!(out, "{count}")?),
            ("hello", who) => Ok(write!(out, "hello {who}")?),
            ("lines", _) => (0..200).try_for_each(|line| Ok(writeln!(out, "line {line}")?)),
            _ => Err(HandlerError::Unknown),
        }
    }

    fn write(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        let count = self.0.get_mut(element).ok_or(HandlerError::NoElement)?;
        *count = match handler {
            "count" => value.parse().map_err(|_| HandlerError::BadValue)?,
            _ => return Err(HandlerError::Unknown),
        };
        Ok(())
    }
}

/// A script and what is around it.
struct Bench {
    script: Script,
    io: ListIo,
    counters: Counters,
}

fn program(name: &str, kind: Kind, instructions: &[&str]) -> Result<Program, Vec<ConfigError>> {
    let class = if kind == Kind::Driver { "DriverManager" } else { "Script" };
    let mut arguments = Arguments::new(elements::class(class).unwrap().spec, instructions);
    let program = parse(&mut arguments, &Surroundings { name, ..Default::default() }, class, kind);
    let program = program.map(|program| match kind {
        Kind::Signal => Program { signals: &[10, 12], ..program },
        _ => program,
    });
    let errors = arguments.finish();
    if errors.is_empty() { Ok(program.unwrap()) } else { Err(errors) }
}

impl Bench {
    fn new(name: &str, kind: Kind, instructions: &[&str]) -> Bench {
        let program = program(name, kind, instructions).unwrap();
        let mut script = Script::new(program);
        script.lend(vec![Text::EMPTY; program.variables.len() + 2].leak());
        let counters = Counters([("c", 7), ("a/c", 8), ("a/b/d", 9), ("d", 1)].into());
        Bench { script, io: ListIo::new(0), counters }
    }

    fn run(&mut self) {
        self.script.run(&mut self.io, &mut self.counters);
    }

    fn at(&mut self, now_ns: u64) -> &str {
        self.io.now_ns = now_ns;
        self.io.written.clear();
        self.run();
        &self.io.written
    }

    fn call(&mut self, handler: &str) -> Result<String, HandlerError> {
        let mut value = String::new();
        self.script.read_running(handler, &mut self.counters, &mut value).map(|()| value)
    }

    fn write(&mut self, handler: &str, value: &str) -> Result<(), HandlerError> {
        self.script.write_running(handler, value, &mut self.counters)
    }
}

/// What an active script `s` prints at once, and its messages.
fn output(instructions: &[&str]) -> (String, Vec<String>) {
    let mut bench = Bench::new("s", Kind::Active, instructions);
    bench.run();
    (bench.io.written, bench.io.printed)
}

fn printed(instructions: &[&str]) -> String {
    let (written, messages) = output(instructions);
    assert!(messages.is_empty(), "{messages:?}");
    written
}

#[test]
fn a_loop_counts() {
    let instructions = ["set x 0", "label again", "print $x", "set x $(s.add $x 1)", "goto again $(lt $x 5)", "stop"];
    let mut bench = Bench::new("s", Kind::Active, &instructions);
    assert_eq!(bench.script.deadline_ns(), Some(0));
    bench.run();
    assert_eq!((bench.io.written.as_str(), bench.io.stopped), ("0\n1\n2\n3\n4\n", true));
    assert_eq!(bench.script.deadline_ns(), None);
    assert_eq!(bench.at(1), "");
}

#[test]
fn quotation_marks_are_kept_or_taken_off() {
    let lines = [
        ("set x $(c.count)", "7"),
        ("set x \"$(c.count)\"", "\"7\""),
        ("setq x \"$(c.count)\"", "7"),
        ("set x '$(c.count)'", "'$(c.count)'"),
        ("setq x 'a  $b' \"c\\td\"", "a  $b c\td"),
    ];
    for (instruction, expected) in lines {
        assert_eq!(printed(&[instruction, "print $x"]), format!("{expected}\n"), "{instruction}");
    }
    let (written, _) = output(&[
        "print c.count",
        "print \"c.count\"",
        "print '\"c.count\"'",
        "set x c.count",
        "print $x",
        "print $($x)",
    ]);
    assert_eq!(written, "7\nc.count\n\"c.count\"\nc.count\n7\n");
    assert_eq!(
        printed(&["print c.hello 'you'", "printq c.hello 'you'", "printn c.count", "printn \"a\\n\""]),
        "hello 'you'\nhello you\n7a\n"
    );
    let named = printed(&["set y 1", "set x1 one", "print ${x$y}", "print ${y}2$y", "print $z ${z$y}"]);
    assert_eq!(named, "one\n121\n$z ${z1}\n");
}

#[test]
fn a_scripts_own_handlers() {
    let instructions = [
        "print $(add 1 2 3)",
        "print $(htonl $(ntohl 6))",
        "write set foovar foo bar baz",
        "print $(shift foovar)",
        "print $(shift foovar)",
        "print $(get foovar)",
        "print $(s.readable s.add c.count)",
        "print $(readable c.nothing)",
        "readq length \"\\<0a 09 01>\"",
        "print $?",
    ];
    let (written, messages) = output(&instructions);
    assert_eq!(written, "6\n6\nfoo\nbar\nbaz\ntrue\nfalse\n0\n");
    assert_eq!(messages, ["s.length:", "3"]);
}

#[test]
fn elements_are_found_from_the_scripts_place_outward() {
    let mut bench = Bench::new(
        "a/b/s",
        Kind::Active,
        &["print c.count", "print d.count", "print s.add 1 1", "write c.count 3", "print x.count"],
    );
    bench.run();
    assert_eq!(bench.io.written, "8\n9\n2\n");
    assert_eq!((bench.counters.0["a/c"], bench.counters.0["c"]), (3, 7));
    assert_eq!(bench.io.printed, ["While executing 'a/b/s :: Script':", "  no element named 'x'"]);
}

#[test]
fn faults_are_told_and_passed_over() {
    let instructions = [
        "write c.nothing 1",
        "write c.count x",
        "print $?",
        "write c.count 5",
        "print $?",
        "read c.nothing",
        "print $(mod 1 0)",
        "goto l x",
        "label l",
        "print $(c.no)",
        "nothing",
    ];
    let (written, messages) = output(&instructions[..10]);
    assert_eq!(written, "-22\n0\n$(c.no)");
    assert_eq!(
        messages,
        [
            "While executing 's :: Script':",
            "  no 'c.nothing' write handler",
            "  While calling 'c.count x':",
            "    bad value",
            "  no 'c.nothing' read handler",
            "  While calling 's.mod 1 0':",
            "    division by zero",
            "  bad condition 'x'",
            "  no 'c.no' read handler",
        ]
    );
    let long = "set x $(c.lines)";
    let (_, messages) = output(&[long, "set y $x$x$x$x$x"]);
    assert_eq!(
        messages[1..],
        ["  While calling 'c.lines':", "    value too long", "  value too long: more than 1024 bytes"]
    );
    let (_, messages) = output(&["label a", "goto a"]);
    assert_eq!(messages, ["s :: Script: too many jumps, giving up"]);
    let (written, messages) = output(&["print 'a'", "errorq \"it went wrong\"", "print 'b'"]);
    assert_eq!((written.as_str(), messages[1].as_str()), ("a\n", "  it went wrong"));
}

#[test]
fn long_values_are_printed_whole() {
    let expected: String = (0..200).map(|line| format!("line {line}\n")).collect();
    assert_eq!(printed(&["print c.lines"]), expected);
    let (_, messages) = output(&["read c.lines"]);
    assert_eq!((messages.len(), messages[0].as_str(), messages[201].as_str()), (202, "c.lines:", ""));
}

#[test]
fn files_are_written_and_read() {
    let instructions = [
        "print >A 'one'",
        "print >>A \"two\"",
        "append c.count A",
        "save c.hello B",
        "printn >C $(sprintf \"%03d\" 5)",
        "print $(cat A)",
        "print $(catq C)",
        "print >- x",
        "print $(cat nothing)",
    ];
    let mut bench = Bench::new("s", Kind::Active, &instructions);
    bench.run();
    assert_eq!(bench.io.files["A"], "one\ntwo\n7\n");
    assert_eq!((bench.io.files["B"].as_str(), bench.io.files["C"].as_str()), ("hello \n", "005"));
    assert_eq!(bench.io.written, "one\ntwo\n7\n\"005\"\n");
}

#[test]
fn waits_take_time_or_a_step() {
    let instructions =
        ["print 'a'", "wait 1s", "print 'b'", "wait $(add 0.5 0.25)", "print 'c'", "pause 2", "print 'd'", "wait x"];
    let mut bench = Bench::new("s", Kind::Active, &instructions);
    assert_eq!(bench.at(0), "a\n");
    assert_eq!((bench.at(999_999_999).to_string(), bench.script.deadline_ns()), (String::new(), Some(1_000_000_000)));
    assert_eq!(bench.at(1_000_000_000), "b\n");
    assert_eq!(bench.write("step", ""), Ok(()));
    assert_eq!(bench.at(1_100_000_000), "c\n");
    assert_eq!((bench.write("step", "1"), bench.at(1_200_000_000)), (Ok(()), ""));
    assert_eq!((bench.write("step", "1"), bench.at(1_300_000_000)), (Ok(()), "d\n"));
    assert_eq!(bench.io.printed, ["While executing 's :: Script':", "  syntax error at 'wait'"]);
    assert_eq!((bench.write("goto", "nowhere"), bench.write("goto", "begin")), (Err(HandlerError::BadValue), Ok(())));
    assert_eq!(bench.at(1_400_000_000), "a\n");
    assert_eq!(bench.script.deadline_ns(), Some(2_300_000_000));
}

#[test]
fn a_passive_script_is_a_function() {
    let mut bench =
        Bench::new("s", Kind::Passive, &["export n 5", "set n $(add $n $#)", "print 'run'", "returnq \"$2\" $args"]);
    bench.run();
    assert_eq!((bench.io.written.as_str(), bench.script.deadline_ns()), ("", None));
    assert_eq!(bench.call("run a b").as_deref(), Ok("b a b"));
    assert_eq!(bench.script.deadline_ns(), Some(0));
    assert_eq!(bench.at(1), "run\n");
    assert_eq!(bench.write("run", "1 2 3"), Ok(()));
    assert_eq!(crate::testing::read(&bench.script, "n"), "10");
    assert_eq!(
        (bench.call("n"), bench.call("add 1 1"), bench.call("x")),
        (Ok("10".into()), Ok("2".into()), Err(HandlerError::Unknown))
    );
    assert_eq!(bench.write("set", "n 20"), Ok(()));
    assert_eq!(bench.call("get n").as_deref(), Ok("20"));
    assert_eq!(bench.write("set", "unknown 20"), Err(HandlerError::BadValue));
}

#[test]
fn a_proxy_answers_to_any_name() {
    let instructions =
        ["TYPE PROXY", "goto nota $(ne $0 a)", "returnq \"you called 'a' $write\"", "label nota", "error bad handler"];
    let mut bench = Bench::new("s", Kind::Active, &instructions);
    bench.run();
    assert_eq!(bench.call("a x").as_deref(), Ok("you called 'a' false"));
    assert_eq!((bench.call("b"), bench.call("add 1 2").as_deref()), (Err(HandlerError::BadValue), Ok("3")));
    assert_eq!((bench.write("a", ""), bench.write("b", "")), (Ok(()), Err(HandlerError::BadValue)));
    bench.run();
    assert_eq!(bench.io.printed.last().map(String::as_str), Some("  bad handler"));
}

#[test]
fn a_driver_delays_the_end() {
    let mut bench = Bench::new("dm", Kind::Driver, &["print 'a'", "wait_stop 2", "print 'b'", "wait 1", "print 'c'"]);
    assert_eq!(bench.at(0), "a\n");
    assert!(!bench.script.may_stop());
    assert_eq!((bench.at(1).to_string(), bench.io.stopped), (String::new(), false));
    assert!(!bench.script.may_stop());
    assert_eq!(bench.at(2), "b\n");
    assert_eq!(bench.at(3), "");
    assert_eq!((bench.at(1_000_000_002).to_string(), bench.io.stopped), ("c\n".into(), true));
    assert!(bench.script.may_stop());
}

#[test]
fn a_driver_without_instructions_lets_go_at_the_first_request() {
    let mut bench = Bench::new("dm", Kind::Driver, &[]);
    bench.run();
    assert!(!bench.io.stopped && !bench.script.may_stop());
    bench.run();
    assert!(bench.io.stopped && bench.script.may_stop());
}

#[test]
fn an_active_script_does_not_delay_the_end() {
    assert!(Bench::new("s", Kind::Active, &["pause"]).script.may_stop());
}

#[test]
fn faults_of_the_text_have_a_place() {
    let cases = [
        ("foo x", 0..3, "unknown instruction 'foo'"),
        ("goto nowhere $x", 5..12, "no label 'nowhere'"),
        ("goto nowhere $(add 1", 13..20, "a parenthesis that is not closed"),
        ("set x \"abc", 6..10, "a quotation mark \" that is not closed"),
        ("set x $(add 1", 6..13, "a parenthesis that is not closed"),
        ("set x ${a", 6..9, "a brace that is not closed"),
        ("set x", 0..5, "'set' without a value"),
        ("pause x", 6..7, "'x' steps"),
        ("label a b", 6..9, "a label that is not one word"),
        ("stop now", 5..8, "'now' behind 'stop'"),
    ];
    for (instruction, range, message) in cases {
        let errors = program("s", Kind::Active, &["print 'a'", instruction]).unwrap_err();
        assert_eq!(
            (errors.len(), &errors[0].place, errors[0].message.as_str()),
            (1, &Some((1, range)), message),
            "{instruction}"
        );
    }
    let deep = format!("set x {}{}", "$(a ".repeat(9), ")".repeat(9));
    assert!(program("s", Kind::Active, &[&deep]).unwrap_err()[0].message.contains("nested"));
    for text in ["TYPE PACKET", "TYPE SIGNAL", "TYPE ACTIVE x", "TYPE SIGNAL 99"] {
        assert!(program("s", Kind::Active, &[text]).is_err(), "{text}");
    }
    let signals = program("s", Kind::Active, &["TYPE SIGNAL INT 15", "stop"]).unwrap();
    assert_eq!((signals.kind, signals.signals), (Kind::Signal, &[2, 15][..]));
}

#[test]
fn a_program_is_an_expression() {
    let text =
        program("s", Kind::Active, &["set x \"$(add $y 1)\"", "print >>F $x", "goto end $x"]).unwrap().expression();
    for part in [
        "Instruction::Begin, Instruction::Set { variable: \"x\", unquote: false, text: &[Piece::Literal(\"\\\"\"), Piece::Call { text: ",
        "Piece::Variable { name: \"y\", source: \"$y\", quoted: false }",
        "file: Some(File { name: \"F\", append: true })",
        "Instruction::Goto { target: Target::End(Ending::End), condition: &[",
        "Instruction::Finish(Ending::End)], variables: &[\"x\"], signals: &[] }",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_reader_without_room_is_told() {
    struct Full;
    impl Write for Full {
        fn write_str(&mut self, _: &str) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    let mut bench = Bench::new("s", Kind::Passive, &["return x"]);
    let Bench { script, counters, .. } = &mut bench;
    assert_eq!(script.read_running("run", counters, &mut Full), Err(HandlerError::TooLong));
}

/// Another script as the only other element, `f`.
struct Function(Script);

impl Handlers for Function {
    fn read(&mut self, element: &str, handler: &str, out: &mut dyn Write) -> Result<(), HandlerError> {
        if element != "f" {
            return Err(HandlerError::NoElement);
        }
        self.0.read_running(handler, &mut Counters::default(), out)
    }

    fn write(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        if element != "f" {
            return Err(HandlerError::NoElement);
        }
        self.0.write_running(handler, value, &mut Counters::default())
    }
}

#[test]
fn what_a_called_script_says_comes_in_order() {
    let function = Bench::new("f", Kind::Passive, &["print \"f $args\"", "read add 1 2", "return $1"]).script;
    let mut bench = Bench::new("s", Kind::Active, &["print \"a\"", "print $(f.run 5)", "write f.run 6", "print \"b\""]);
    bench.script.run(&mut bench.io, &mut Function(function));
    assert_eq!(bench.io.written, "a\nf 5\n5\nf 6\nb\n");
    assert_eq!(bench.io.printed, ["f.add:", "3", "f.add:", "3"]);
}

#[test]
fn a_signal_runs_it_and_until_its_end_it_does_not_listen() {
    let mut bench = Bench::new("s", Kind::Signal, &["print 'one'", "wait 1s", "print 'two'"]);
    bench.run();
    assert_eq!((bench.at(1).len(), bench.script.deadline_ns()), (0, None), "nobody runs it yet");
    let usr1 = |bench: &mut Bench, at_ns| {
        bench.io.signals = 1 << 10;
        let said = bench.at(at_ns).to_string();
        bench.io.signals = 0;
        (said, bench.call("signals").unwrap())
    };
    assert_eq!(bench.call("signals").unwrap(), "10 12");
    assert_eq!(usr1(&mut bench, 2), ("one\n".into(), "".into()));
    assert_eq!(usr1(&mut bench, 3), ("".into(), "".into()));
    assert_eq!(bench.script.deadline_ns(), Some(1_000_000_002));
    assert_eq!(bench.at(1_000_000_002), "two\n");
    assert_eq!(bench.call("signals").unwrap(), "10 12");
    bench.io.signals = 1 << 2;
    assert_eq!(bench.at(1_000_000_003), "", "another signal");
}

#[test]
fn an_exit_is_the_last_time() {
    let mut bench = Bench::new("s", Kind::Signal, &["print 'one'", "exit"]);
    bench.run();
    bench.io.signals = 1 << 12;
    assert_eq!(bench.at(1), "one\n");
    assert_eq!(bench.at(2), "");
    assert_eq!(bench.call("signals").unwrap(), "");
}

#[test]
fn who_asks_for_its_signals_does_not_begin_it() {
    let mut bench = Bench::new("s", Kind::Active, &["wait 1s", "print 'late'"]);
    assert_eq!(bench.call("signals").unwrap(), "");
    assert_eq!(bench.at(5_000_000_000), "");
    assert_eq!(bench.at(5_999_999_999), "");
    assert_eq!(bench.at(6_000_000_000), "late\n");
}
