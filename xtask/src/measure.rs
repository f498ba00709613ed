//! One number of `bench`: what was measured, what it is compared with, and what it should be.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
    /// What the machine does without the runner, where there is such a thing.
    pub(crate) beside: Option<f64>,
    pub(crate) target: Target,
}

#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
    /// It is shown to complete the picture.
    None,
}

impl Measure {
    fn is_met(&self) -> Option<bool> {
        match self.target {
            Target::AtMost(limit) => Some(self.value <= limit),
            Target::AtLeast(limit) => Some(self.value >= limit),
            Target::None => None,
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let (at_most, at_least) = match self.target {
            Target::AtMost(limit) => (Some(limit), None),
            Target::AtLeast(limit) => (None, Some(limit)),
            Target::None => (None, None),
        };
        json!({
            "name": self.name, "unit": self.unit, "value": self.value, "beside": self.beside,
            "at_most": at_most, "at_least": at_least, "met": self.is_met(),
        })
    }
}

pub(crate) fn print_table(measures: &[Measure]) {
    println!("\n{:<58} {:>10} {:>10} {:>12}  unit", "", "measured", "beside", "target");
    for measure in measures {
        let beside = measure.beside.map_or_else(String::new, |value| format!("{value:.2}"));
        let target = match measure.target {
            Target::AtMost(limit) => format!("<= {limit:.2}"),
            Target::AtLeast(limit) => format!(">= {limit:.2}"),
            Target::None => String::new(),
        };
        let met = match measure.is_met() {
            Some(true) => "  met",
            Some(false) => "  NOT MET",
            None => "",
        };
        println!("{:<58} {:>10.2} {beside:>10} {target:>12}  {}{met}", measure.name, measure.value, measure.unit);
    }
}

/// The value below which `percent` of the times lie.
pub(crate) fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(index).copied().unwrap_or_default()
}

pub(crate) fn median(times: &mut [Duration]) -> Duration {
    percentile(times, 50)
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The children of a process.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_ascii_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect()
}

/// A process and all of its descendants.
fn family(process: u32) -> Vec<u32> {
    let mut all = vec![process];
    let mut index = 0;
    while let Some(process) = all.get(index) {
        all.extend(children(*process));
        index += 1;
    }
    all
}

/// What a process and all of its descendants take up.
pub(crate) fn family_pss_mib(process: u32) -> f64 {
    // One that has just gone takes up nothing.
    family(process).into_iter().filter_map(|process| pss_mib(process).ok()).sum()
}

/// What a process takes up, each page divided among those who share it.
pub(crate) fn pss_mib(process: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("smaps_rollup has no Pss")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}
