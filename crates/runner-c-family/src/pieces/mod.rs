//! Splits a snippet into its top-level pieces: what belongs to file scope, and what is run.

pub(crate) mod extent;
mod functions;
mod types;
mod variables;
mod words;

use std::collections::BTreeSet;

use crate::lexer::{Kind, Token, closing};
use extent::namespace;
use types::{tag_body, tag_name};
use variables::declarators;
pub(crate) use variables::is_deduced;
use words::{STATEMENTS, VALUES};

/// One top-level piece of a snippet.
#[derive(Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) shape: Shape<'a>,
    pub(crate) tokens: &'a [Token<'a>],
    /// The namespaces around it.
    pub(crate) namespaces: Vec<&'a str>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Shape<'a> {
    /// A preprocessor line, or a whole conditional.
    Directive,
    /// The definition of types, with the names that it introduces; a tag of C is `struct NAME`.
    Type(Vec<String>),
    /// A function's definition.
    Function(Function<'a>),
    /// A function's declaration.
    Prototype(Function<'a>),
    /// Variables, one a declarator.
    Variables(Vec<Variable<'a>>),
    /// A constant that the compiler itself uses: its whole text is what others need.
    Constant(&'a str),
    /// Some other declaration that later snippets need: `using namespace`, a specialisation.
    Declaration,
    /// What file scope needs once: the definition of a member.
    Passing,
    /// What is run.
    Statement,
    /// The last expression, without a semicolon: its value is shown.
    Expression,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Function<'a> {
    pub(crate) name: String,
    /// The types of its parameters.
    pub(crate) parameters: String,
    /// The tokens before the body.
    pub(crate) header: &'a [Token<'a>],
    /// Others need its body as well: a template, a `constexpr` function, one whose result's type follows from it.
    pub(crate) is_whole: bool,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Variable<'a> {
    pub(crate) name: &'a str,
    /// The names of a structured binding, where it is one.
    pub(crate) bound: Vec<&'a str>,
    pub(crate) specifiers: &'a [Token<'a>],
    pub(crate) declarator: &'a [Token<'a>],
    pub(crate) init: &'a [Token<'a>],
}

impl Variable<'_> {
    pub(crate) fn is_reference(&self) -> bool {
        let before = self.declarator.iter().take_while(|token| !token.is(self.name));
        before.into_iter().any(|token| token.is("&") || token.is("&&"))
    }

    pub(crate) fn is_pointer(&self) -> bool {
        self.declarator.iter().any(|token| token.is("*"))
    }

    /// A structured binding.
    pub(crate) fn is_bound(&self) -> bool {
        !self.bound.is_empty()
    }

    pub(crate) fn is_array(&self) -> bool {
        self.after_name().is_some_and(|token| token.is("["))
    }

    /// An array whose size follows from its values.
    pub(crate) fn is_open_array(&self) -> bool {
        self.is_array() && self.declarator.windows(2).any(|pair| pair[0].is("[") && pair[1].is("]"))
    }

    fn after_name(&self) -> Option<&Token<'_>> {
        let name = self.declarator.iter().position(|token| token.is(self.name))?;
        self.declarator.get(name + 1)
    }

    pub(crate) fn has_specifier(&self, words: &[&str]) -> bool {
        self.specifiers.iter().any(|token| words.iter().any(|word| token.is(word)))
    }
}

