//! What this Debian is, and where its packages come from.

use std::fs;

/// Where this Debian gets its packages from.
pub(crate) fn mirror() -> Option<String> {
    let read = |file: &str| fs::read_to_string(format!("/etc/apt/{file}")).unwrap_or_default();
    let sources = read("sources.list.d/debian.sources") + &read("sources.list");
    let lines = sources.lines().filter(|line| line.starts_with("URIs:") || line.starts_with("deb "));
    let mut words = lines.flat_map(str::split_whitespace);
    words.find(|word| word.starts_with("http://") || word.starts_with("https://")).map(str::to_owned)
}

/// Packages that this release has too old for the tests, and the suite that has newer ones for it.
pub(crate) struct Backports {
    pub(crate) suite: &'static str,
    pub(crate) packages: Vec<&'static str>,
    mirror: String,
}

impl Backports {
    /// Those among `packages`, if there are any.
    pub(crate) fn of(packages: &[&str]) -> Option<Self> {
        let release = fs::read_to_string("/etc/os-release").ok()?;
        let is_bookworm = release.lines().any(|line| line == "VERSION_CODENAME=bookworm");
        let packages: Vec<_> = ["golang-go"].into_iter().filter(|old| is_bookworm && packages.contains(old)).collect();
        if packages.is_empty() {
            return None;
        }
        Some(Self { suite: "bookworm-backports", packages, mirror: mirror()? })
    }

    /// The command, for `sh`, that makes the package manager know them.
    pub(crate) fn enable(&self) -> String {
        let Self { suite, mirror, .. } = self;
        let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
        format!("echo 'deb [signed-by={keyring}] {mirror} {suite} main' > /etc/apt/sources.list.d/{suite}.list")
    }
}
