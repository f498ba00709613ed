//! A table as lines of text, with a border.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::mem;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// More columns than these are left out while the table is read.
const MAX_COLUMNS: usize = 1000;
/// A column is never wider, even where there is room.
const MAX_WIDTH: usize = 500;
/// A table that is too wide loses columns rather than have them cut to less than this.
const MIN_CUT: usize = 12;
/// No terminal is narrower to us.
const MIN_ROOM: usize = 20;

const CUT: char = '…';
/// The column that stands for those that are left out.
const GAP: &str = "…";

#[derive(Debug, Default)]
pub(super) struct Table {
    caption: String,
    rows: Vec<Row>,
    is_in_head: bool,
    /// Where text goes.
    place: Place,
    /// For how many rows below the current one a cell of it goes on, by columns.
    spans: Vec<usize>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    Caption,
    Cell,
}

#[derive(Debug, Default)]
struct Row {
    is_head: bool,
    cells: Vec<Cell>,
}

#[derive(Debug)]
struct Cell {
    text: String,
    column: usize,
    span: usize,
    is_heading: bool,
}

impl Table {
    pub(super) fn begin_head(&mut self) {
        self.is_in_head = true;
        self.end_text();
    }

    pub(super) fn end_head(&mut self) {
        self.is_in_head = false;
        self.end_text();
    }

    pub(super) fn begin_caption(&mut self) {
        self.place = Place::Caption;
    }

    pub(super) fn begin_row(&mut self) {
        self.end_text();
        for rows in &mut self.spans {
            *rows = rows.saturating_sub(1);
        }
        self.rows.push(Row { is_head: self.is_in_head, cells: Vec::new() });
    }

    /// Begins a cell that takes up so many columns and rows.
    pub(super) fn begin_cell(&mut self, is_heading: bool, columns: usize, rows: usize) {
        self.end_text();
        if self.rows.is_empty() {
            self.begin_row();
        }
        let Some(row) = self.rows.last_mut() else { return };
        let mut column = row.cells.last().map_or(0, |cell| cell.column + cell.span);
        while self.spans.get(column).is_some_and(|rows| *rows > 0) {
            column += 1;
        }
        if column >= MAX_COLUMNS {
            return;
        }
        let span = columns.clamp(1, MAX_COLUMNS - column);
        self.spans.resize(self.spans.len().max(column + span), 0);
        self.spans[column..column + span].fill(rows);
        row.cells.push(Cell { text: String::new(), column, span, is_heading });
        self.place = Place::Cell;
    }

    pub(super) fn end_text(&mut self) {
        self.place = Place::Outside;
    }

    /// Where text goes, if it belongs to the table.
    pub(super) fn text(&mut self) -> Option<&mut String> {
        match self.place {
            Place::Outside => None,
            Place::Caption => Some(&mut self.caption),
            Place::Cell => self.rows.last_mut().and_then(|row| row.cells.last_mut()).map(|cell| &mut cell.text),
        }
    }

    /// The table in lines that are no longer than `room`.
    pub(super) fn lay_out(mut self, room: usize) -> String {
        self.rows.retain(|row| !row.cells.is_empty());
        for cell in self.rows.iter_mut().flat_map(|row| &mut row.cells) {
            cell.text.truncate(cell.text.trim_end().len());
        }
        let mut text = mem::take(&mut self.caption);
        if !text.is_empty() {
            text.push('\n');
        }
        if self.rows.is_empty() {
            return text;
        }
        let heads = self.heads();
        let layout = Layout::new(&self.rows, heads, room.max(MIN_ROOM));
        text.push_str(&layout.rule('┌', '┬', '┐'));
        for (number, row) in self.rows.iter().enumerate() {
            if number == heads && number > 0 {
                text.push_str(&layout.rule('├', '┼', '┤'));
            }
            text.push_str(&layout.row(row));
        }
        text + &layout.rule('└', '┴', '┘')
    }

    /// How many rows at the top are headings.
    fn heads(&self) -> usize {
        let is_head = |row: &&Row| row.is_head || row.cells.iter().all(|cell| cell.is_heading);
        self.rows.iter().take_while(is_head).count()
    }
}

/// What of the table is seen, and how wide it is.
struct Layout {
    columns: Vec<Column>,
}

struct Column {
    /// Which column of the table it is; `None` is the gap.
    index: Option<usize>,
    width: usize,
    is_right: bool,
}

