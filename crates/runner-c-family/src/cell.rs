//! Turns a snippet into a source file that a shared object is made of, and remembers what later snippets need of it.
//!
//! What a snippet defines lives at file scope; its statements become the function `kr_entry`. A variable has a symbol of
//! the snippet's own (`kr3_x` in the third), so that a later one of that name is another variable. In C++, types and
//! functions live in an inline namespace of the snippet (`query_3`), for the same reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::lexer::{Kind, Token, is_name_part};
use crate::library;
use crate::memory::{Known, Memory, Role, merge};
use crate::object::Object;
use crate::pieces::{Function, Piece, Shape, Variable, is_deduced};
use crate::showing::printers;

/// The directive before lines that are not the user's: what is wrong with them follows from what is wrong elsewhere.
pub(crate) const OWN: &str = "#line 1 \"kr_own\"\n";

/// A snippet, ready to be compiled.
pub(crate) struct Cell {
    pub(crate) source: String,
    /// What the session knows once the snippet has run.
    pub(crate) memory: Memory,
    /// What it does not know any more, because it was made with a type that has changed.
    pub(crate) forgotten: Vec<String>,
}

/// Makes the source of the snippet `number`, whose text is `code`.
pub(crate) fn generate(code: &str, pieces: &[Piece], number: usize, memory: &Memory, is_cpp: bool) -> Cell {
    let mut writer = Writer {
        code,
        number,
        is_cpp,
        homes: homes(pieces, memory),
        scope: String::new(),
        entry: String::new(),
        known: Vec::new(),
    };
    let own: BTreeSet<String> = pieces
        .iter()
        .filter_map(|piece| match &piece.shape {
            Shape::Function(function) => Some(function.name.clone()),
            _ => None,
        })
        .collect();
    for piece in pieces {
        // Running a definition again changes nothing for what was made with it.
        let source = spelled(piece.tokens);
        let is_repeatable =
            matches!(piece.shape, Shape::Type(_) | Shape::Constant(_) | Shape::Declaration | Shape::Directive);
        let is_repeated =
            is_repeatable && memory.known.iter().any(|known| known.source == source && known.is_in(&piece.namespaces));
        if !is_repeated {
            writer.write(piece, source, &own);
        }
    }
    let words: BTreeSet<String> = pieces.iter().flat_map(|piece| words(piece.tokens)).collect();
    let usings = writer.usings(&words);
    let Writer { scope, entry, known, .. } = writer;
    let (before, after, forgotten) = merge(memory, &known, is_cpp);
    let mut source: String = before.iter().map(|known| known.text.as_str()).collect();
    source.push_str(&scope);
    if !is_cpp {
        source = library::aside(&format!("{}{source}", library::USUAL), &objects(&after));
    }
    if !is_cpp && pieces.iter().any(|piece| piece.shape == Shape::Expression) {
        source.push_str(OWN);
        source.push_str(&printers(after.iter()));
    }
    let (start, end) = if is_cpp {
        let start = format!(
            "inline namespace query_{number} {{\n{usings}extern \"C\" int kr_entry() try {{\nstd::cin.clear();\n"
        );
        (start, "return 0;\n} catch (...) { return kr_snippet::report_uncaught(); }\n}\n")
    } else {
        ("int kr_entry(void) {\n".to_owned(), "return 0;\n}\n")
    };
    source.extend([OWN, &start, &entry, OWN, end]);
    Cell { source, memory: Memory { known: after }, forgotten }
}

/// The snippets of the variables that are known and not defined anew by `pieces`.
fn homes(pieces: &[Piece], memory: &Memory) -> BTreeMap<String, usize> {
    let own: BTreeSet<&str> = pieces.iter().flat_map(|piece| defined(&piece.shape)).collect();
    let variables = memory.known.iter().filter(|known| known.role == Role::Variable);
    let named = variables.flat_map(|known| known.names.iter().map(|name| (name.clone(), known.home)));
    named.filter(|(name, _)| !name.contains(':') && !own.contains(name.as_str())).collect()
}

/// The names that a piece defines.
fn defined<'a>(shape: &'a Shape) -> Vec<&'a str> {
    match shape {
        Shape::Type(names) => names.iter().map(String::as_str).collect(),
        Shape::Function(function) | Shape::Prototype(function) => vec![&function.name],
        Shape::Variables(variables) => {
            variables.iter().flat_map(|variable| variable.bound.iter().copied().chain([variable.name])).collect()
        }
        Shape::Constant(name) => vec![name],
        _ => Vec::new(),
    }
}

