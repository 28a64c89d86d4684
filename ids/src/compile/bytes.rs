// SPDX-License-Identifier: Apache-2.0
//! `byte_test`, `byte_jump`, `byte_extract`, `byte_math` and `isdataat`.
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::draft::{Draft, Test, integer};
use crate::code::{Number, Op, Value};

/// The fields of a keyword's value.
fn fields(value: &str) -> Vec<&str> {
    value.split(',').map(str::trim).collect()
}

fn length(text: &str) -> Result<u8, String> {
    integer(text)
        .and_then(|bytes| u8::try_from(bytes).ok())
        .filter(|bytes| *bytes <= 23)
        .ok_or_else(|| format!("`{text}` bytes are no number's length"))
}

fn value(bytes: &str, offset: &str, draft: &Draft) -> Result<Value, String> {
    Ok(Value { bytes: length(bytes)?, offset: draft.number(offset)?, relative: false, little: false, base: 0, mask: 0 })
}

/// Reads what all four keywords share; `false` if `field` is something else.
fn shared(field: &str, value: &mut Value) -> Result<bool, String> {
    match field {
        "relative" => value.relative = true,
        "big" => value.little = false,
        "little" => value.little = true,
        "string" => value.base = if value.base == 0 { 10 } else { value.base },
        "hex" => value.base = 16,
        "dec" => value.base = 10,
        "oct" => value.base = 8,
        "dce" => return Err("`dce` is not supported".into()),
        other => match other.strip_prefix("bitmask") {
            Some(mask) => value.mask = mask_of(mask.trim())?,
            None => return Ok(false),
        },
    }
    Ok(true)
}

fn mask_of(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    u32::from_str_radix(digits, 16).ok().filter(|mask| *mask > 0).ok_or_else(|| format!("`{text}` is no mask"))
}

fn check(value: &Value) -> Result<(), String> {
    match (value.base, value.bytes) {
        (0, 1..=8) | (8 | 10 | 16, 1..=23) => Ok(()),
        (_, bytes) => Err(format!("a number of {bytes} bytes cannot be read")),
    }
}

fn unknown(keyword: &str, field: &str) -> String {
    format!("`{field}` is no option of `{keyword}`")
}

/// `byte_test:BYTES,[!]OPERATOR,VALUE,OFFSET[,…]`
pub fn byte_test(text: &str, draft: &mut Draft) -> Result<(), String> {
    let fields = fields(text);
    let [bytes, operator, with, offset, options @ ..] = fields.as_slice() else {
        return Err("byte_test:bytes,operator,value,offset".into());
    };
    let mut value = value(bytes, offset, draft)?;
    let (negated, operator) = match operator.strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, *operator),
    };
    let operator = match operator {
        "<" | ">" | "=" | "&" | "^" => operator.as_bytes()[0],
        "" if negated => b'=',
        "<=" => b'l',
        ">=" => b'g',
        other => return Err(format!("`{other}` is no comparison")),
    };
    for field in options {
        if !shared(field, &mut value)? {
            return Err(unknown("byte_test", field));
        }
    }
    check(&value)?;
    let with = draft.number(with)?;
    draft.test(Test::Op(Op::ByteTest { value, negated, operator, with }))
}

/// `byte_jump:BYTES,OFFSET[,…]`
pub fn byte_jump(text: &str, draft: &mut Draft) -> Result<(), String> {
    let fields = fields(text);
    let [bytes, offset, options @ ..] = fields.as_slice() else { return Err("byte_jump:bytes,offset".into()) };
    let mut value = value(bytes, offset, draft)?;
    let (mut multiplier, mut align, mut from, mut post) = (1, false, 0, Number::Constant(0));
    for field in options {
        match field.split_once(' ').map_or((*field, ""), |(name, rest)| (name, rest.trim())) {
            ("multiplier", number) => multiplier = self::multiplier(number)?,
            ("align", _) => align = true,
            ("from_beginning", _) => from = 1,
            ("from_end", _) => from = 2,
            ("post_offset", number) => post = draft.number(number)?,
            _ if shared(field, &mut value)? => {}
            _ => return Err(unknown("byte_jump", field)),
        }
    }
    // A jump of no bytes goes by its offset alone.
    if value.bytes > 0 {
        check(&value)?;
    }
    draft.test(Test::Op(Op::ByteJump { value, multiplier, align, from, post }))
}

