use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The environment that children get: the runner's own, then the agent's file, then what no program should miss.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// The runner's own variables. Its settings are no business of the children.
    #[must_use]
    pub fn inherited() -> Self {
        let own = |name: &OsString| name.as_encoded_bytes().starts_with(b"KERNEL_RUNNER_");
        Self(std::env::vars_os().filter(|(name, _)| !own(name)).collect())
    }

    /// Adds the `KEY=VALUE` lines of `environ.txt`. A missing file is normal; a malformed line is skipped with a warning.
    pub fn read(&mut self, file: &Path) {
        let text = match std::fs::read(file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return tracing::warn!("failed to read {}: {error}", file.display()),
        };
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_end_matches('\r');
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            match line.split_once('=') {
                Some((name, value)) if is_name(name) && !value.contains('\0') => self.set(name, value),
                _ => tracing::warn!("{}, line {}: not `KEY=VALUE`: skipped", file.display(), number + 1),
            }
        }
    }

    /// Sets `HOME`, `LANG` and `TERM` where they are missing.
    pub fn complete(&mut self, home: &Path) {
        for (name, value) in
            [("HOME", home.as_os_str()), ("LANG", OsStr::new("C.UTF-8")), ("TERM", OsStr::new("xterm"))]
        {
            self.0.entry(name.into()).or_insert_with(|| value.to_owned());
        }
    }

    /// Sets one variable.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// The value of one variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && !name.contains([' ', '\t', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_line_is_skipped_and_the_rest_is_taken() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"A=1\nno value\n=x\n\n# comment\nB=a=b c\r\nC=\xff\n").unwrap();
        let mut environment = Environment::default();
        environment.read(file.path());
        assert_eq!(environment.get("A").unwrap(), "1");
        assert_eq!(environment.get("B").unwrap(), "a=b c");
        assert_eq!(environment.get("C").unwrap(), "\u{fffd}");
        assert_eq!(environment.iter().count(), 3);
    }

    #[test]
    fn only_what_is_missing_is_completed() {
        let mut environment = Environment::default();
        environment.set("LANG", "ko_KR.UTF-8");
        environment.complete(Path::new("/home/work"));
        assert_eq!(environment.get("HOME").unwrap(), "/home/work");
        assert_eq!(environment.get("LANG").unwrap(), "ko_KR.UTF-8");
        assert_eq!(environment.get("TERM").unwrap(), "xterm");
    }
}
