//! `cargo xtask book`: builds the book, and makes sure that whatever the project's pages refer to is there.

mod names;
mod page;
mod references;

use anyhow::{Context as _, Result, bail};
use mdbook_driver::MDBook;

use crate::shell::root;
use page::Page;

pub(crate) fn run() -> Result<()> {
    // First, because pages name the folder that it is built into.
    MDBook::load(root().join("docs")).and_then(|book| book.build()).context("failed to build the book")?;
    let pages = Page::all(root())?;
    let mut problems = references::problems(root(), &pages);
    problems.extend(names::problems(root(), &pages));
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    eprintln!("all that {} pages refer to is there; the book begins at docs/book/index.html", pages.len());
    Ok(())
}