fn multiplier(text: &str) -> Result<u16, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| format!("`{text}` is no multiplier"))
}

/// `byte_extract:BYTES,OFFSET,NAME[,…]`
pub fn byte_extract(text: &str, draft: &mut Draft) -> Result<(), String> {
    let fields = fields(text);
    let [bytes, offset, name, options @ ..] = fields.as_slice() else {
        return Err("byte_extract:bytes,offset,name".into());
    };
    let mut value = value(bytes, offset, draft)?;
    let (mut multiplier, mut align) = (1, 0);
    for field in options {
        match field.split_once(' ').map_or((*field, ""), |(name, rest)| (name, rest.trim())) {
            ("multiplier", number) => multiplier = self::multiplier(number)?,
            ("align", "2") => align = 2,
            ("align", "4") => align = 4,
            _ if shared(field, &mut value)? => {}
            _ => return Err(unknown("byte_extract", field)),
        }
    }
    check(&value)?;
    let variable = draft.variable(name)?;
    draft.test(Test::Op(Op::ByteExtract { value, multiplier, align, variable }))
}

/// `byte_math:bytes N, offset N, oper O, rvalue N, result NAME[, …]`
pub fn byte_math(text: &str, draft: &mut Draft) -> Result<(), String> {
    let (mut bytes, mut offset, mut operator, mut with, mut result) = (None, None, None, None, None);
    let mut value = Value { bytes: 0, offset: Number::Constant(0), relative: false, little: false, base: 0, mask: 0 };
    for field in fields(text) {
        let (name, rest) = field.split_once(' ').map_or((field, ""), |(name, rest)| (name, rest.trim()));
        match name {
            "bytes" => bytes = Some(length(rest)?),
            "offset" => offset = Some(draft.number(rest)?),
            "oper" => operator = Some(arithmetic(rest)?),
            "rvalue" => with = Some(draft.number(rest)?),
            "result" => result = Some(rest.to_string()),
            "endian" | "string" if shared(rest, &mut value)? => {}
            _ if shared(field, &mut value)? => {}
            _ => return Err(unknown("byte_math", field)),
        }
    }
    let missing = "byte_math:bytes n, offset n, oper o, rvalue n, result name";
    value.bytes = bytes.ok_or(missing)?;
    value.offset = offset.ok_or(missing)?;
    check(&value)?;
    let (operator, with) = (operator.ok_or(missing)?, with.ok_or(missing)?);
    let variable = draft.variable(&result.ok_or(missing)?)?;
    draft.test(Test::Op(Op::ByteMath { value, operator, with, variable }))
}

fn arithmetic(text: &str) -> Result<u8, String> {
    match text {
        "+" | "-" | "*" | "/" => Ok(text.as_bytes()[0]),
        "<<" => Ok(b'<'),
        ">>" => Ok(b'>'),
        other => Err(format!("`{other}` is no operator")),
    }
}

/// `isdataat:[!]N[,relative][,rawbytes]`
pub fn isdataat(text: &str, draft: &mut Draft) -> Result<(), String> {
    let (negated, text) = match text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let fields = fields(text);
    let place = draft.number(fields[0])?;
    let mut relative = false;
    for field in &fields[1..] {
        match *field {
            "relative" => relative = true,
            "rawbytes" => {}
            other => return Err(unknown("isdataat", other)),
        }
    }
    draft.test(Test::Op(Op::DataAt { negated, relative, place }))
}
