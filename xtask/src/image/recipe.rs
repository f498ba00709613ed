//! What the image of each language is made of.

/// What an image has besides the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    /// The language's name.
    pub(crate) language: &'static str,
    /// The Debian packages; those that Debian recommends besides are left out.
    pub(crate) packages: &'static [&'static str],
    /// The image that it is built on, where it is not the usual one.
    pub(crate) base: Option<&'static str>,
    /// The packages that Debian 12 has newer ones of in its backports.
    pub(crate) backports: &'static [&'static str],
    /// The interpreter or compiler.
    pub(crate) runtime: &'static str,
    /// Variables of the image.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// The variables that tell programs how many cores they have.
    pub(crate) cores: &'static [&'static str],
    /// The least memory with which a session is of use.
    pub(crate) memory: &'static str,
    /// Whether what a start makes is made while the image is built, and lies in a cache of the image.
    pub(crate) is_warm: bool,
    /// Whether it has a terminal, at the ports 2002 and 2003.
    pub(crate) has_terminal: bool,
}

/// The image that most languages are built on.
pub(crate) const BASE: &str = "debian:bookworm-slim";
/// Where the image keeps what was made while it was built. Not in the home, over which agents mount a folder.
pub(crate) const CACHE: &str = "/var/cache/kernel-runner";

const USUAL: Recipe = Recipe {
    language: "",
    packages: &[],
    base: None,
    backports: &[],
    runtime: "",
    environment: &[],
    cores: &["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"],
    memory: "64m",
    is_warm: false,
    has_terminal: false,
};

/// The languages of this repository.
const RECIPES: [Recipe; 14] = [
    Recipe {
        language: "c", // Projects of C may have files of C++.
        packages: &["gcc", "g++", "libc6-dev", "make"],
        runtime: "/usr/bin/gcc",
        memory: "128m",
        is_warm: true,
        ..USUAL
    },
    Recipe {
        language: "cpp",
        packages: &["g++", "make"],
        runtime: "/usr/bin/g++",
        memory: "512m",
        is_warm: true,
        ..USUAL
    },
    Recipe { language: "git", packages: &["git", "less"], runtime: "/usr/bin/git", has_terminal: true, ..USUAL },
    Recipe {
        language: "golang",
        packages: &["golang-go", "ca-certificates", "make"],
        backports: &["golang-go"],
        runtime: "/usr/bin/go",
        environment: &[("GOCACHE", "/var/cache/kernel-runner/golang/cache")],
        cores: &["GOMAXPROCS"],
        memory: "512m",
        is_warm: true,
        ..USUAL
    },
    Recipe {
        language: "haskell",
        packages: &["ghc", "make"],
        runtime: "/usr/bin/ghc",
        memory: "512m",
        is_warm: true,
        ..USUAL
    },
    Recipe {
        language: "java",
        packages: &["default-jdk-headless", "make"],
        runtime: "/usr/bin/java",
        memory: "512m",
        is_warm: true,
        ..USUAL
    },
    Recipe {
        language: "julia",
        packages: &["julia"],
        // The last release that has it.
        base: Some("debian:bullseye-slim"),
        runtime: "/usr/bin/julia",
        cores: &["JULIA_NUM_THREADS", "OPENBLAS_NUM_THREADS"],
        memory: "512m",
        ..USUAL
    },
    Recipe { language: "lua", packages: &["lua5.4"], runtime: "/usr/bin/lua", ..USUAL },
    Recipe { language: "nodejs", packages: &["nodejs"], runtime: "/usr/bin/node", memory: "128m", ..USUAL },
    Recipe {
        language: "octave",
        // The font is the one that Octave's plots are written in.
        packages: &["octave", "gnuplot-nox", "fonts-freefont-otf"],
        runtime: "/usr/bin/octave-cli",
        memory: "256m",
        ..USUAL
    },
    Recipe { language: "php", packages: &["php-cli"], runtime: "/usr/bin/php", ..USUAL },
    Recipe { language: "python", packages: &["python3"], runtime: "/usr/bin/python3", memory: "128m", ..USUAL },
    Recipe { language: "r", packages: &["r-base-core"], runtime: "/usr/bin/R", memory: "256m", ..USUAL },
    Recipe {
        language: "rust",
        packages: &["rustc", "cargo", "ca-certificates"],
        // Debian 12's compiler is too old for the session's driver.
        base: Some("debian:trixie-slim"),
        runtime: "/usr/bin/rustc",
        memory: "512m",
        ..USUAL
    },
];

impl Recipe {
    /// The recipe of a language; one of a language that is not ours has nothing but the program.
    pub(crate) fn of(language: &str) -> Self {
        RECIPES.into_iter().find(|recipe| recipe.language == language).unwrap_or(USUAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_recipe() {
        for language in crate::features::languages().expect("the manifest can be read") {
            let recipe = Recipe::of(&language);
            assert!(!recipe.packages.is_empty() && recipe.runtime.starts_with("/usr/bin/"), "{language}");
        }
    }

    #[test]
    fn recipes_are_in_the_order_of_their_names() {
        assert!(RECIPES.is_sorted_by_key(|recipe| recipe.language));
    }
}