impl Layout {
    fn new(rows: &[Row], heads: usize, room: usize) -> Self {
        let widths = widths(rows);
        let is_right = numbers(&rows[heads..], widths.len());
        let column = |index: usize, width: usize| Column { index: Some(index), width, is_right: is_right[index] };
        let (left, right, limit) = fit(&widths, room);
        let mut columns: Vec<_> = (0..left).map(|index| column(index, widths[index].min(limit))).collect();
        if left + right < widths.len() {
            columns.push(Column { index: None, width: GAP.width(), is_right: false });
        }
        columns.extend((widths.len() - right..widths.len()).map(|index| column(index, widths[index].min(limit))));
        Self { columns }
    }

    fn rule(&self, left: char, middle: char, right: char) -> String {
        let dashes: Vec<_> = self.columns.iter().map(|column| "─".repeat(column.width + 2)).collect();
        format!("{left}{}{right}\n", dashes.join(&middle.to_string()))
    }

    fn row(&self, row: &Row) -> String {
        let mut line = String::from("│");
        let mut columns = self.columns.iter().peekable();
        let mut cells: VecDeque<_> = row.cells.iter().collect();
        while let Some(column) = columns.next() {
            let Some(index) = column.index else {
                pad(&mut line, GAP, column.width, false);
                continue;
            };
            while cells.front().is_some_and(|cell| cell.column + cell.span <= index) {
                cells.pop_front();
            }
            let cell = cells.front().filter(|cell| cell.column <= index);
            let mut width = column.width;
            while let Some(next) = columns.next_if(|next| match (cell, next.index) {
                (Some(cell), Some(index)) => index < cell.column + cell.span,
                _ => false,
            }) {
                width += next.width + FRAME;
            }
            let is_right = column.is_right && cell.is_none_or(|cell| cell.span == 1);
            pad(&mut line, cell.map_or("", |cell| &cell.text), width, is_right);
        }
        line + "\n"
    }
}

/// What surrounds a column: a space on either side, and its share of the border.
const FRAME: usize = 3;

/// How wide each column is when nothing is cut.
fn widths(rows: &[Row]) -> Vec<usize> {
    let count = rows.iter().filter_map(|row| row.cells.last()).map(|cell| cell.column + cell.span).max().unwrap_or(0);
    let mut widths = vec![0; count];
    let (single, wide): (Vec<_>, Vec<_>) = rows.iter().flat_map(|row| &row.cells).partition(|cell| cell.span == 1);
    for cell in single {
        let width = &mut widths[cell.column];
        *width = cell.text.width().min(MAX_WIDTH).max(*width);
    }
    for cell in wide {
        let spanned = &mut widths[cell.column..cell.column + cell.span];
        let there = spanned.iter().sum::<usize>() + FRAME * (cell.span - 1);
        spanned[cell.span - 1] += cell.text.width().min(MAX_WIDTH).saturating_sub(there);
    }
    widths
}

/// Which columns have nothing but numbers below their headings.
fn numbers(rows: &[Row], columns: usize) -> Vec<bool> {
    let mut is_number = vec![!rows.is_empty(); columns];
    for cell in rows.iter().flat_map(|row| &row.cells).filter(|cell| !cell.text.is_empty()) {
        let digits: String = cell.text.chars().filter(|c| !matches!(c, ',' | '%' | '_' | ' ')).collect();
        is_number[cell.column] &= digits.parse::<f64>().is_ok();
    }
    is_number
}

/// How many columns from the left and from the right there is room for, and how wide each may be.
fn fit(widths: &[usize], room: usize) -> (usize, usize, usize) {
    let all = widths.len();
    let taken = |limit: usize| widths.iter().map(|width| width.min(&limit) + FRAME).sum::<usize>() + 1;
    let widest = widths.iter().copied().max().unwrap_or(0);
    if let Some(limit) = (MIN_CUT.min(widest)..=widest).rev().find(|limit| taken(*limit) <= room) {
        return (all, 0, limit);
    }
    let (mut left, mut right) = (0, 0);
    let mut free = room - 1 - GAP.width() - FRAME;
    while left + right < all {
        let is_left = left <= right;
        let index = if is_left { left } else { all - 1 - right };
        let width = widths[index].min(MIN_CUT) + FRAME;
        if width > free {
            break;
        }
        free -= width;
        if is_left { left += 1 } else { right += 1 }
    }
    (left, right, MIN_CUT)
}

