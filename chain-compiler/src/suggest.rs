// SPDX-License-Identifier: Apache-2.0
//! "Did you mean": the known name that looks most like an unknown one.

/// The candidate nearest to `found`, if one is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let found = found.to_lowercase();
    let most = (found.chars().count() / 3).max(1);
    // A distance is never below the difference of the lengths, which costs nothing.
    let candidates = candidates.into_iter().filter(|name| name.len().abs_diff(found.len()) <= most);
    let near = candidates.map(|name| (strsim::osa_distance(&found, &name.to_lowercase()), name));
    near.filter(|(distance, _)| *distance <= most && *distance < found.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The candidate most like `found`, if any is like it: for a name that is no slip of the pen.
pub(crate) fn most_alike<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.55;
    let found = found.to_lowercase();
    let likeness = |name: &'a str| (strsim::normalized_levenshtein(&found, &name.to_lowercase()), name);
    let candidates = candidates.into_iter().filter(|name| name.len().abs_diff(found.len()) * 2 <= found.len());
    let best = candidates.map(likeness).max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, name)| name)
}

/// The hint for an unknown name.
pub(crate) fn hint<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(found, candidates).map(|name| format!("did you mean '{name}'?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let names = ["Counter", "Strip", "ToDevice", "FromDevice"];
        assert_eq!(nearest("Conuter", names), Some("Counter"));
        assert_eq!(nearest("todevice", names), Some("ToDevice"));
        assert_eq!(nearest("Banana", names), None);
        assert_eq!((most_alike("CounterMP", names), most_alike("Banana", names)), (Some("Counter"), None));
    }
}
