//! A page as mdBook reads it: its headings, its links and its code.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use walkdir::WalkDir;

/// Folders that hold what others have written or what tools have made.
const NOT_OURS: [&str; 3] = ["target", "node_modules", "docs/book"];

/// A Markdown file.
#[derive(Default)]
pub(super) struct Page {
    /// What a link may name behind its `#`.
    pub(super) anchors: HashSet<String>,
    /// Where its links and its pictures point to.
    pub(super) links: Vec<Found>,
    /// The code in its sentences.
    pub(super) words: Vec<Found>,
    /// The blocks of code.
    pub(super) blocks: Vec<Found>,
    /// What mdBook is asked to put into its text.
    pub(super) includes: Vec<Found>,
    /// HTML, whose links nobody looks at.
    pub(super) html: Vec<Found>,
}

/// Something on a page.
#[derive(Debug)]
pub(super) struct Found {
    /// The line that it begins in, from 1.
    pub(super) line: usize,
    pub(super) text: String,
}

impl Page {
    /// Every page of the project, by its path from the root.
    pub(super) fn all(root: &Path) -> Result<BTreeMap<PathBuf, Self>> {
        let is_ours = |path: &Path| {
            let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            !is_hidden && !NOT_OURS.iter().any(|folder| path.ends_with(folder))
        };
        let mut pages = BTreeMap::new();
        let files = WalkDir::new(root).into_iter().filter_entry(|entry| entry.depth() == 0 || is_ours(entry.path()));
        for file in files {
            let file = file?.into_path();
            if file.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&file).with_context(|| format!("failed to read {}", file.display()))?;
                pages.insert(file.strip_prefix(root)?.to_owned(), Self::parse(&text));
            }
        }
        Ok(pages)
    }

    pub(super) fn parse(text: &str) -> Self {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_HEADING_ATTRIBUTES;
        let mut page = Self::default();
        for (number, line) in text.lines().enumerate() {
            page.includes.extend(includes(line).map(|place| Found { line: number + 1, text: place.to_owned() }));
        }
        let mut heading: Option<String> = None;
        let mut block: Option<Found> = None;
        for (event, place) in Parser::new_ext(text, options).into_offset_iter() {
            let found =
                |content: &str| Found { line: text[..place.start].matches('\n').count() + 1, text: content.to_owned() };
            match event {
                Event::Start(Tag::Heading { id: Some(id), .. }) => drop(page.anchors.insert(id.into_string())),
                Event::Start(Tag::Heading { id: None, .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    if let Some(heading) = heading.take() {
                        page.add_anchor(&heading);
                    }
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(found(&dest_url));
                }
                Event::Start(Tag::CodeBlock(_)) => block = Some(found("")),
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Text(part) => {
                    if let Some(text) = block.as_mut().map(|block| &mut block.text).or(heading.as_mut()) {
                        text.push_str(&part);
                    }
                }
                Event::Code(part) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&part);
                    }
                    page.words.push(found(&part));
                }
                Event::Html(html) | Event::InlineHtml(html) => page.html.push(found(&html)),
                _ => {}
            }
        }
        page
    }

    /// The anchor that mdBook, and most who show Markdown, make of a heading.
    fn add_anchor(&mut self, heading: &str) {
        let kept = heading.trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '_' | '-'));
        let anchor: String = kept.map(|c| if c.is_whitespace() { '-' } else { c }).collect();
        let numbered = (1..).map(|number| format!("{anchor}-{number}"));
        let free = std::iter::once(anchor.clone()).chain(numbered).find(|anchor| !self.anchors.contains(anchor));
        self.anchors.extend(free);
    }
}

/// The places that `{{#include PLACE}}` and its kin name.
fn includes(line: &str) -> impl Iterator<Item = &str> {
    let commands = line.split("{{#").skip(1).filter_map(|rest| rest.split_once("}}"));
    commands.filter_map(|(command, _)| command.split_whitespace().nth(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_of_the_rendered_book() {
        let page = Page::parse("# `run`: build, and *run*\n\n## It's HTML5\n\n## It's HTML5\n\n## Mine {#own}\n");
        let expected = ["run-build-and-run", "its-html5", "its-html5-1", "own"];
        assert_eq!(page.anchors, expected.map(str::to_owned).into());
    }

    #[test]
    fn code_is_no_link_and_links_in_tables_are() {
        let page = Page::parse("`[a](b)`\n\n| x |\n| --- |\n| [a](c) |\n\n```sh\n[a](d)\n```\n");
        assert_eq!(page.links.iter().map(|link| (link.line, link.text.as_str())).collect::<Vec<_>>(), [(5, "c")]);
        assert_eq!(page.blocks[0].text, "[a](d)\n");
    }
}
