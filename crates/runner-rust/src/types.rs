//! The names of types, as later queries can write them.

use crate::lexer::is_word;

/// Modules of the standard library, two levels below the crate, that are public. What lies in any other is found one
/// level above.
const PUBLIC: [&str; 10] = [
    "atomic",
    "mpsc",
    "vec_deque",
    "binary_heap",
    "linked_list",
    "hash_map",
    "hash_set",
    "btree_map",
    "btree_set",
    "unix",
];
/// Private modules of collections, and where what they hold is public.
const COLLECTIONS: [(&str, &str); 4] = [
    ("collections::hash::map", "collections::hash_map"),
    ("collections::hash::set", "collections::hash_set"),
    ("collections::btree::map", "collections::btree_map"),
    ("collections::btree::set", "collections::btree_set"),
];

/// A type as a query can write it: `type_name`, as [`std::any::type_name`] gives it, says where a type is defined,
/// which is often in a private module.
pub(crate) fn writable(type_name: &str) -> String {
    let mut text = String::new();
    let mut rest = type_name;
    while let Some(start) = rest.find(is_word) {
        let is_path_part = |c: char| is_word(c) || c == ':';
        let path = &rest[start..];
        let end = path.find(|c| !is_path_part(c)).unwrap_or(path.len());
        text.push_str(&rest[..start]);
        text.push_str(&public_path(&path[..end]));
        rest = &path[end..];
    }
    text + rest
}

fn public_path(path: &str) -> String {
    let Some((root, inner)) = path.split_once("::") else { return path.to_owned() };
    if root == "query" {
        return format!("crate::{inner}");
    }
    if !matches!(root, "core" | "alloc" | "std") {
        return path.to_owned();
    }
    let mut inner = inner.to_owned();
    for (private, public) in COLLECTIONS {
        inner = inner.replacen(private, public, 1);
    }
    let parts: Vec<&str> = inner.split("::").collect();
    match parts[..] {
        [first, second, .., name] if parts.len() > 2 && PUBLIC.contains(&second) => {
            format!("std::{first}::{second}::{name}")
        }
        [first, .., name] if parts.len() > 2 => format!("std::{first}::{name}"),
        _ => format!("std::{inner}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_by_their_public_paths() {
        for (type_name, expected) in [
            ("i32", "i32"),
            ("&str", "&str"),
            ("alloc::vec::Vec<query::shapes::P>", "std::vec::Vec<crate::shapes::P>"),
            (
                "std::collections::hash::map::HashMap<alloc::string::String, [u8; 3]>",
                "std::collections::hash_map::HashMap<std::string::String, [u8; 3]>",
            ),
            ("core::ops::range::Range<i32>", "std::ops::Range<i32>"),
            ("std::sync::poison::mutex::Mutex<i32>", "std::sync::Mutex<i32>"),
            ("std::sync::mpsc::Sender<()>", "std::sync::mpsc::Sender<()>"),
            (
                "alloc::boxed::Box<dyn core::ops::function::Fn(i32) -> i32>",
                "std::boxed::Box<dyn std::ops::Fn(i32) -> i32>",
            ),
        ] {
            assert_eq!(writable(type_name), expected);
        }
    }
}