/// The names of variables and functions.
fn objects(known: &[Known]) -> BTreeSet<&str> {
    let objects = known.iter().filter(|known| matches!(known.role, Role::Variable | Role::Function));
    objects.flat_map(|known| known.names.iter().map(String::as_str)).collect()
}

fn words(tokens: &[Token]) -> BTreeSet<String> {
    tokens.iter().filter(|token| token.is_word()).map(|token| token.text.to_owned()).collect()
}

pub(crate) fn spelled(tokens: &[Token]) -> String {
    tokens.iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
}

struct Writer<'a> {
    code: &'a str,
    number: usize,
    is_cpp: bool,
    /// The variables of earlier snippets.
    homes: BTreeMap<String, usize>,
    scope: String,
    entry: String,
    known: Vec<Known>,
}

impl Writer<'_> {
    fn write(&mut self, piece: &Piece, source: String, own: &BTreeSet<String>) {
        let tokens = piece.tokens;
        let text = self.place(tokens, &[]);
        let mut known = Known {
            role: Role::Other,
            home: self.number,
            names: Vec::new(),
            signature: None,
            words: words(tokens),
            source,
            text: String::new(),
            is_movable: false,
            has_body: false,
        };
        match &piece.shape {
            Shape::Statement => self.entry.push_str(&text),
            Shape::Expression => {
                // A crash in it is one of its line.
                let line = self.line(tokens);
                let (before, after) = if self.is_cpp { ("((", "), kr_snippet::end());") } else { ("KR_SHOW(", ");") };
                let _ = write!(self.entry, "{line}{before}\n{}{after}\n{OWN}", text.trim_end());
            }
            Shape::Passing => self.scope.push_str(&around(piece, &text)),
            Shape::Directive => {
                let text = match macro_name(tokens[0].text) {
                    // What was written with the old one goes on to mean it.
                    Some(name) => format!("#undef {name}\n{text}"),
                    None => text,
                };
                self.scope.push_str(&text);
                known.words.clear();
                (known.role, known.text) = (Role::Directive, text);
                self.known.push(known);
            }
            Shape::Declaration => {
                let text = around(piece, &text);
                self.scope.push_str(&text);
                known.text = text;
                self.known.push(known);
            }
            Shape::Type(names) => {
                let end = if tokens.last().is_some_and(|token| token.is(";")) { "" } else { ";\n" };
                let text = format!("{text}{end}");
                known.names = qualified(piece, names);
                self.remember(piece, known, Role::Type, &text, &text);
            }
            Shape::Constant(name) => {
                known.names = qualified(piece, &[(*name).to_owned()]);
                known.has_body = true;
                self.remember(piece, known, Role::Variable, &text, &text);
            }
            Shape::Function(function) => self.write_function(piece, function, known),
            Shape::Prototype(function) => {
                let is_own = own.contains(&function.name);
                let end = if self.is_cpp || !is_own {
                    ";".into()
                } else {
                    format!(" __asm__(\"{}\");", self.symbol(&function.name))
                };
                let declared = format!("{}{end}\n", self.place(function.header, &["static", "inline"]).trim_end());
                known.names = qualified(piece, std::slice::from_ref(&function.name));
                known.signature = self.is_cpp.then(|| function.parameters.clone());
                if is_own {
                    let text = if self.is_cpp { self.inside(piece, &words(piece.tokens), &declared) } else { declared };
                    self.scope.push_str(&text);
                } else {
                    self.remember(piece, known, Role::Function, &declared, &declared);
                }
            }
            Shape::Variables(variables) => {
                for variable in variables {
                    self.write_variable(piece, variable, &known);
                }
            }
        }
    }

    fn write_function(&mut self, piece: &Piece, function: &Function, mut known: Known) {
        let (header, body) = piece.tokens.split_at(function.header.len());
        let hidden: &[&str] = if function.is_whole { &["static"] } else { &["static", "inline", "extern"] };
        known.names = qualified(piece, std::slice::from_ref(&function.name));
        known.signature = self.is_cpp.then(|| function.parameters.clone());
        known.has_body = function.is_whole;
        let mut whole = self.place(piece.tokens, hidden);
        if function.is_whole {
            let is_inline =
                header.iter().any(|token| token.is("template") || token.is("constexpr") || token.is("inline"));
            if !is_inline {
                whole = format!("inline\n{whole}");
            }
            self.remember(piece, known, Role::Function, &whole, &whole);
            return;
        }
        let declared = self.place(header, hidden).trim_end().to_owned();
        known.words = words(header);
        known.is_movable = !header.iter().any(|token| token.is("="));
        if self.is_cpp {
            self.remember(piece, known, Role::Function, &whole, &format!("{declared};\n"));
        } else {
            let declared = format!("{declared} __asm__(\"{}\");\n", self.symbol(&function.name));
            let defined = format!("{declared}{}{}", self.place(header, hidden), self.place(body, &[]));
            self.remember(piece, known, Role::Function, &defined, &declared);
        }
    }

    fn write_variable(&mut self, piece: &Piece, variable: &Variable, piece_known: &Known) {
        let mut known = piece_known.clone();
        let names: Vec<String> = if variable.bound.is_empty() {
            vec![variable.name.to_owned()]
        } else {
            variable.bound.iter().map(ToString::to_string).collect()
        };
        known.names = qualified(piece, &names);
        known.source = format!("{} {}", spelled(variable.specifiers), spelled(variable.declarator));
        if is_deduced(variable) {
            known.source = spelled(&[variable.specifiers, variable.declarator, variable.init].concat());
        }
        known.is_movable = !is_deduced(variable);
        known.has_body = !known.is_movable;
        if known.is_movable {
            let declaration = [variable.specifiers, variable.declarator].concat();
            known.words = words(&declaration);
        }
        let is_foreign = variable.has_specifier(&["extern"]) && variable.init.is_empty();
        if is_foreign {
            let text = self.place(piece.tokens, &[]);
            self.remember(piece, known, Role::Variable, &text, &text);
        } else if self.is_cpp {
            self.write_object(piece, variable, known);
        } else {
            self.write_plain(piece, variable, known);
        }
    }

    /// A variable of C: it is defined without its value, which it gets in its turn.
    fn write_plain(&mut self, piece: &Piece, variable: &Variable, known: Known) {
        let name = variable.name;
        let symbol = self.symbol(name);
        // A constant gets its value as any other variable does, and so must not lie where nothing can be written.
        let constant = if variable.is_pointer() { "" } else { "const" };
        let hidden = ["static", "register", "__auto_type", "auto", constant];
        let specifiers = self.place(variable.specifiers, &hidden);
        let declarator: Vec<_> = variable.declarator.iter().copied().filter(|token| !token.is("const")).collect();
        let (mut declared, value) = (spelled(&declarator), variable.init.get(1..).unwrap_or_default());
        let mut base = specifiers.trim_end().to_owned();
        if is_deduced(variable) {
            base = format!("{base} __typeof__({})", spelled(value));
        } else if variable.is_open_array() {
            let unnamed: Vec<_> = declarator.iter().copied().filter(|token| !token.is(name)).collect();
            let braced = if value.first().is_some_and(|token| token.is("{")) {
                spelled(value)
            } else {
                format!("{{{}}}", spelled(value))
            };
            let element: Vec<_> = variable.specifiers.iter().copied().filter(|token| !token.is_any(&hidden)).collect();
            let element = spelled(&element);
            base = format!("{}__typeof__(({element} {}) {braced})", self.line(variable.declarator), spelled(&unnamed));
            name.clone_into(&mut declared);
        }
        let definition = format!("{base} {declared} __asm__(\"{symbol}\");\n");
        let declaration = format!("extern\n{definition}");
        self.remember(piece, known, Role::Variable, &definition, &declaration);
        if !variable.init.is_empty() {
            let init = self.place(variable.init, &[]);
            let copy = format!("__builtin_memcpy((void *)&{name}, &kr_value, sizeof {name})");
            let _ = writeln!(self.entry, "{{ __typeof__({name}) kr_value\n{init};\n{copy}; }}");
        }
    }

    /// A variable of C++: it is declared as somebody else's, has storage under its symbol, and is constructed there in its
    /// turn. It is never destroyed, as nobody knows who looks at it.
    fn write_object(&mut self, piece: &Piece, variable: &Variable, mut known: Known) {
        let name = if variable.is_bound() { format!("kr_bound_{}", variable.name) } else { variable.name.to_owned() };
        let object = Object {
            symbol: self.symbol(&name),
            specifiers: self.place(variable.specifiers, &["static", "register"]),
            init: self.place(variable.init, &[]),
            value: self.place(variable.init.get(1..).unwrap_or_default(), &[]),
            is_made: !variable.init.is_empty()
                && (is_deduced(variable)
                    || variable.is_open_array()
                    || variable.is_reference()
                    || !piece.namespaces.is_empty()),
            scope: prefix(piece),
            variable,
            name,
        };
        known.is_movable &= !variable.is_bound();
        self.remember(piece, known, Role::Variable, &object.definition(), &object.declaration());
        self.entry.push_str(OWN);
        self.entry.push_str(&object.construction());
    }

    /// Adds a definition to file scope, and to what is known how others see it.
    fn remember(&mut self, piece: &Piece, known: Known, role: Role, definition: &str, declaration: &str) {
        let (definition, text) = if self.is_cpp {
            (self.inside(piece, &words(piece.tokens), definition), self.inside(piece, &known.words, declaration))
        } else {
            (definition.to_owned(), declaration.to_owned())
        };
        self.scope.push_str(&definition);
        self.known.push(Known { role, text, ..known });
    }

    /// `text`, which uses `words`, in the inline namespace of this snippet.
    fn inside(&self, piece: &Piece, words: &BTreeSet<String>, text: &str) -> String {
        let usings = self.usings(words);
        around(piece, &format!("inline namespace query_{} {{\n{usings}{text}}}\n", self.number))
    }

    /// Lets the user's own variables among `words` come before names of the library that `using namespace std` has brought.
    fn usings(&self, words: &BTreeSet<String>) -> String {
        let known = words.iter().filter_map(|word| Some((word, self.homes.get(word)?)));
        known.fold(String::new(), |text, (word, home)| format!("{text}{OWN}using query_{home}::{word};\n"))
    }

    fn symbol(&self, name: &str) -> String {
        format!("kr{}_{name}", self.number)
    }

    /// The directive that says where `tokens` are from.
    fn line(&self, tokens: &[Token]) -> String {
        let start = tokens.first().map_or(0, |token| token.at);
        let line = self.code[..start].bytes().filter(|byte| *byte == b'\n').count() + 1;
        format!("#line {line} \"<query {}>\"\n", self.number)
    }

    /// The text of `tokens` in its own line and column, without the words `hidden`.
    fn place(&self, tokens: &[Token], hidden: &[&str]) -> String {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return String::new() };
        let column = first.at - self.code[..first.at].rfind('\n').map_or(0, |end| end + 1);
        let mut text =
            format!("{}{}", self.line(tokens), " ".repeat(if first.kind == Kind::Directive { 0 } else { column }));
        let mut at = first.at;
        let mut depth = 0;
        for token in tokens {
            depth += i32::from(token.is("{")) - i32::from(token.is("}"));
            if depth == 0 && token.is_word() && hidden.contains(&token.text) {
                text.push_str(&self.code[at..token.at]);
                text.push_str(&" ".repeat(token.text.len()));
                at = token.end();
            }
        }
        text.push_str(&self.code[at..last.end()]);
        text.push('\n');
        text
    }
}

/// `text` in the namespaces of its piece.
fn around(piece: &Piece, text: &str) -> String {
    let open: String = piece.namespaces.iter().flat_map(|name| ["namespace ", name, " {\n"]).collect();
    format!("{open}{text}{}\n", "}".repeat(piece.namespaces.len()))
}

/// What stands before a name to reach into the namespaces of its piece.
fn prefix(piece: &Piece) -> String {
    piece.namespaces.iter().flat_map(|name| [name, "::"]).collect()
}

fn qualified(piece: &Piece, names: &[String]) -> Vec<String> {
    let prefix = prefix(piece);
    names.iter().map(|name| format!("{prefix}{name}")).collect()
}

/// The name of the macro that a preprocessor line defines.
fn macro_name(text: &str) -> Option<&str> {
    let rest = text[1..].trim_start().strip_prefix("define")?.trim_start();
    Some(&rest[..rest.find(|c| !is_name_part(c)).unwrap_or(rest.len())])
}
