//! What expressions parse to.

use super::Tree;
use super::outline::outline;

fn parsed(source: &str) -> String {
    match Tree::parse(source) {
        Ok(tree) => outline(&tree.root),
        Err(error) => format!("{error}"),
    }
}

#[test]
fn steps_become_paths_with_their_marks() {
    let cases = [
        ("a", "<a>"),
        ("a.b.c", "<a b c>"),
        ("a.\"b\"", "<a b>"),
        ("a[0].b", "<a[0] b>"),
        ("a[0][].b", "keep<a[][0] b>[]"),
        ("$x[0]", "$x?[0]"),
        ("a.$x[0]", "<a $x[0]>"),
        ("[1, 2].a.[b]", "<(array 1 2)! a (array <b>)!>"),
        ("a^(>b, c)", "<a (sort ><b> <<c>)>"),
        ("a{b: c}", "<a>{<b>: <c>}"),
        ("a@$x.b#$i[0]#$j", "<a~@x b~#i[0][#j]>"),
        ("$x#$i", "<$x~#i>"),
        ("*.%", "<*~^!0 %!0>"),
        ("and.or", "<and or>"),
        ("`a b`.c", "<a b c>"),
    ];
    for (source, expected) in cases {
        assert_eq!(parsed(source), expected, "{source}");
    }
}

#[test]
fn operators_bind_by_their_power() {
    let cases = [
        ("1 + 2 * 3", "(+ 1 (* 2 3))"),
        ("a or b and c = d", "(or <a> (and <b> (= <c> <d>)))"),
        ("-1", "-1"),
        ("-a.b", "(neg <a b>)"),
        ("a * * ", "(* <a> *)"),
        ("$a := $b := 1", "(bind a (bind b 1))"),
        ("a ? b : c ? d", "(if <a> <b> (if <c> <d>))"),
        ("[1..3, a]", "(array (.. 1 3) <a>)"),
        ("a ~> $f(1) ~> $g", "(~> (~> <a> (call $f 1)) $g)"),
        ("$f(?, /a/i)", "(partial $f ? /a/)"),
        ("| a | {b: 1}, 'c' |", "(transform <a> (object <b>: 1) \"c\")"),
        ("a /* note */ in b", "(in <a> <b>)"),
    ];
    for (source, expected) in cases {
        assert_eq!(parsed(source), expected, "{source}");
    }
}

#[test]
fn a_parent_has_the_name_of_the_step_whose_context_it_is() {
    let cases = [
        ("a.b.%.c", "<a b~^!0 %!0 c>"),
        ("a.b[%.c]", "<a b~^!0[<%!0 c>]>"),
        ("a.b.(%.c + %.d)", "<a b~^!0 (block (+ <%!0 c> <%!0 d>))>"),
        ("a.b.c.%.%", "<a b~^!1 c~^!0 %!0 %!1>"),
        ("(a.b).%", "<(block <a b~^!0>~)~ %!0>"),
    ];
    for (source, expected) in cases {
        assert_eq!(parsed(source), expected, "{source}");
    }
}

#[test]
fn calls_in_tail_position_are_marked() {
    let cases = [
        ("function($x){ $f($x) }", "(lambda x -> (tail (call $f $x)))"),
        ("\u{3bb}($x){ $x ? $f() : 1 + $g() }", "(lambda x -> (if $x (tail (call $f )) (+ 1 (call $g ))))"),
        ("function(){ ($f(); $g()) }", "(lambda  -> (block (call $f ) (tail (call $g ))))"),
        ("function(){ $f()[0] }", "(lambda  -> (call $f )?[0])"),
    ];
    for (source, expected) in cases {
        assert_eq!(parsed(source), expected, "{source}");
    }
}

#[test]
fn errors_say_what_and_where() {
    let cases = [
        ("", 0, "S0207: Unexpected end of expression"),
        ("[1", 2, "S0203: Expected \"]\" before end of expression"),
        ("[1 2]", 4, "S0202: Expected \"]\", got 2"),
        ("(a b)", 4, "S0202: Expected \")\", got \"b\""),
        ("a b", 3, "S0201: Syntax error: \"b\""),
        ("a true", 6, "S0201: Syntax error: true"),
        ("a ?? b", 4, "S0211: The symbol \"?\" cannot be used as a unary operator"),
        ("a ?: b", 4, "S0211: The symbol \":\" cannot be used as a unary operator"),
        ("a ! b", 3, "S0204: Unknown operator: \"!\""),
        ("'\\q'", 2, "S0103: Unsupported escape sequence: \\\"q\""),
        ("1e999", 0, "S0102: Number out of range: \"1e999\""),
        ("function(a){1}", 10, "S0208: Parameter 1 of function definition must be a variable name (start with $)"),
        ("a := 1", 1, "S0212: The left side of := must be a variable name (start with $)"),
        ("a.1", 3, "S0213: The literal value 1 cannot be used as a step within a path expression"),
        ("a@b", 3, "S0214: The right side of \"@\" must be a variable name (start with $)"),
        ("a[0]@$b", 5, "S0215: A context variable binding must precede any predicates on a step"),
        ("a^(b)@$c", 6, "S0216: A context variable binding must precede the 'order-by' clause on a step"),
        ("$a{b: c}[0]", 9, "S0209: A predicate cannot follow a grouping expression in a step"),
        ("a{b: c}{d: e}", 8, "S0210: Each step can only have one grouping expression"),
        ("function($a)<s<n>>{1}", 15, "S0401: Type parameters can only be applied to functions and arrays"),
        ("'\u{1f600}' & $eval('1')", 12, "S0901: The function $eval is not supported"),
        ("$states := 1", 10, "S0902: The reserved variable $states cannot be assigned"),
        ("function($states){1}", 9, "S0902: The reserved variable $states cannot be assigned"),
        ("a@$states", 1, "S0902: The reserved variable $states cannot be assigned"),
        ("a[0]#$states", 1, "S0902: The reserved variable $states cannot be assigned"),
    ];
    for (source, position, expected) in cases {
        let error = Tree::parse(source).err();
        let found = error.as_ref().map(|error| (error.position(), error.to_string()));
        assert_eq!(found, Some((Some(position), expected.to_owned())), "{source}");
    }
}

