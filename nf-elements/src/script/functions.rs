// SPDX-License-Identifier: Apache-2.0
//! What a script computes by itself: read handlers whose argument is a list of words.

use super::arithmetic::{arithmetic, compare, remainder, sign};
use super::{Text, numbers, sprintf, words};
use crate::spec::{Handler, HandlerKind};
use core::fmt::Write;

/// Declares the functions, and with them the handlers that every script has.
macro_rules! functions {
    ($($function:ident $name:literal $doc:literal,)*; $($other:literal $kind:ident $other_doc:literal,)*) => {
        /// A function; see [`HANDLERS`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the table says it")]
        pub enum Function {
            $($function,)*
        }

        impl Function {
            /// The function of that name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Function::$function),)*
                    _ => None,
                }
            }
        }

        /// Every script's handlers.
        pub const HANDLERS: &[Handler] = &[
            $(Handler { name: $other, kind: HandlerKind::$kind, doc: $other_doc },)*
            $(Handler { name: $name, kind: HandlerKind::Read, doc: $doc },)*
        ];
    };
}

functions! {
    Add "add" "sum of the numbers",
    Sub "sub" "first number less the others",
    Min "min" "least of the numbers",
    Max "max" "greatest of the numbers",
    Mul "mul" "product of the numbers",
    Div "div" "first number divided by the others",
    Idiv "idiv" "the same, cut to a whole number",
    Mod "mod" "what remains of a division of whole numbers",
    Rem "rem" "the same with fractions",
    Neg "neg" "the number's negative",
    Abs "abs" "the number without its sign",
    Eq "eq" "whether two words are equal, as numbers if they are",
    Ne "ne" "whether they differ",
    Gt "gt" "whether the first is greater",
    Ge "ge" "whether it is not less",
    Lt "lt" "whether it is less",
    Le "le" "whether it is not greater",
    Not "not" "the truth value's opposite",
    And "and" "whether all truth values are true",
    Or "or" "whether one is",
    Nand "nand" "whether not all are",
    Nor "nor" "whether none is",
    If "if" "the second word if the first is true, else the third",
    In "in" "whether the first word is among the others",
    First "first" "the first word",
    Length "length" "number of characters",
    Unquote "unquote" "the text without quotation marks",
    Sprintf "sprintf" "the words behind the format, in that format",
    Random "random" "a random number: any, below N, or from N1 to N2",
    Now "now" "the time in seconds",
    Htons "htons" "the 16-bit number in network order",
    Htonl "htonl" "the 32-bit number in network order",
    Ntohs "ntohs" "the 16-bit number in host order",
    Ntohl "ntohl" "the 32-bit number in host order",
    ;
    "step" Write "goes past the wait at which the script stands, or past that many",
    "goto" Write "continues at the label",
    "run" ReadWrite "runs the script with these arguments; what it returns",
    "get" Read "the variable of that name",
    "set" Write "a variable and its new value",
    "shift" Read "takes the first word off the variable (args, if none is named); that word",
    "readable" Read "whether all these read handlers exist",
    "cat" Read "the file of that name",
    "catq" Read "the same, quoted",
    "kill" Read "sends the signal to these processes",
    "said" Read "what it said since, when it ran as a handler, and forgets it: for the script that called it",
    "signals" Read "the signals that it listens to, by number",
}

/// What functions need beyond their arguments.
#[derive(Clone, Copy)]
pub struct Surroundings {
    /// The clock.
    pub now_ns: u64,
    /// The state of the random numbers; not 0.
    pub random: u64,
}

/// Why a function has no value, in Click's words.
pub type Error = &'static str;

/// A value that has no room.
pub const FULL: Error = "value too long";

/// Writes what `function` makes of `arguments`.
pub fn evaluate(
    function: Function,
    arguments: &str,
    around: &mut Surroundings,
    out: &mut dyn Write,
) -> Result<(), Error> {
    use Function::*;
    let mut rest = arguments;
    let written = match function {
        Add | Sub | Min | Max | Mul | Div | Idiv => return arithmetic(function, arguments, out),
        Mod | Rem => return remainder(function, arguments, out),
        Neg | Abs => return sign(function, arguments, out),
        Eq | Ne | Gt | Ge | Lt | Le => write!(out, "{}", compare(function, arguments)?),
        Not => write!(out, "{}", !numbers::boolean(arguments).ok_or("syntax error")?),
        And | Or | Nand | Nor => write!(out, "{}", logic(function, arguments)?),
        If => {
            let condition = numbers::boolean(words::next_word(&mut rest)).ok_or("syntax error")?;
            let (then, otherwise) = (words::next_word(&mut rest), words::next_word(&mut rest));
            out.write_str(if condition { then } else { otherwise })
        }
        In => write!(out, "{}", is_among(arguments)),
        First => out.write_str(words::next_word(&mut rest)),
        Length => write!(
            out,
            "{}",
            arguments.chars().map(|one| if u32::from(one) < 256 { 1 } else { one.len_utf8() }).sum::<usize>()
        ),
        Unquote => words::unquote(arguments, out),
        Sprintf => return sprintf::sprintf(arguments, out),
        Random => write!(out, "{}", random(arguments, around)?),
        Now => write!(out, "{}.{:09}", around.now_ns / 1_000_000_000, around.now_ns % 1_000_000_000),
        Htons | Ntohs => write!(out, "{}", (word(arguments)? as u16).to_be()),
        Htonl | Ntohl => write!(out, "{}", word(arguments)?.to_be()),
    };
    written.map_err(|_| FULL)
}