/// Adds a cell to the line, as wide as its column.
fn pad(line: &mut String, text: &str, width: usize, is_right: bool) {
    let text = cut(text, width);
    let space = " ".repeat(width.saturating_sub(text.width()));
    let (before, after) = if is_right { (space.as_str(), "") } else { ("", space.as_str()) };
    write!(line, " {before}{text}{after} │").expect("a String takes everything");
}

fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    if width == 0 {
        return String::new();
    }
    let mut used = CUT.width().unwrap_or(1);
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    text.chars().take_while(fits).chain([CUT]).collect()
}

#[cfg(test)]
mod tests {
    use crate::terminal::html::to_text;

    fn table(html: &str, room: usize) -> String {
        format!("\n{}\n", to_text(html.as_bytes(), room).text)
    }

    #[test]
    fn a_table_has_a_border_and_aligned_columns() {
        let html = "<table><caption>Fruit</caption><tr><th>name<th>price<tr><td>fig<td>1.5<tr><td>pear<td>-10</table>";
        let expected = "
Fruit
┌──────┬───────┐
│ name │ price │
├──────┼───────┤
│ fig  │   1.5 │
│ pear │   -10 │
└──────┴───────┘
";
        assert_eq!(table(html, 80), expected);
    }

    #[test]
    fn a_data_frame_of_pandas_looks_like_one() {
        let html = r#"<div>
<style scoped>
    .dataframe tbody tr th:only-of-type {
        vertical-align: middle;
    }
</style>
<table border="1" class="dataframe">
  <thead>
    <tr style="text-align: right;">
      <th></th>
      <th>city</th>
      <th>people</th>
    </tr>
  </thead>
  <tbody>
    <tr>
      <th>0</th>
      <td>Köln</td>
      <td>1084831</td>
    </tr>
    <tr>
      <th>10</th>
      <td>東京</td>
      <td>NaN</td>
    </tr>
  </tbody>
</table>
<p>2 rows × 2 columns</p>
</div>"#;
        let expected = "
┌────┬──────┬─────────┐
│    │ city │  people │
├────┼──────┼─────────┤
│  0 │ Köln │ 1084831 │
│ 10 │ 東京 │     NaN │
└────┴──────┴─────────┘

2 rows × 2 columns
";
        assert_eq!(table(html, 80), expected);
    }

    #[test]
    fn a_cell_may_span_columns_and_rows() {
        let html = "<table><thead><tr><th rowspan=2>k<th colspan=2>both of them<tr><th>a<th>b</thead>\
                    <tr><th rowspan=2>x<td>1<td>2<tr><td>3<td>4<tr><td colspan=3>all of it</table>";
        let expected = "
┌───┬───┬──────────┐
│ k │ both of them │
│   │ a │        b │
├───┼───┼──────────┤
│ x │ 1 │        2 │
│   │ 3 │        4 │
│ all of it        │
└───┴───┴──────────┘
";
        assert_eq!(table(html, 80), expected);
    }

    #[test]
    fn long_cells_are_cut_to_the_room() {
        let html = format!("<table><tr><td>1<td>{}<td>short</table>", "word ".repeat(20));
        let expected = "
┌───┬────────────────────────┬───────┐
│ 1 │ word word word word w… │ short │
└───┴────────────────────────┴───────┘
";
        assert_eq!(table(&html, 38), expected);
    }

    #[test]
    fn columns_in_the_middle_give_way() {
        let cells = (0..30).map(|number| format!("<td>column {number}")).collect::<Vec<_>>().concat();
        let expected = "
┌──────────┬──────────┬───┬───────────┐
│ column 0 │ column 1 │ … │ column 29 │
└──────────┴──────────┴───┴───────────┘
";
        assert_eq!(table(&format!("<table><tr>{cells}</table>"), 40), expected);
    }

    #[test]
    fn no_line_is_longer_than_the_room() {
        let html = "<table><tr><th colspan=9>東京東京東京東京東京東京東京東京<tr>".to_owned()
            + &"<td>一二三四五六七八九十".repeat(9);
        for room in 20..150 {
            let widths = table(&html, room).lines().map(unicode_width::UnicodeWidthStr::width).collect::<Vec<_>>();
            assert!(widths.iter().all(|width| *width <= room), "{room}: {widths:?}");
        }
    }

    #[test]
    fn a_table_without_measure_is_no_obstacle() {
        let html =
            "<table><tr><td colspan=4000000000 rowspan=99999999999999999999>a<td colspan=0>b<td colspan=-1>c</table>";
        assert!(table(html, 40).contains('a'));
        assert_eq!(table("<table><tr></tr></table>", 40), "\n\n");
    }
}
