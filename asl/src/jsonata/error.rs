//! What can be wrong with an expression or its evaluation: JSONata's codes, and the texts that JSONata 2.0.6 has for them.

use std::fmt;

use super::item::Item;
use super::json;

/// An error with JSONata's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Parts>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Parts {
    code: &'static str,
    /// Where a text differs from the code's own.
    message: Option<String>,
    /// The fields that a text may show, already as JSON text.
    token: Option<String>,
    value: Option<String>,
    value2: Option<String>,
    exponent: Option<String>,
    function: Option<String>,
    kind: Option<String>,
    index: Option<usize>,
    position: Option<usize>,
}

/// Ours, not JSONata's, which hands functions to its caller.
const UNSUPPORTED_RESULT: &str = "U2001";

impl Error {
    /// An error of this code.
    pub fn new(code: &'static str) -> Error {
        Error(Box::new(Parts { code, ..Parts::default() }))
    }

    /// An evaluation that came to a function, which is no JSON.
    pub fn unsupported_result() -> Error {
        Error::new(UNSUPPORTED_RESULT).message("The result is a function, which is not JSON")
    }

    /// Whether the evaluation came to a function.
    pub fn is_unsupported_result(&self) -> bool {
        self.0.code == UNSUPPORTED_RESULT
    }

    /// Its code, such as `T0410`.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// Where in the expression, in UTF-16 units, as the reference counts.
    pub fn position(&self) -> Option<usize> {
        self.0.position
    }

    /// With a text of its own instead of the code's.
    pub fn message(mut self, message: impl Into<String>) -> Error {
        self.0.message = Some(message.into());
        self
    }

    /// With the token, operator or function it is about.
    pub fn token(mut self, token: &str) -> Error {
        self.0.token = Some(token.into());
        self
    }

    /// With a token only where it has none yet: the nearest call names the function.
    pub fn or_token(mut self, token: Option<&str>) -> Error {
        if self.0.token.is_none() {
            self.0.token = token.map(str::to_owned);
        }
        self
    }

    /// With the position, where it has none yet.
    pub fn or_position(mut self, position: usize) -> Error {
        self.0.position = self.0.position.or(Some(position));
        self
    }

    /// With the position.
    pub fn at(mut self, position: usize) -> Error {
        self.0.position = Some(position);
        self
    }

    /// With the value that was found, shown as JSON.
    pub fn value(mut self, value: &Item) -> Error {
        self.0.value = Some(json::shown(value));
        self
    }

    /// With the value that was found, as it is to be shown.
    pub fn value_text(mut self, text: impl Into<String>) -> Error {
        self.0.value = Some(text.into());
        self
    }

    /// With the second value.
    pub fn value2(mut self, value: &Item) -> Error {
        self.0.value2 = Some(json::shown(value));
        self
    }

    /// With the exponent, shown as JSON.
    pub fn exponent(mut self, value: &Item) -> Error {
        self.0.exponent = Some(json::shown(value));
        self
    }

    /// With the name of the function that was called, without its `$`.
    pub fn function(mut self, name: &str) -> Error {
        self.0.function = Some(name.into());
        self
    }

    /// With the place of the argument, from 1.
    pub fn index(mut self, index: usize) -> Error {
        self.0.index = Some(index);
        self
    }

    /// With the name of the type that was wanted.
    pub fn kind(mut self, kind: &str) -> Error {
        self.0.kind = Some(kind.into());
        self
    }

