//! What was probably meant where a name is not known.

/// How alike two names have to be, from 0 to 1.
const ALIKE: f64 = 0.8;

/// The name that is most like one that is not known, as a question.
pub fn among<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = unknown.to_lowercase();
    let alike = |name: &'a str| {
        let other = name.to_lowercase();
        // Of short names the first measure thinks too little.
        let slip = if strsim::osa_distance(&lower, &other) <= 1 { ALIKE } else { 0.0 };
        (strsim::jaro_winkler(&lower, &other).max(slip), name)
    };
    let best = known.into_iter().map(alike).max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, name)| format!("did you mean '{name}'?"))
}

#[cfg(test)]
mod tests {
    use super::among;

    #[test]
    fn what_is_alike_is_suggested() {
        let known = ["OrderFunction", "OrderQueue", "Prices"];
        let check = |unknown: &str, expected: Option<&str>| {
            let expected = expected.map(|name| format!("did you mean '{name}'?"));
            assert_eq!(among(unknown, known), expected, "{unknown}");
        };
        check("OrderFuncton", Some("OrderFunction"));
        check("orderqueue", Some("OrderQueue"));
        check("Price", Some("Prices"));
        check("Shipment", None);
        check("pirces", Some("Prices"));
        assert_eq!(among("Anr", ["Name", "Arn"]), Some("did you mean 'Arn'?".to_owned()));
        assert_eq!(among("x", []), None);
    }
}
