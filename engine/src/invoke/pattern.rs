//! Patterns of function names and ARNs: `*` stands for any characters, everything else for itself.

/// A pattern as a route has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Any text is a pattern.
    pub fn new(text: impl Into<String>) -> Pattern {
        Pattern(text.into())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole text fits. Needs time for at most the product of the lengths, whatever the pattern.
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut p, mut t) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while t < text.len() {
            if p < pattern.len() && pattern[p] == b'*' {
                star = Some((p, t));
                p += 1;
            } else if p < pattern.len() && pattern[p] == text[t] {
                p += 1;
                t += 1;
            } else if let Some((at, from)) = star {
                // The last star takes one character more, and the rest is tried again.
                star = Some((at, from + 1));
                p = at + 1;
                t = from + 1;
            } else {
                return false;
            }
        }
        pattern[p..].iter().all(|byte| *byte == b'*')
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_star_stands_for_any_characters() {
        let check = |pattern: &str, fits: &[&str], fits_not: &[&str]| {
            for text in fits {
                assert!(Pattern::new(pattern).matches(text), "{pattern} should match {text}");
            }
            for text in fits_not {
                assert!(!Pattern::new(pattern).matches(text), "{pattern} should not match {text}");
            }
        };
        check("order", &["order"], &["orders", "Order", ""]);
        check("order-*", &["order-", "order-create"], &["order", "my-order-x"]);
        check("*", &["", "anything:at:all"], &[]);
        check("a*b*c", &["abc", "a-b-b-c", "abcbc"], &["ab", "acb"]);
        check("**x", &["x", "yx"], &["y"]);
        check("é*", &["é", "éa"], &["e"]);
    }
}
