//! The functions of the library.

use std::sync::OnceLock;

use super::evaluate::Native;

mod aggregate;
mod array;
mod aws;
mod boolean;
mod date;
mod format_number;
mod higher_order;
mod matches;
mod matching;
mod number;
mod object;
mod picture;
mod prelude;
mod string;
mod time;
mod url;

pub use array::{appended as append, sort_with};

/// The function of this name.
pub fn find(name: &str) -> Option<&'static Native> {
    ALL.binary_search_by(|native| native.name.cmp(name)).ok().and_then(|index| ALL.get(index))
}

const fn native(name: &'static str, signature: &'static str, parameters: usize, arity: usize, call: Call) -> Native {
    Native { name, signature, parameters, arity, call, parsed: OnceLock::new() }
}

type Call = fn(&mut super::evaluate::Evaluator<'_>, &[super::item::Item]) -> Result<super::item::Item, super::Error>;

/// Every function by name: its signature, its parameters, and how many of them a higher-order function gives it.
static ALL: [Native; 69] = [
    native("abs", "<n-:n>", 1, 1, number::abs),
    native("append", "<xx:a>", 2, 2, array::append),
    native("assert", "<bs?:x>", 2, 2, object::assert),
    native("average", "<a<n>:n>", 1, 1, aggregate::average),
    native("base64decode", "<s-:s>", 1, 1, url::base64_decode),
    native("base64encode", "<s-:s>", 1, 1, url::base64_encode),
    native("boolean", "<x-:b>", 1, 1, boolean::boolean),
    native("ceil", "<n-:n>", 1, 1, number::ceil),
    native("clone", "<(oa)-:o>", 1, 1, object::clone),
    native("contains", "<s-(sf):b>", 2, 2, matching::contains),
    native("count", "<a:n>", 1, 1, aggregate::count),
    native("decodeUrl", "<s-:s>", 1, 1, url::decode_url),
    native("decodeUrlComponent", "<s-:s>", 1, 1, url::decode_component),
    native("distinct", "<x:x>", 1, 1, array::distinct),
    native("each", "<o-f:a>", 2, 2, higher_order::each),
    native("encodeUrl", "<s-:s>", 1, 1, url::encode_url),
    native("encodeUrlComponent", "<s-:s>", 1, 1, url::encode_component),
    native("error", "<s?:x>", 1, 1, object::error),
    native("exists", "<x:b>", 1, 1, boolean::exists),
    native("filter", "<af>", 2, 2, higher_order::filter),
    native("floor", "<n-:n>", 1, 1, number::floor),
    native("formatBase", "<n-n?:s>", 2, 2, number::format_base),
    native("formatInteger", "<n-s:s>", 2, 2, time::format_integer),
    native("formatNumber", "<n-so?:s>", 3, 3, format_number::format_number),
    native("fromMillis", "<n-s?s?:s>", 3, 3, time::from_millis),
    native("hash", "<xs:s>", 2, 2, aws::hash),
    native("join", "<a<s>s?:s>", 2, 2, string::join),
    native("keys", "<x-:a<s>>", 1, 1, object::keys),
    native("length", "<s-:n>", 1, 1, string::length),
    native("lookup", "<x-s:x>", 2, 2, object::lookup),
    native("lowercase", "<s-:s>", 1, 1, string::lowercase),
    native("map", "<af>", 2, 2, higher_order::map),
    native("match", "<s-f<s:o>n?:a<o>>", 3, 3, matching::find),
    native("max", "<a<n>:n>", 1, 1, aggregate::max),
    native("merge", "<a<o>:o>", 1, 1, object::merge),
    native("millis", "<:n>", 0, 0, time::millis),
    native("min", "<a<n>:n>", 1, 1, aggregate::min),
    native("not", "<x-:b>", 1, 1, boolean::not),
    native("now", "<s?s?:s>", 2, 2, time::now),
    native("number", "<(nsb)-:n>", 1, 1, number::number),
    native("pad", "<s-ns?:s>", 3, 3, string::pad),
    native("parse", "<s:x>", 1, 1, aws::parse),
    native("parseInteger", "<s-s:n>", 2, 2, time::parse_integer),
    native("partition", "<an:a<a>>", 2, 2, aws::partition),
    native("power", "<n-n:n>", 2, 2, number::power),
    native("random", "<n?:n>", 1, 0, aws::random),
    native("range", "<nnn:a<n>>", 3, 3, aws::range),
    native("reduce", "<afj?:j>", 3, 3, higher_order::reduce),
    native("replace", "<s-(sf)(sf)n?:s>", 4, 4, matching::replace),
    native("reverse", "<a:a>", 1, 1, array::reverse),
    native("round", "<n-n?:n>", 2, 2, number::round),
    native("shuffle", "<a:a>", 1, 1, array::shuffle),
    native("sift", "<o-f?:o>", 2, 2, higher_order::sift),
    native("single", "<af?>", 2, 2, higher_order::single),
    native("sort", "<af?:a>", 2, 2, array::sort),
    native("split", "<s-(sf)n?:a<s>>", 3, 3, matching::split),
    native("spread", "<x-:a<o>>", 1, 1, object::spread),
    native("sqrt", "<n-:n>", 1, 1, number::sqrt),
    native("string", "<x-b?:s>", 2, 1, string::string),
    native("substring", "<s-nn?:s>", 3, 3, string::substring),
    native("substringAfter", "<s-s:s>", 2, 2, string::substring_after),
    native("substringBefore", "<s-s:s>", 2, 2, string::substring_before),
    native("sum", "<a<n>:n>", 1, 1, aggregate::sum),
    native("toMillis", "<s-s?:n>", 2, 2, time::to_millis),
    native("trim", "<s-:s>", 1, 1, string::trim),
    native("type", "<x:s>", 1, 1, object::type_of),
    native("uppercase", "<s-:s>", 1, 1, string::uppercase),
    native("uuid", "<:s>", 0, 0, aws::uuid),
    native("zip", "<a+>", 0, 0, array::zip),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_by_name() {
        assert!(ALL.is_sorted_by_key(|native| native.name));
        assert!(ALL.iter().all(|native| find(native.name).is_some_and(|found| found.name == native.name)));
        assert!(find("eval").is_none());
    }
}
