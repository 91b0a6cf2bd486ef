//! Expressions that want to take everything: each ends with an error, within its budget, on the stack of an ordinary thread.

use stepwell_asl::jsonata::{Error, Expression, Limits, Turn};
use stepwell_asl::{Chance, Timestamp, Value};

/// Small enough for the debug build to reach it soon.
const LIMITS: Limits = Limits { memory: 16 << 20, work: 2_000_000, depth: 2_000 };

fn evaluate(source: &str, limits: Limits) -> Result<Option<Value>, Error> {
    let source = source.to_string();
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let evaluation = thread.spawn(move || {
        let mut chance = Chance::from_seed([1; 4]);
        let mut turn = Turn { now: Timestamp(0), chance: &mut chance, limits };
        Expression::compile(&source)?.evaluate(Some(&Value::empty_object()), &(), &mut turn)
    });
    evaluation.expect("a thread starts").join().expect("no expression may panic")
}

/// Each source ends with one of the codes.
fn check(sources: &[&str], codes: &[&str]) {
    for source in sources {
        let shown: String = source.chars().take(80).collect();
        match evaluate(source, LIMITS) {
            Err(error) => assert!(codes.contains(&error.code()), "{shown}: {error}"),
            Ok(value) => panic!("{shown}: came to {value:?}"),
        }
    }
}

#[test]
fn what_grows_without_end_meets_the_limit_of_memory_or_work() {
    check(
        &[
            "$pad('x', 1e10)",
            "$pad('x', -1e10)",
            "$pad('x', 1e300, 'ab')",
            "$reduce([1..40], function($a, $b) { $a & $a }, 'xxxxxxxx')",
            "$reduce([1..40], function($a, $b) { $append($a, $a) }, [1, 2])",
            "$reduce([1..40], function($a, $b) { [$a, $a] }, [1, 2]).**",
            "$reduce([1..40], function($a, $b) { {'a': $a, 'b': $a} }, 1)",
            "$string($reduce([1..40], function($a, $b) { {'a': $a, 'b': $a} }, 1))",
            "[1..1e6].([1..1e6])",
            "[1..1e4].([1..1e4])",
            "$map([1..1e7], function($x) { {'x': $x} })",
            "$replace($pad('', 1e5, 'a'), 'a', $pad('', 1e4, 'b'))",
            "$join($map([1..1e5], function($x) { $pad('', 1e4) }))",
            "$split($pad('', 2e6, 'a'), '')",
            "($f := function($x) { $f([$x, $x]) }; $f(1))",
            "($f := function($n) { $f($n + 1) }; $f(0))",
            "$map([1..1e6], function($x) { function($y) { $x } })",
            "$zip([1..1e6], [1..1e6], [1..1e6])",
            "$spread($merge([1..1e5].{$string($): $}))",
            "$sort([1..1e6], function($a, $b) { $a < $b })",
            "$base64encode($pad('', 1.2e7, 'x'))",
            "$encodeUrlComponent($pad('', 1.2e7, '%'))",
            "[1..1e4]^(-$)^($)^(-$)^($)^(-$)^($)^(-$)^($)^(-$)^($)",
            "$formatNumber(1, $pad('0', 1e8, '0'))",
            "$formatBase(1e308, 2) & $pad('', 1e9)",
            "$distinct([1..1e6].($ * 2))",
            "$partition([1..1e6], 1)",
        ],
        &["U1001", "D1001"],
    );
    check(&["[1..10000001]", "[-1e12..1e12]"], &["D2014"]);
}

#[test]
fn what_calls_itself_without_end_meets_the_limit_of_depth() {
    check(
        &[
            "($f := function($n) { 1 + $f($n + 1) }; $f(0))",
            "($f := function($n) { [$f($n)] }; $f(0))",
            "($f := function($n) { $map([1], $f) }; $f(0))",
            "($f := function($n) { $n ~> $f ~> $f }; $f(0))",
            "($f := function($a, $b) { $reduce([1, 2], $f) }; $f())",
            "($f := function($g, $n) { $n = 0 ? $g : $f($g ~> $string, $n - 1) }; $f($string, 100000))",
            "($f := function($g, $n) { $n = 0 ? $g : $f($substring(?, $g), $n - 1) }; $f(1, 100000))",
            "$reduce([1..100000], function($a, $i) { {'a': $a} }, 1)",
            "$reduce([1..100000], function($a, $i) { $a.(function() { 1 }) }, 1)",
        ],
        &["U1001"],
    );
}

#[test]
fn chains_of_functions_are_dropped_without_recursion() {
    for source in [
        "($f := $reduce([1..20000], function($f, $i) { function($x) { $f } }, 1); $f := 1; $f)",
        "($f := function($g, $n) { $n = 0 ? $g : $f($g ~> $string, $n - 1) }; $h := $f($string, 300); $h := 1; $h)",
    ] {
        let found = evaluate(source, LIMITS).map(|value| value.map(|value| value.to_string()));
        assert_eq!(found, Ok(Some("1".to_string())), "{source}");
    }
}

#[test]
fn regular_expressions_that_backtrack_end() {
    let text = "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'";
    for pattern in
        ["/(a+)+$/", "/(a|aa)+$/", "/^(([a-z])+.)+[A-Z]([a-z])+$/", "/(?=(a+)+$)a/", "/(a+)\\1+$/", "/(.*a){20}$/"]
    {
        match evaluate(&format!("$match({text}, {pattern})"), LIMITS) {
            Ok(_) => {}
            Err(error) => assert!(["U1001", "S0303"].contains(&error.code()), "{pattern}: {error}"),
        }
    }
}

#[test]
fn deep_texts_are_refused_and_long_ones_are_not() {
    let deep = |open: &str| open.repeat(100_000);
    for source in [
        deep("("),
        deep("["),
        deep("-"),
        deep("{'a':"),
        deep("a["),
        deep("a?"),
        deep("function($x){"),
        deep("$f("),
        deep("a.("),
        deep("|"),
        format!("1{}", "+1".repeat(100_000)),
        format!("a{}", ".a".repeat(100_000)),
        format!("a{}", "&a".repeat(100_000)),
        format!("a{}", "[0]".repeat(80_000)),
        format!("a{}", "^(b)".repeat(60_000)),
        format!("a{}", "~>$f".repeat(60_000)),
        format!("a{}", " := a".repeat(50_000)),
        format!("a{}", "{b:c}".repeat(50_000)),
    ] {
        let shown: String = source.chars().take(20).collect();
        let found = evaluate(&source, LIMITS);
        // Whatever it comes to, it came to it without a crash.
        if let Err(error) = found {
            assert!(!error.text().is_empty(), "{shown}");
        }
    }
    for (source, found) in [
        (format!("1{}", "+1".repeat(1_500)), "1501"),
        (format!("$length('a'{})", "&'a'".repeat(1_500)), "1501"),
        (format!("$count([1{}])", ",1".repeat(20_000)), "20001"),
    ] {
        let value = evaluate(&source, LIMITS).map(|value| value.map(|value| value.to_string()));
        assert_eq!(value, Ok(Some(found.to_string())), "{}", source.chars().take(30).collect::<String>());
    }
}
