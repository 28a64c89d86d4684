// SPDX-License-Identifier: Apache-2.0
//! The functions that calculate and compare.

use super::functions::{Error, FULL, Function};
use super::{Text, numbers, words};
use core::fmt::Write;

/// A number of either kind.
#[derive(Clone, Copy)]
enum Number {
    Whole(i64),
    Fraction(f64),
}

impl Number {
    fn parse(text: &str) -> Option<Number> {
        numbers::integer(text).map(Number::Whole).or_else(|| numbers::float(text).map(Number::Fraction))
    }

    fn fraction(self) -> f64 {
        match self {
            Number::Whole(value) => value as f64,
            Number::Fraction(value) => value,
        }
    }

    fn write(self, out: &mut dyn Write) -> Result<(), Error> {
        match self {
            Number::Whole(value) => write!(out, "{value}"),
            Number::Fraction(value) => numbers::write_float(value, out),
        }
        .map_err(|_| FULL)
    }
}

/// One fraction makes everything behind it a fraction; divisions always are.
pub fn arithmetic(function: Function, arguments: &str, out: &mut dyn Write) -> Result<(), Error> {
    let divides = matches!(function, Function::Div | Function::Idiv);
    let mut rest = arguments;
    let mut result = None;
    while !rest.trim_start().is_empty() {
        let mut number = Number::parse(words::next_word(&mut rest)).ok_or("expected list of numbers")?;
        if divides {
            number = Number::Fraction(number.fraction());
        }
        result = Some(match (result, number) {
            (None, number) => number,
            (Some(Number::Whole(left)), Number::Whole(right)) => Number::Whole(match function {
                Function::Add => left.wrapping_add(right),
                Function::Sub => left.wrapping_sub(right),
                Function::Min => left.min(right),
                Function::Max => left.max(right),
                _ => left.wrapping_mul(right),
            }),
            (Some(left), right) => Number::Fraction(fractions(function, left.fraction(), right.fraction())),
        });
    }
    let none = if matches!(function, Function::Add | Function::Sub) { 0 } else { 1 };
    match (function, result.unwrap_or(Number::Whole(none))) {
        (Function::Idiv, result) => Number::Whole(result.fraction() as i64).write(out),
        (_, result) => result.write(out),
    }
}

fn fractions(function: Function, left: f64, right: f64) -> f64 {
    match function {
        Function::Add => left + right,
        Function::Sub => left - right,
        Function::Min => {
            if left < right {
                left
            } else {
                right
            }
        }
        Function::Max => {
            if left > right {
                left
            } else {
                right
            }
        }
        Function::Mul => left * right,
        _ => left / right,
    }
}

fn two_words(arguments: &str) -> Option<(&str, &str)> {
    let mut rest = arguments;
    let (left, right) = (words::next_word(&mut rest), words::next_word(&mut rest));
    (rest.is_empty() && !right.is_empty()).then_some((left, right))
}

pub fn remainder(function: Function, arguments: &str, out: &mut dyn Write) -> Result<(), Error> {
    const TWO: Error = "expected two numbers";
    let (left, right) = two_words(arguments).ok_or(TWO)?;
    match (Number::parse(left).ok_or(TWO)?, Number::parse(right).ok_or(TWO)?) {
        (Number::Whole(_), Number::Whole(0)) => Err("division by zero"),
        (Number::Whole(left), Number::Whole(right)) => Number::Whole(left.wrapping_rem(right)).write(out),
        _ if function == Function::Mod => Err(TWO),
        (left, right) => Number::Fraction(numbers::remainder(left.fraction(), right.fraction())).write(out),
    }
}

/// Click's `abs` and `neg` differ only for positive numbers.
pub fn sign(function: Function, arguments: &str, out: &mut dyn Write) -> Result<(), Error> {
    let negate = function == Function::Neg;
    match Number::parse(arguments.trim()).ok_or("expected one number")? {
        Number::Whole(value) if negate || value < 0 => Number::Whole(value.wrapping_neg()),
        Number::Fraction(value) if negate || value < 0.0 => Number::Fraction(-value),
        number => number,
    }
    .write(out)
}

/// As numbers if both are, else as strings without their quotation marks.
pub fn compare(function: Function, arguments: &str) -> Result<bool, Error> {
    let (left, right) = two_words(arguments).ok_or("expected two numbers")?;
    let order = match (Number::parse(left), Number::parse(right)) {
        (Some(Number::Whole(left)), Some(Number::Whole(right))) => Some(left.cmp(&right)),
        (Some(left), Some(right)) => left.fraction().partial_cmp(&right.fraction()),
        _ => {
            let (mut left_text, mut right_text) = (Text::EMPTY, Text::EMPTY);
            words::unquote(left, &mut left_text).map_err(|_| FULL)?;
            words::unquote(right, &mut right_text).map_err(|_| FULL)?;
            Some(left_text.cmp(&*right_text))
        }
    };
    // Click takes numbers that have no order for greater.
    let order = order.unwrap_or(core::cmp::Ordering::Greater);
    Ok(match function {
        Function::Eq => order.is_eq(),
        Function::Ne => order.is_ne(),
        Function::Gt => order.is_gt(),
        Function::Ge => order.is_ge(),
        Function::Lt => order.is_lt(),
        _ => order.is_le(),
    })
}