/// Splits `tokens`, whose brackets are balanced. `values` are the variables that earlier snippets have defined.
pub(crate) fn split<'a>(tokens: &'a [Token<'a>], values: BTreeSet<String>, is_cpp: bool) -> Vec<Piece<'a>> {
    let mut parser = Parser { values, is_cpp, pieces: Vec::new() };
    parser.split(tokens, &[]);
    parser.pieces
}

/// Whether the tokens, a piece, are all of a function's definition but its body.
pub(crate) fn is_function_head(tokens: &[Token], values: BTreeSet<String>, is_cpp: bool) -> bool {
    Parser { values, is_cpp, pieces: Vec::new() }.is_function_head(tokens)
}

/// Whether the tokens are those of a program of its own: a `main` with parameters at file scope.
pub(crate) fn has_main(tokens: &[Token]) -> bool {
    let mut depth = 0_usize;
    tokens.iter().enumerate().any(|(index, token)| {
        match token.text {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let follows_type = index > 0 && (tokens[index - 1].is_word() || tokens[index - 1].is("*"));
        let is_called = index > 0 && tokens[index - 1].is("return");
        depth == 0
            && token.is("main")
            && follows_type
            && !is_called
            && tokens.get(index + 1).is_some_and(|next| next.is("("))
    })
}

struct Parser<'a> {
    values: BTreeSet<String>,
    is_cpp: bool,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Parser<'a> {
    fn split(&mut self, tokens: &'a [Token<'a>], namespaces: &[&'a str]) {
        let mut start = 0;
        while start < tokens.len() {
            if let Some((inner, open)) = namespace(&tokens[start..]) {
                let close = start + closing(&tokens[start..], open);
                let around = [namespaces, &inner[..]].concat();
                self.split(&tokens[start + open + 1..close], &around);
                start = close + 1;
                continue;
            }
            let end = start + self.length(&tokens[start..]).max(1);
            let is_last = end == tokens.len();
            self.add(&tokens[start..end], namespaces, is_last);
            start = end;
        }
    }

    fn add(&mut self, tokens: &'a [Token<'a>], namespaces: &[&'a str], is_last: bool) {
        let shape = self.shape(tokens, is_last);
        if let Shape::Variables(variables) = &shape {
            for variable in variables {
                self.values.insert(variable.name.to_owned());
                self.values.extend(variable.bound.iter().map(ToString::to_string));
            }
        }
        if let (Shape::Type(names), Some(body)) = (&shape, tag_body(tokens)) {
            // `struct P { .. } p = ..;` is a type and then a variable.
            let end = closing(tokens, body);
            let has_variables =
                !tokens[0].is("typedef") && !names.is_empty() && at(tokens, end + 1).is_some_and(|t| !t.is(";"));
            if let (true, Some(variables)) = (has_variables, declarators(&tokens[..=end], &tokens[end + 1..])) {
                let named = tag_name(tokens).map_or(body, |name| name + 1);
                let variables: Vec<_> = variables
                    .into_iter()
                    .map(|variable| Variable { specifiers: &tokens[..named], ..variable })
                    .collect();
                self.values.extend(variables.iter().map(|variable| variable.name.to_owned()));
                self.push(shape, &tokens[..=end], namespaces);
                self.push(Shape::Variables(variables), &tokens[end + 1..], namespaces);
                return;
            }
        }
        self.push(shape, tokens, namespaces);
    }

    fn push(&mut self, shape: Shape<'a>, tokens: &'a [Token<'a>], namespaces: &[&'a str]) {
        self.pieces.push(Piece { shape, tokens, namespaces: namespaces.to_vec() });
    }

    fn shape(&self, tokens: &'a [Token<'a>], is_last: bool) -> Shape<'a> {
        let first = &tokens[0];
        if first.kind == Kind::Directive {
            return Shape::Directive;
        }
        match first.text {
            "using" if at(tokens, 2).is_some_and(|token| token.is("=")) => {
                return Shape::Type(vec![tokens[1].text.to_owned()]);
            }
            "using" | "namespace" => return Shape::Declaration,
            "static_assert" | "_Static_assert" => return Shape::Passing,
            "extern" if at(tokens, 1).is_some_and(|token| token.kind == Kind::Literal) => return Shape::Declaration,
            "typedef" => return Shape::Type(self.typedef_names(tokens)),
            "template" => return self.template(tokens),
            _ => {}
        }
        if first.is_word() && STATEMENTS.contains(&first.text) {
            let is_value = is_last && !is_last_semicolon(tokens) && VALUES.contains(&first.text);
            return if is_value { Shape::Expression } else { Shape::Statement };
        }
        if tag_body(tokens).is_some()
            || (tag_name(tokens).is_some_and(|name| name + 2 == tokens.len()) && is_last_semicolon(tokens))
        {
            return Shape::Type(self.type_names(tokens));
        }
        if let Some(shape) = self.function(tokens, tokens) {
            return shape;
        }
        if let Some(variables) = self.variables(tokens) {
            let is_constexpr = variables[0].has_specifier(&["constexpr"]);
            let is_literal = |variable: &Variable| {
                variable.has_specifier(&["const"])
                    && variable.has_specifier(&["int", "long", "short", "unsigned", "size_t", "char", "bool"])
                    && variable.declarator.len() == 1
                    && variable.init.iter().all(|token| !token.is("("))
            };
            if self.is_cpp
                && (is_constexpr
                    || (variables.len() == 1 && is_literal(&variables[0]) && !variables[0].init.is_empty()))
            {
                return Shape::Constant(variables[0].name);
            }
            return Shape::Variables(variables);
        }
        if is_last && !is_last_semicolon(tokens) && !first.is("{") {
            return Shape::Expression;
        }
        Shape::Statement
    }
}

