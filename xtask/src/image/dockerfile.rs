//! The Dockerfile, as a person would write it.
//!
//! Each stage is a step of the build: what changes least comes first, so that a new program does not mean new packages.

use std::fmt::Write as _;

use super::labels::labels;
use super::plan::{Plan, Start};
use super::recipe::CACHE;

/// Where the program lies in the image, and in the folder of the Dockerfile.
const PROGRAM: &str = "/usr/local/bin/kernel-runner";

/// The stage that has the packages.
pub(crate) const PACKAGES: &str = "packages";
/// The stage that has the program, and what it has made for its starts.
pub(crate) const CACHES: &str = "caches";

pub(crate) fn dockerfile(plan: &Plan) -> String {
    [header(plan), first_stages(plan), last_stage(plan)].concat()
}

fn header(plan: &Plan) -> String {
    let Plan { language, .. } = plan;
    let made_by = plan.command_line();
    format!(
        "# An image that serves {language} with kernel-runner. It was made by
#     {made_by}
# which leaves this file in {folder}, with the program beside it, so that it builds alone:
#     docker build{platform} --tag {tag} {folder}
# (buildah and podman need --format docker besides, for the health check).

",
        folder = plan.folder_name(),
        platform = plan.platform.as_ref().map(|platform| format!(" --platform {platform}")).unwrap_or_default(),
        tag = plan.tags[0],
    )
}

fn first_stages(plan: &Plan) -> String {
    let base = match &plan.start {
        Start::Base(base) => base,
        Start::Image(image) => return format!("FROM {image}\n{}", program(plan, &[])),
    };
    let mut text = String::new();
    let from = if plan.packages.is_empty() {
        base.as_str()
    } else {
        let _ = write!(text, "FROM {base} AS {PACKAGES}\n{}\n", install(plan, base));
        PACKAGES
    };
    if !plan.recipe.is_warm {
        return text + &format!("FROM {from}\n{}", program(plan, plan.recipe.environment));
    }
    let environment = [&[("KERNEL_RUNNER_CACHE", CACHE)], plan.recipe.environment].concat();
    let _ = write!(
        text,
        "FROM {from} AS {CACHES}
{program}# What a start makes is made now. The folder is not in the home, over which agents mount another one.
RUN [\"mkdir\", \"-m\", \"1777\", \"{CACHE}\"]
USER {user}
RUN [\"kernel-runner\", \"warm\", \"{language}\"]

FROM {CACHES}
",
        program = program(plan, &environment),
        user = plan.user,
        language = plan.language,
    );
    text
}

/// The command that installs the packages, and leaves nothing else behind.
fn install(plan: &Plan, base: &str) -> String {
    let newer = plan.recipe.backports;
    let is_bookworm = ["bookworm", "debian:12"].iter().any(|name| base.contains(name));
    let mut text = String::new();
    let has_newer = !newer.is_empty() && is_bookworm;
    if has_newer {
        text += "# Debian 12 itself has an older one; what is newer lies beside it.
RUN mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null \\
        | sed -nE 's/^(URIs:|deb ) *(\\[[^]]*\\] *)?(https?:[^ ]+).*/\\3/p' | head -n 1) \\
    && echo \"deb $mirror bookworm-backports main\" > /etc/apt/sources.list.d/backports.list \\
    && apt-get update \\
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends --target-release bookworm-backports \\
";
        let _ = writeln!(text, "        {} \\\n    && rm -rf /var/lib/apt/lists/*", newer.join(" "));
    }
    text += "RUN apt-get update \\\n    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \\\n";
    for package in plan.packages.iter().filter(|package| !(has_newer && newer.contains(&package.as_str()))) {
        let _ = writeln!(text, "        {package} \\");
    }
    text + "    && rm -rf /var/lib/apt/lists/*\n"
}

/// The program, and what it makes itself: it needs no tool of the image for that.
fn program(plan: &Plan, environment: &[(&str, &str)]) -> String {
    let variables = [("HOME", "/home/work")].iter().chain(environment);
    let variables = variables.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" \\\n    ");
    format!(
        "USER 0:0
COPY kernel-runner {PROGRAM}
# Makes the user, /home/work and /tmp, unless they are there.
RUN [\"{PROGRAM}\", \"make-home\", \"--user\", \"{user}\"]
ENV {variables}
",
        user = plan.user,
    )
}

fn last_stage(plan: &Plan) -> String {
    let labels = labels(plan).into_iter().map(|(name, value)| format!("{name}=\"{value}\""));
    let labels = labels.collect::<Vec<_>>().join(" \\\n      ");
    let ports = if plan.recipe.has_terminal { "2000 2001 2002 2003" } else { "2000 2001" };
    format!(
        "USER {user}
WORKDIR /home/work
LABEL {labels}
# Requests come in at the first port, records go out at the second{terminal}.
EXPOSE {ports}
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s CMD [\"{PROGRAM}\", \"ping\"]
STOPSIGNAL SIGTERM
ENTRYPOINT []
CMD [\"kernel-runner\", \"{language}\"]
",
        terminal = if plan.recipe.has_terminal { "; the others are the terminal's" } else { "" },
        user = plan.user,
        language = plan.language,
    )
}
