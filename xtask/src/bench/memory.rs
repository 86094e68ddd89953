//! The memory of a process and its descendants, as the kernel counts it.
//!
//! The peak is the kernel's own and is reset before a load, so no sampling disturbs the measurement.

use anyhow::Result;

/// The processes whose memory is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// The process id of the root.
    pub(super) root: u32,
    /// Whether the root is counted too, or only its descendants.
    pub(super) is_root_counted: bool,
}

#[cfg(target_os = "linux")]
mod kernel {
    use std::collections::BTreeSet;

    use anyhow::{Context as _, Result};
    use procfs::process::{ClearRefs, Process, Status, all_processes};

    use super::Family;

    /// The members that are alive.
    fn members(family: Family) -> Result<Vec<Process>> {
        let all = all_processes().context("the kernel lists no processes")?;
        let mut others: Vec<_> = all
            .filter_map(|process| {
                let process = process.ok()?;
                let stat = process.stat().ok()?;
                Some((stat.pid, stat.ppid, process))
            })
            .collect();
        // A child may have a lower process id than its parent, since ids wrap around.
        let root = i32::try_from(family.root).context("a process has no such number")?;
        let mut known = BTreeSet::from([root]);
        while others
            .iter()
            .any(|(pid, parent, _)| known.contains(parent) && !known.contains(pid))
        {
            let found = others
                .iter()
                .filter(|(_, parent, _)| known.contains(parent));
            let found: Vec<_> = found.map(|(pid, _, _)| *pid).collect();
            known.extend(found);
        }
        others
            .retain(|(pid, _, _)| known.contains(pid) && (family.is_root_counted || *pid != root));
        Ok(others.into_iter().map(|(_, _, process)| process).collect())
    }

    fn sum(family: Family, of: impl Fn(&Status) -> Option<u64>) -> Result<f64> {
        let kib = members(family)?
            .iter()
            .filter_map(|process| of(&process.status().ok()?))
            .sum::<u64>();
        anyhow::ensure!(kib > 0, "the kernel says that it uses no memory");
        let kib = u32::try_from(kib).context("the kernel says that it uses terabytes")?;
        Ok(f64::from(kib) * 1024.0)
    }

    /// The current resident set size, in bytes.
    pub(in crate::bench) fn resident(family: Family) -> Result<f64> {
        sum(family, |status| status.vmrss)
    }

    /// The peak resident set size since [`forget_peak`].
    pub(in crate::bench) fn peak(family: Family) -> Result<f64> {
        sum(family, |status| status.vmhwm)
    }

    /// Resets the peak.
    pub(in crate::bench) fn forget_peak(family: Family) -> Result<()> {
        for process in members(family)? {
            process
                .clear_refs(ClearRefs::PeakRSS)
                .context("the kernel does not forget a peak")?;
        }
        Ok(())
    }

    #[cfg(test)]
    mod tests {
        use std::process::Command;

        use super::*;
        use crate::leash::Leash;

        #[test]
        fn a_family_is_counted_with_and_without_its_head() {
            let mut command = Command::new("sh");
            command.args(["-c", "sleep 60 & wait"]);
            let leash = Leash::family(&mut command).unwrap();
            let root = leash.child().id();
            let count = |is_root_counted| {
                members(Family {
                    root,
                    is_root_counted,
                })
                .unwrap()
                .len()
            };
            let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
            while count(true) < 2 && std::time::Instant::now() < deadline {
                std::thread::yield_now();
            }
            assert_eq!((count(true), count(false)), (2, 1));
            let family = Family {
                root,
                is_root_counted: true,
            };
            forget_peak(family).unwrap();
            let resident = resident(family).unwrap();
            assert!(resident > 100_000.0 && peak(family).unwrap() >= resident);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use anyhow::{Result, bail};

    use super::Family;

    pub(in crate::bench) fn resident(_family: Family) -> Result<f64> {
        bail!("memory is measured on Linux only")
    }

    pub(in crate::bench) fn peak(_family: Family) -> Result<f64> {
        bail!("memory is measured on Linux only")
    }

    pub(in crate::bench) fn forget_peak(_family: Family) -> Result<()> {
        bail!("memory is measured on Linux only")
    }
}

impl Family {
    /// A process and its descendants.
    pub(super) const fn of(root: u32) -> Self {
        Self {
            root,
            is_root_counted: true,
        }
    }

    /// Only the descendants of a process.
    pub(super) const fn below(root: u32) -> Self {
        Self {
            root,
            is_root_counted: false,
        }
    }

    /// The current resident set size, in bytes.
    pub(super) fn resident(self) -> Result<f64> {
        kernel::resident(self)
    }

    /// Resets the peak.
    pub(super) fn forget_peak(self) -> Result<()> {
        kernel::forget_peak(self)
    }

    /// The sum of each process's peak since the reset.
    pub(super) fn peak(self) -> Result<f64> {
        kernel::peak(self)
    }
}