fn at<'t, 'a>(tokens: &'t [Token<'a>], index: usize) -> Option<&'t Token<'a>> {
    tokens.get(index)
}

fn is_last_semicolon(tokens: &[Token]) -> bool {
    tokens.last().is_some_and(|token| token.is(";"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::tokens;

    /// One word a piece.
    fn shapes(source: &str, is_cpp: bool) -> String {
        let tokens = tokens(source).unwrap();
        let pieces = split(&tokens, BTreeSet::from(["known".to_owned()]), is_cpp);
        let words = pieces.iter().map(|piece| match &piece.shape {
            Shape::Directive => "directive".into(),
            Shape::Type(names) => format!("type({})", names.join(",")),
            Shape::Function(function) => format!("function({}:{})", function.name, function.parameters),
            Shape::Prototype(function) => format!("prototype({})", function.name),
            Shape::Variables(variables) => {
                format!("variables({})", variables.iter().map(|variable| variable.name).collect::<Vec<_>>().join(","))
            }
            Shape::Constant(name) => format!("constant({name})"),
            Shape::Declaration => "declaration".into(),
            Shape::Passing => "passing".into(),
            Shape::Statement => "statement".into(),
            Shape::Expression => "expression".to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn declarations_of_c_are_told_from_statements() {
        for (source, expected) in [
            ("#include <stdio.h>\nint x = 1, *p = &x;\nx + 1", "directive variables(x,p) expression"),
            ("struct P { int x; };\nstruct P p = {1};", "type(struct P) variables(p)"),
            ("struct P { int x; } p = {1};", "type(struct P) variables(p)"),
            ("typedef struct { int x; } P; P q; P *r;", "type(P) variables(q) variables(r)"),
            ("typedef int (*op)(int); op f = 0;", "type(op) variables(f)"),
            ("enum color { RED, GREEN = 3 };", "type(enum color,RED,GREEN)"),
            ("int f(int a, char *b) { return a; }\nf(1, 0);", "function(f:int,char *) statement"),
            ("static struct P *make(void) { return 0; }", "function(make:void)"),
            ("double sqrt(double);", "prototype(sqrt)"),
            ("int (*op)(int, int) = add;", "variables(op)"),
            ("known * 2;\nknown * known", "statement expression"),
            ("if (known) { f(); } else g();\nfor (;;) break;\ndo x(); while (0);", "statement statement statement"),
            ("int a[] = {1, 2, 3}; a[0]", "variables(a) expression"),
            ("printf(\"%d\\n\", 1)", "expression"),
            ("free(*known);", "statement"),
        ] {
            assert_eq!(shapes(source, false), expected, "{source}");
        }
    }

    #[test]
    fn declarations_of_cpp_are_told_from_statements() {
        for (source, expected) in [
            ("using namespace std;\nvector<int> v{1, 2};\nv.size()", "declaration variables(v) expression"),
            ("std::map<std::string, int> m = {{\"a\", 1}};", "variables(m)"),
            ("std::cout << 1 << \"a\";\nstd::cout << known", "statement expression"),
            ("auto f = [](int x) { return x; };\nf(2)", "variables(f) expression"),
            ("std::sort(v.begin(), v.end(), [](int a, int b) { return a < b; });", "statement"),
            ("class A : public B { int x; public: A() : x(1) {} };", "type(A)"),
            ("template <typename T> T twice(T x) { return x + x; }", "function(twice:T)"),
            ("template <typename T> struct Box { T value; };", "type(Box)"),
            ("template <> struct std::hash<A> { };", "declaration"),
            ("int A::get() const { return x; }\nA::A(int y) : x{y} { }", "passing passing"),
            (
                "std::ostream& operator<<(std::ostream& o, const P& p) { return o; }",
                "function(operator<<:std :: ostream &,const P &)",
            ),
            ("Foo x(3); Foo y(known); Foo z(int);", "variables(x) variables(y) prototype(z)"),
            ("constexpr int N = 5; const int M = N + 1;", "constant(N) constant(M)"),
            ("auto [a, b] = std::pair(1, 2);", "variables(a)"),
            ("namespace geo { int f() { return 1; } } geo::f()", "function(f:) expression"),
            ("try { f(); } catch (int) { } catch (...) { }", "statement"),
            ("throw std::runtime_error(\"boom\");", "statement"),
            ("std::make_pair(1, 2)", "expression"),
            ("P p{1, 2}; P q = {3};", "variables(p) variables(q)"),
            ("std::vector<std::vector<int>> g(3, std::vector<int>(4));", "variables(g)"),
        ] {
            assert_eq!(shapes(source, true), expected, "{source}");
        }
    }
}