/// Stops at the first value that decides; what stands behind it may be anything.
fn logic(function: Function, arguments: &str) -> Result<bool, Error> {
    let all = matches!(function, Function::And | Function::Nand);
    let (mut rest, mut result) = (arguments, all);
    while result == all && !rest.is_empty() {
        result = numbers::boolean(words::next_word(&mut rest)).ok_or("syntax error")?;
    }
    Ok(result != matches!(function, Function::Nand | Function::Nor))
}

fn is_among(arguments: &str) -> bool {
    let mut rest = arguments;
    let (mut wanted, mut word) = (Text::EMPTY, Text::EMPTY);
    // Words too long for a value are cut: they came out of one, and so are not.
    let _ = words::unquote(words::next_word(&mut rest), &mut wanted);
    while !wanted.is_empty() && !rest.is_empty() {
        word.clear();
        let _ = words::unquote(words::next_word(&mut rest), &mut word);
        if *word == *wanted {
            return true;
        }
    }
    false
}

fn word(arguments: &str) -> Result<u32, Error> {
    numbers::integer(arguments).map(|value| value as u32).ok_or("syntax error")
}

/// Marsaglia's xorshift64*, its upper bits.
fn random(arguments: &str, around: &mut Surroundings) -> Result<u64, Error> {
    let mut rest = arguments;
    let mut bound = || match words::next_word(&mut rest) {
        "" => Ok(None),
        word => numbers::unsigned(word).filter(|&bound| bound <= u32::MAX.into()).map(Some).ok_or("bad N"),
    };
    let (low, high) = match (bound()?, bound()?) {
        (None, _) => (0, 0x7fff_ffff),
        (Some(count), None) => (0, count.checked_sub(1).ok_or("bad N")?),
        (Some(low), Some(high)) if low <= high => (low, high),
        _ => return Err("bad N"),
    };
    let state = &mut around.random;
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    let number = state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
    Ok(low + ((number * (high - low + 1)) >> 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(call: &str) -> Result<String, Error> {
        let (name, arguments) = call.split_once(' ').unwrap_or((call, ""));
        let mut out = String::new();
        let mut around = Surroundings { now_ns: 1_500_000_000, random: 1 };
        evaluate(Function::named(name).unwrap(), arguments, &mut around, &mut out).map(|()| out)
    }

    #[test]
    fn values() {
        let cases = [
            ("add 1 2 3", "6"),
            ("add 1 0.5", "1.5"),
            ("add", "0"),
            ("sub 10 2 2", "6"),
            ("sub 5", "5"),
            ("min 10 6 20", "6"),
            ("max -1 6 3", "6"),
            ("mul 1 2 3", "6"),
            ("mul", "1"),
            ("div 75 2.5 5", "6"),
            ("div 1 3", "0.333333333333"),
            ("div 1 0", "inf"),
            ("idiv 60 2 5", "6"),
            ("idiv 7 2", "3"),
            ("mod 7 3", "1"),
            ("mod -7 3", "-1"),
            ("rem 7.5 2", "1.5"),
            ("neg 5", "-5"),
            ("neg -5", "5"),
            ("abs -5", "5"),
            ("abs 2.5", "2.5"),
            ("eq 10 0xA", "true"),
            ("eq 10 10.0", "true"),
            ("le 9 8", "false"),
            ("eq 10x 10x", "true"),
            ("eq \"a b\" 'a b'", "true"),
            ("lt abc abd", "true"),
            ("ge 2 2", "true"),
            ("ne 0 a", "true"),
            ("gt 3 2", "true"),
            ("not 1", "false"),
            ("and true yes 1", "true"),
            ("and", "true"),
            ("and 0 x", "false"),
            ("or 0 1", "true"),
            ("or", "false"),
            ("nand 1 1", "false"),
            ("nor 0 0", "true"),
            ("if true a b", "a"),
            ("if 0 a b", "b"),
            ("in foo bar foo", "true"),
            ("in foo bar", "false"),
            ("first \"a b\" c", "\"a b\""),
            ("length abcdef", "6"),
            ("unquote \"a\\tb\"", "a\tb"),
            ("now", "1.500000000"),
            ("htons 6", "1536"),
            ("ntohl 6", "100663296"),
            ("random 1", "0"),
            ("random 7 7", "7"),
        ];
        for (call, expected) in cases {
            assert_eq!(value(call).as_deref(), Ok(expected), "{call}");
        }
    }

    #[test]
    fn faults_are_told_in_clicks_words() {
        let cases = [
            ("add 1 x", "expected list of numbers"),
            ("mod 1", "expected two numbers"),
            ("mod 1 0.5", "expected two numbers"),
            ("mod 1 0", "division by zero"),
            ("neg x", "expected one number"),
            ("eq 1 2 3", "expected two numbers"),
            ("not x", "syntax error"),
            ("or x", "syntax error"),
            ("if x a b", "syntax error"),
            ("random 0", "bad N"),
            ("random 3 2", "bad N"),
            ("htons x", "syntax error"),
        ];
        for (call, expected) in cases {
            assert_eq!(value(call), Err(expected), "{call}");
        }
    }

    #[test]
    fn random_numbers_stay_in_bounds() {
        let mut around = Surroundings { now_ns: 0, random: 88 };
        let numbers: Vec<u64> = (0..1000).map(|_| random("3 9", &mut around).unwrap()).collect();
        assert_eq!((numbers.iter().min(), numbers.iter().max()), (Some(&3), Some(&9)));
    }
}
