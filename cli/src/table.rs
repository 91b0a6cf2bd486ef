//! Tables as they are shown to people: aligned columns, nothing drawn between them. Styles take no room, which is why
//! this is not left to a crate: those that know styles bring a terminal library along.

use console::measure_text_width;

use crate::output::{STRONG, Styled};

/// Spaces between two columns.
const GAP: usize = 2;

/// Rows under headings.
pub struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table. Columns whose heading begins with `:` are aligned to the right.
    pub fn new(headings: &[&'static str]) -> Table {
        Table { headings: headings.to_vec(), rows: Vec::new() }
    }

    /// Adds a row: a cell for each heading.
    pub fn add(&mut self, cells: impl Into<Vec<String>>) {
        self.rows.push(cells.into());
    }

    /// The table, a line for each row.
    pub fn lines(&self) -> String {
        let titles = self.headings.iter().map(|heading| heading.trim_start_matches(':'));
        let first: Vec<String> = titles.map(|title| Styled(STRONG, title).to_string()).collect();
        let all = || std::iter::once(&first).chain(&self.rows);
        let width = |column: usize| {
            all().filter_map(|row| row.get(column)).map(|cell| measure_text_width(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.headings.len()).map(width).collect();
        all().map(|row| self.line(row, &widths)).collect()
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, width), heading) in row.iter().zip(widths).zip(&self.headings) {
            let room = " ".repeat(width.saturating_sub(measure_text_width(cell)));
            match heading.starts_with(':') {
                true => line.extend([room.as_str(), cell]),
                false => line.extend([cell, room.as_str()]),
            }
            line.push_str(&" ".repeat(GAP));
        }
        line.truncate(line.trim_end().len());
        line + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::ERROR;

    #[test]
    fn columns_are_aligned_whatever_their_style() {
        let mut table = Table::new(&["NAME", ":COUNT", "STATUS"]);
        table.add(["a".to_owned(), "1".to_owned(), Styled(ERROR, "FAILED").to_string()]);
        table.add(["注文".to_owned(), "1000000".to_owned(), String::new()]);
        let plain = console::strip_ansi_codes(&table.lines()).into_owned();
        assert_eq!(plain, "NAME    COUNT  STATUS\na           1  FAILED\n注文  1000000\n");
    }
}
