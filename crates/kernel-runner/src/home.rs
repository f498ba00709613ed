//! `kernel-runner make-home`: what an image needs besides this program and a language.
//!
//! This program does it, and no script, because it runs in any image: in one of Alpine, whose tools are other ones, and in one
//! that has neither tools nor a shell.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::Failure;
use crate::cli::MakeHome;

/// What the user that code runs as, and its group, are called: the first one that is nobody's yet.
const NAMES: [&str; 2] = ["work", "kernel-runner"];
const HOME: &str = "home/work";
const SHELLS: [&str; 2] = ["/bin/bash", "/bin/sh"];

pub(crate) fn make_home(options: &MakeHome) -> Result<ExitCode, Failure> {
    let (user, group) = ids(&options.user).map_err(Failure::usage)?;
    make(&options.root, user, group).map_err(Failure::io)?;
    Ok(ExitCode::SUCCESS)
}

/// The numbers of `UID:GID`, or of `UID` alone.
fn ids(text: &str) -> anyhow::Result<(u32, u32)> {
    let (user, group) = text.split_once(':').unwrap_or((text, text));
    let id = |text: &str| text.parse().with_context(|| format!("{text:?} is no number of a user or a group"));
    Ok((id(user)?, id(group)?))
}

/// What is there already stays as it is, a user of that id above all, whatever it is called. The home becomes the user's.
fn make(root: &Path, user: u32, group: u32) -> anyhow::Result<()> {
    let shell = SHELLS.into_iter().find(|shell| root.join(&shell[1..]).exists()).unwrap_or(SHELLS[1]);
    add(&root.join("etc/passwd"), user, &format!(":x:{user}:{group}::/{HOME}:{shell}"))
        .context("failed to add the user")?;
    add(&root.join("etc/group"), group, &format!(":x:{group}:")).context("failed to add the group")?;
    let home = root.join(HOME);
    fs::create_dir_all(&home)
        .and_then(|()| chown(&home, Some(user), Some(group)))
        .with_context(|| format!("failed to make {}", home.display()))?;
    let temp = root.join("tmp");
    if !temp.exists() {
        fs::create_dir(&temp)
            .and_then(|()| fs::set_permissions(&temp, Permissions::from_mode(0o1777)))
            .with_context(|| format!("failed to make {}", temp.display()))?;
    }
    Ok(())
}

/// Adds a line `NAME:PASSWORD:ID:...`, under a name that is free, to a file of such lines, unless the id has one.
fn add(file: &Path, id: u32, behind_name: &str) -> io::Result<()> {
    let text = match fs::read(file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let has = |field: usize, value: &str| text.lines().any(|line| line.split(':').nth(field) == Some(value));
    if has(2, &id.to_string()) {
        return Ok(());
    }
    let name = NAMES.into_iter().find(|name| !has(0, name)).unwrap_or(NAMES[0]);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let feed = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let mut file = File::options().append(true).create(true).open(file)?;
    file.write_all(format!("{feed}{name}{behind_name}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("etc/passwd");
        fs::create_dir(folder.path().join("etc")).unwrap();
        fs::write(&file, text).unwrap();
        add(&file, 1000, ":x:1000:1000::/home/work:/bin/sh").unwrap();
        fs::read_to_string(file).unwrap()
    }

    #[test]
    fn a_user_is_added_unless_there_is_one_of_that_id() {
        let ours = "work:x:1000:1000::/home/work:/bin/sh\n";
        assert_eq!(added(""), ours);
        assert_eq!(added("root:x:0:0::/root:/bin/ash"), format!("root:x:0:0::/root:/bin/ash\n{ours}"));
        assert_eq!(added("node:x:1000:1000::/home/node:/bin/sh\n"), "node:x:1000:1000::/home/node:/bin/sh\n");
        let taken = "work:x:33:33::/srv:/bin/sh\n";
        assert_eq!(added(taken), format!("{taken}{}", ours.replacen("work", "kernel-runner", 1)));
    }

    #[test]
    fn users_are_numbers() {
        assert_eq!(ids("1000:100").unwrap(), (1000, 100));
        assert_eq!(ids("0").unwrap(), (0, 0));
        assert!(ids("work").unwrap_err().to_string().contains("\"work\" is no number"));
    }

    #[test]
    fn an_empty_root_becomes_one_that_code_can_run_in() {
        if !nix::unistd::geteuid().is_root() {
            eprintln!("SKIPPED: only root gives a home to somebody else");
            return;
        }
        let root = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            make(root.path(), 1000, 1000).unwrap();
        }
        let lines = |name: &str| fs::read_to_string(root.path().join(name)).unwrap();
        assert_eq!(lines("etc/passwd"), "work:x:1000:1000::/home/work:/bin/sh\n");
        assert_eq!(lines("etc/group"), "work:x:1000:\n");
        let mode = fs::metadata(root.path().join("tmp")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o1777);
    }
}
