//! How the structures of a C snippet are shown: C itself knows nothing about a structure's members.

use std::fmt::Write as _;

use crate::lexer::{Kind, Token, closing, tokens};
use crate::memory::{Known, Role};

/// Functions that print the members of each structure among `known`, and macros by which `KR_SHOW` finds them. Structures
/// with members that are no plain declarations have none.
pub(crate) fn printers<'a>(known: impl Iterator<Item = &'a Known>) -> String {
    let mut text = String::new();
    let types = known.filter(|known| known.role == Role::Type);
    let plain = types.filter_map(|known| Some((known.names.first()?, members(&known.source)?)));
    for (index, (name, members)) in (1..).zip(plain) {
        let shown: Vec<_> = members.iter().map(|member| format!("KR_MEMBER({member});")).collect();
        let shown = shown.join(" kr_text(\", \"); ");
        let _ = writeln!(
            text,
            "static void kr_members_{index}(const void *kr_pointer) {{\n\
             const {name} *kr_object = kr_pointer; kr_text(\"{{\"); {shown} kr_text(\"}}\"); }}\n\
             #define KR_PRINTER_{index}(object) \
             __builtin_choose_expr(KR_IS(object, {name}), kr_members_{index}, KR_PRINTER_{}(object))\n\
             #undef KR_PRINTER\n#define KR_PRINTER KR_PRINTER_{index}",
            index - 1
        );
    }
    text
}

/// The names of a structure's members, if all are plain: no bit-fields, nothing nested, no pointers to functions.
fn members(source: &str) -> Option<Vec<String>> {
    let tokens = tokens(source).ok()?;
    let open = tokens.iter().position(|token| token.is("{"))?;
    let is_structure = tokens[..open].iter().any(|token| token.is("struct"));
    let body = &tokens[open + 1..closing(&tokens, open)];
    let is_plain = |token: &Token| token.kind != Kind::Symbol || ["*", ",", ";", "[", "]"].contains(&token.text);
    if !is_structure || body.is_empty() || !body.iter().all(is_plain) {
        return None;
    }
    let declarators = body.split(|token| token.is(",") || token.is(";")).filter(|tokens| !tokens.is_empty());
    declarators
        .map(|tokens| {
            let end = tokens.iter().position(|token| token.is("[")).unwrap_or(tokens.len());
            let name = tokens[..end].last().filter(|token| token.is_word())?;
            Some(name.text.to_owned())
        })
        .collect()
}