    /// The text, as JSONata 2.0.6 has it.
    pub fn text(&self) -> String {
        if let Some(message) = &self.0.message {
            return message.clone();
        }
        let quoted = |text: &Option<String>| text.as_ref().map(|text| json::quoted(text));
        let plain = |text: &Option<String>| text.clone();
        let mut text = String::new();
        let mut rest = template(self.0.code);
        while let Some(open) = rest.find('{') {
            let (before, tail) = rest.split_at(open);
            text.push_str(before);
            let Some(close) = tail.find('}') else { break };
            let shown = match &tail[1..close] {
                "token" => quoted(&self.0.token),
                "name" => plain(&self.0.token),
                "value" => plain(&self.0.value),
                "value2" => plain(&self.0.value2),
                "exp" => plain(&self.0.exponent),
                "function" => plain(&self.0.function),
                "type" => quoted(&self.0.kind),
                "index" => self.0.index.map(|index| index.to_string()),
                _ => None,
            };
            text.push_str(shown.as_deref().unwrap_or("undefined"));
            rest = &tail[close + 1..];
        }
        text.push_str(rest);
        text
    }
}

/// `T1006: Attempted to invoke a non-function`, as AWS shows it.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.text())
    }
}

impl std::error::Error for Error {}

/// A code's text: `{token}` and the like stand for what the error is about.
fn template(code: &str) -> &'static str {
    match code {
        "S0101" => "String literal must be terminated by a matching quote",
        "S0102" => "Number out of range: {token}",
        "S0103" => "Unsupported escape sequence: \\{token}",
        "S0104" => "The escape sequence \\u must be followed by 4 hex digits",
        "S0105" => "Quoted property name must be terminated with a backquote (`)",
        "S0106" => "Comment has no closing tag",
        "S0201" => "Syntax error: {token}",
        "S0202" => "Expected {value}, got {token}",
        "S0203" => "Expected {value} before end of expression",
        "S0204" => "Unknown operator: {token}",
        "S0207" => "Unexpected end of expression",
        "S0208" => "Parameter {value} of function definition must be a variable name (start with $)",
        "S0209" => "A predicate cannot follow a grouping expression in a step",
        "S0210" => "Each step can only have one grouping expression",
        "S0211" => "The symbol {token} cannot be used as a unary operator",
        "S0212" => "The left side of := must be a variable name (start with $)",
        "S0213" => "The literal value {value} cannot be used as a step within a path expression",
        "S0214" => "The right side of {token} must be a variable name (start with $)",
        "S0215" => "A context variable binding must precede any predicates on a step",
        "S0216" => "A context variable binding must precede the 'order-by' clause on a step",
        "S0217" => "The object representing the 'parent' cannot be derived from this expression",
        "S0301" => "Empty regular expressions are not allowed",
        "S0302" => "No terminating / in regular expression",
        "S0402" => "Choice groups containing parameterized types are not supported",
        "S0401" => "Type parameters can only be applied to functions and arrays",
        "T0410" => "Argument {index} of function {token} does not match function signature",
        "T0411" => "Context value is not a compatible type with argument {index} of function {token}",
        "T0412" => "Argument {index} of function {token} must be an array of {type}",
        "D1001" => "Number out of range: {value}",
        "D1002" => "Cannot negate a non-numeric value: {value}",
        "T1003" => "Key in object structure must evaluate to a string; got: {value}",
        "D1004" => "Regular expression matches zero length string",
        "T1005" => "Attempted to invoke a non-function. Did you mean ${name}?",
        "T2013" => {
            "The transform expression clones the input object using the $clone() function.  This has been overridden in the current scope by a non-function."
        }
        "T1006" => "Attempted to invoke a non-function",
        "T1007" => "Attempted to partially apply a non-function. Did you mean ${name}?",
        "T1008" => "Attempted to partially apply a non-function",
        "D1009" => "Multiple key definitions evaluate to same key: {value}",
        "T1010" => {
            "The matcher function argument passed to function {token} does not return the correct object structure"
        }
        "T2001" => "The left side of the {token} operator must evaluate to a number",
        "T2002" => "The right side of the {token} operator must evaluate to a number",
        "T2003" => "The left side of the range operator (..) must evaluate to an integer",
        "T2004" => "The right side of the range operator (..) must evaluate to an integer",
        "T2006" => "The right side of the function application operator ~> must be a function",
        "T2007" => "Type mismatch when comparing values {value} and {value2} in order-by clause",
        "T2008" => "The expressions within an order-by clause must evaluate to numeric or string values",
        "T2009" => "The values {value} and {value2} either side of operator {token} must be of the same data type",
        "T2010" => "The expressions either side of operator {token} must evaluate to numeric or string values",
        "T2011" => "The insert/update clause of the transform expression must evaluate to an object: {value}",
        "T2012" => {
            "The delete clause of the transform expression must evaluate to a string or array of strings: {value}"
        }
        "D2014" => {
            "The size of the sequence allocated by the range operator (..) must not exceed 1e6.  Attempted to allocate {value}."
        }
        "D3001" => "Attempting to invoke string function on Infinity or NaN",
        "D3010" => "Second argument of replace function cannot be an empty string",
        "D3011" => "Fourth argument of replace function must evaluate to a positive number",
        "D3012" => "Attempted to replace a matched string with a non-string value",
        "D3020" => "Third argument of split function must evaluate to a positive number",
        "D3030" => "Unable to cast value to a number: {value}",
        "D3040" => "Third argument of match function must evaluate to a positive number",
        "D3050" => "The second argument of reduce function must be a function with at least two arguments",
        "D3060" => "The sqrt function cannot be applied to a negative number: {value}",
        "D3061" => {
            "The power function has resulted in a value that cannot be represented as a JSON number: base={value}, exponent={exp}"
        }
        "D3070" => {
            "The single argument form of the sort function can only be applied to an array of strings or an array of numbers.  Use the second argument to specify a comparison function"
        }
        "D3080" => "The picture string must only contain a maximum of two sub-pictures",
        "D3081" => "The sub-picture must not contain more than one instance of the 'decimal-separator' character",
        "D3082" => "The sub-picture must not contain more than one instance of the 'percent' character",
        "D3083" => "The sub-picture must not contain more than one instance of the 'per-mille' character",
        "D3084" => "The sub-picture must not contain both a 'percent' and a 'per-mille' character",
        "D3085" => {
            "The mantissa part of a sub-picture must contain at least one character that is either an 'optional digit character' or a member of the 'decimal digit family'"
        }
        "D3086" => {
            "The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character"
        }
        "D3087" => {
            "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character"
        }
        "D3088" => "The sub-picture must not contain a 'grouping-separator' at the end of the integer part",
        "D3089" => "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character",
        "D3090" => {
            "The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is followed by an instance of the 'optional digit character'"
        }
        "D3091" => {
            "The fractional part of the sub-picture must not contain an instance of the 'optional digit character' that is followed by a member of the 'decimal digit family'"
        }
        "D3092" => {
            "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as an 'exponent-separator'"
        }
        "D3093" => {
            "The exponent part of the sub-picture must comprise only of one or more characters that are members of the 'decimal digit family'"
        }
        "D3100" => "The radix of the formatBase function must be between 2 and 36.  It was given {value}",
        "D3110" => "The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given {value}",
        "D3130" => {
            "Formatting or parsing an integer as a sequence starting with {value} is not supported by this implementation"
        }
        "D3131" => "In a decimal digit pattern, all digits must be from the same decimal group",
        "D3132" => "Unknown component specifier {value} in date/time picture string",
        "D3133" => {
            "The 'name' modifier can only be applied to months and days in the date/time picture string, not {value}"
        }
        "D3134" => "The timezone integer format specifier cannot have more than four digits",
        "D3135" => "No matching closing bracket ']' in date/time picture string",
        "D3136" => "The date/time picture string is missing specifiers required to parse the timestamp",
        "D3138" => "The $single() function expected exactly 1 matching result.  Instead it matched more.",
        "D3139" => "The $single() function expected exactly 1 matching result.  Instead it matched 0.",
        "D3140" => "Malformed URL passed to ${function}(): {value}",
        // The functions $error and $assert, and the limits, bring their own text.
        _ => "",
    }
}
