//! How a variable of C++ is declared, stored and constructed.

use crate::cell::{OWN, spelled};
use crate::pieces::{Variable, is_deduced};

/// A variable of C++, its parts as they are compiled.
pub(crate) struct Object<'a> {
    pub(crate) variable: &'a Variable<'a>,
    /// The variable's own name, or ours for what a structured binding takes apart.
    pub(crate) name: String,
    pub(crate) symbol: String,
    pub(crate) specifiers: String,
    /// What follows the declarator: `= 1`, `(1)` or `{1}`.
    pub(crate) init: String,
    /// The same without its first token.
    pub(crate) value: String,
    /// A function makes the value, which also tells its type: that of a lambda is the same wherever the function's text is.
    pub(crate) is_made: bool,
    /// The namespaces around it, each with `::` behind it.
    pub(crate) scope: String,
}

impl Object<'_> {
    /// What the snippet itself needs at file scope.
    pub(crate) fn definition(&self) -> String {
        let Self { name, symbol, .. } = self;
        let store = format!("kr_store_{name}");
        let maker = self.maker();
        let (declared, bindings) = (self.declared(), self.bindings());
        if self.is_made && self.variable.is_reference() {
            return format!("{maker}{declared}{OWN}const void *{store} __asm__(\"{symbol}\");\n{bindings}");
        }
        // What is seen through its storage needs that first.
        let kind = if self.is_seen_through() { self.made_type() } else { format!("decltype({name})") };
        let storage = format!("{OWN}alignas({kind}) unsigned char {store}[sizeof({kind})] __asm__(\"{symbol}\");\n");
        if self.is_seen_through() {
            format!("{maker}{storage}{declared}{bindings}")
        } else {
            format!("{maker}{declared}{storage}{bindings}")
        }
    }

    /// What later snippets need.
    pub(crate) fn declaration(&self) -> String {
        let is_open = is_deduced(self.variable) || self.variable.is_open_array();
        let maker = if is_open { self.maker() } else { String::new() };
        format!("{maker}{}{}", self.declared(), self.bindings())
    }

    /// The statement that makes it.
    pub(crate) fn construction(&self) -> String {
        let Self { name, scope, init, value, .. } = self;
        let object = format!("{scope}{name}");
        let made = format!("{scope}kr_make_{name}()");
        let place = format!("::new ((void *)std::addressof({object}))");
        if self.variable.is_reference() {
            format!("{scope}kr_store_{name} = (const void *)std::addressof({made});\n")
        } else if self.is_array() && self.is_made {
            format!("kr_snippet::adopt({object}, {made});\n")
        } else if self.is_made {
            format!("{place} std::remove_cv_t<std::remove_reference_t<decltype({object})>>({made});\n")
        } else if self.is_array() && !self.variable.init.is_empty() {
            format!("{{ static decltype({object}) kr_value\n{init}; kr_snippet::adopt({object}, kr_value); }}\n")
        } else if self.is_assigned() {
            // A function's result is converted and moved as a variable's value is.
            let kind = format!("std::remove_cv_t<decltype({object})>");
            format!("{place} {kind}([&]() -> {kind} {{ return\n{value}; }}());\n")
        } else {
            format!("{{ using kr_type = decltype({object}); {place} kr_type\n{init}; }}\n")
        }
    }

    fn is_array(&self) -> bool {
        self.variable.is_array() && !self.variable.is_bound()
    }

    fn is_assigned(&self) -> bool {
        self.variable.init.first().is_some_and(|token| token.is("="))
    }

    /// A lambda's type has no linkage, and no other file may declare a variable of it. Its storage has.
    fn is_seen_through(&self) -> bool {
        self.is_made && !self.variable.is_reference() && self.variable.has_specifier(&["auto"])
    }

    /// The function that makes the value.
    fn maker(&self) -> String {
        let Self { name, specifiers, init, value, .. } = self;
        let declarator = self.declarator();
        let is_braced = self.variable.init.get(1).is_some_and(|token| token.is("{"));
        if !self.is_made {
            String::new()
        } else if self.variable.is_reference() {
            // A reference keeps what it was bound to, a temporary object too.
            let declared = format!("static\n{specifiers}{declarator}\n{init}");
            format!("inline decltype(auto) kr_make_{name}() {{ {declared}; return ({name}); }}\n")
        } else if self.is_array() {
            let declared = format!("static\n{specifiers}{declarator}\n{init}");
            format!("inline auto &kr_make_{name}() {{ {declared}; return {name}; }}\n")
        } else if self.is_assigned()
            && !is_braced
            && self.variable.specifiers.last().is_some_and(|last| last.is("auto"))
        {
            // What cannot be moved can be returned, unless it has a name.
            format!("inline auto kr_make_{name}() {{ return\n{value}; }}\n")
        } else {
            format!("inline auto kr_make_{name}() {{\n{specifiers}{declarator}\n{init}; return {name}; }}\n")
        }
    }

    fn declarator(&self) -> String {
        if !self.variable.is_bound() {
            return spelled(self.variable.declarator);
        }
        let prefix = self.variable.declarator.iter().take_while(|token| !token.is("["));
        prefix.map(|token| token.text).chain([self.name.as_str()]).collect()
    }

    fn declared(&self) -> String {
        let Self { name, symbol, specifiers, .. } = self;
        let is_open = is_deduced(self.variable) || self.variable.is_open_array();
        if self.is_seen_through() {
            let kind = self.made_type();
            let storage = format!("{OWN}extern unsigned char kr_store_{name}[] __asm__(\"{symbol}\");\n");
            return format!("{storage}static auto &{name} = reinterpret_cast<{kind} &>(kr_store_{name});\n");
        }
        let variable = if self.is_made && is_open && self.variable.is_reference() {
            format!("decltype(kr_make_{name}()) {name}")
        } else if self.is_made && is_open {
            format!("{} {name}", self.made_type())
        } else {
            format!("\n{specifiers}{}", self.declarator())
        };
        format!("extern {variable} __asm__(\"{symbol}\");\n")
    }

    fn made_type(&self) -> String {
        let constant = if self.variable.has_specifier(&["const"]) { "const " } else { "" };
        format!("{constant}std::remove_reference_t<decltype(kr_make_{}())>", self.name)
    }

    /// The names of a structured binding, which stand for the members of what was made.
    fn bindings(&self) -> String {
        if !self.variable.is_bound() {
            return String::new();
        }
        format!("auto &[{}] = {};\n", self.variable.bound.join(", "), self.name)
    }
}