#[test]
fn variables_are_free_unless_they_are_bound_around() {
    let cases = [
        ("$a + $b", "a:2 b:7"),
        ("$ + $$", ""),
        ("($a := 1; $a + $b)", "b:17"),
        ("($a := $a)", "a:9"),
        ("($f := function($n){ $f($n) }; $f(1))", ""),
        ("($f := function(){ $g() }; $g := function(){ $f() }; $f())", ""),
        ("(($a := 1); $a)", "a:14"),
        ("a@$x#$i[$x = $i].($x)", ""),
        ("$sum(function($x){ $x }($y))", "sum:4 y:26"),
    ];
    for (source, expected) in cases {
        let found = Tree::parse(source).map(|tree| {
            let shown: Vec<_> =
                tree.variables().into_iter().map(|(name, position)| format!("{name}:{position}")).collect();
            shown.join(" ")
        });
        assert_eq!(found.as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn plain_paths_are_known() {
    let cases = [
        ("$states.input.a", Some("states input a")),
        ("a.b", Some(" a b")),
        ("$.a", Some(" a")),
        ("$$", Some("")),
        ("$x", Some("x")),
        ("a[]", None),
        ("a[0].b", None),
        ("$x.$y", None),
        ("a@$b", None),
        ("a{b: c}", None),
        ("a.*", None),
    ];
    for (source, expected) in cases {
        let found = Tree::parse(source).ok().and_then(|tree| tree.plain).map(|path| {
            let names = path.variable.iter().map(|name| &**name).chain(path.members.iter().map(|name| &**name));
            let names = names.collect::<Vec<_>>().join(" ");
            if path.variable.is_none() && !names.is_empty() { format!(" {names}") } else { names }
        });
        assert_eq!(found.as_deref(), expected, "{source}");
    }
}

fn deep(source: &str) -> &'static str {
    match Tree::parse(source) {
        Ok(tree) => {
            tree.variables();
            "parsed"
        }
        Err(error) => error.code(),
    }
}

#[test]
fn what_nests_too_deeply_is_refused() {
    for part in [
        "(",
        "[",
        "-",
        "{\"a\":",
        "{",
        "function(){",
        "1?",
        "1?2:",
        "a.(",
        "a[",
        "$f(",
        "$a:=",
        "a^(",
        "|",
        "a.",
        "1+",
        "a&",
        "a~>",
        "%.(",
        "%.",
        "a@$x.",
        "a{b:",
    ] {
        let code = deep(&part.repeat(20_000));
        assert!(matches!(code, "S0903" | "S0211" | "S0210" | "S0901"), "{part}: {code}");
    }
    for (first, more) in [("a", "[0]"), ("$f", "()"), ("a", "#$i"), ("a", "@$x"), ("a", "^(b)"), ("a", ".b[]")] {
        assert_eq!(deep(&format!("{first}{}", more.repeat(20_000))), "S0903", "{more}");
    }
    for (open, close) in [("(", ")"), ("[", "]"), ("a.(%.", ")"), ("function(){", "}"), ("a[", "]"), ("{'a':", "}")] {
        assert_eq!(deep(&format!("{}1{}", open.repeat(9_000), close.repeat(9_000))), "S0903", "{open}");
    }
}

#[test]
fn long_chains_and_deep_nests_are_parsed() {
    for (part, last) in
        [("a.", "a"), ("1+", "1"), ("a&", "a"), ("a ~> ", "a"), ("a and ", "a"), ("-", "a"), ("1?2:", "3")]
    {
        assert_eq!(deep(&(part.repeat(4_900) + last)), "parsed", "{part}");
    }
    let cases = [("(", ")"), ("[", "]"), ("{'a':", "}"), ("function(){", "}"), ("$f(", ")"), ("a[", "]"), ("a.(", ")")];
    for (open, close) in cases {
        let levels = 2_400;
        assert_eq!(deep(&format!("{}a{}", open.repeat(levels), close.repeat(levels))), "parsed", "{open}");
    }
}

#[test]
fn what_is_too_long_is_refused() {
    assert_eq!(deep(&" ".repeat((256 << 10) + 1)), "S0904");
}
