//! Advice for a port that is already in use.

use alloc::format;
use alloc::string::String;

/// Ports that macOS itself listens on since version 12, for `AirPlay` Receiver (System Settings, General, `AirDrop`
/// and Handoff).
const AIRPLAY: [u16; 2] = [5000, 7000];

/// How many of the following ports to probe.
const NEAR: u16 = 100;

/// Advice for a port that is taken: suggests the next one for which `is_free` returns true.
#[must_use]
pub fn port_taken(port: u16, is_free: impl Fn(u16) -> bool) -> String {
    let mut near = port.saturating_add(1)..=port.saturating_add(NEAR);
    let free = near.find(|near| *near != port && is_free(*near));
    let free = free.map(|free| format!(" {free}")).unwrap_or_default();
    let airplay = if AIRPLAY.contains(&port) {
        format!(
            " (on a Mac, AirPlay Receiver listens on {port} unless it is turned off in the system's settings)"
        )
    } else {
        String::new()
    };
    format!("choose another port with --port{free}, or 0 for a free one{airplay}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_free_port_is_named() {
        let told = |port, free: &[u16]| port_taken(port, |near| free.contains(&near));
        for (port, free, want) in [
            (
                8080,
                &[8081, 8083][..],
                "choose another port with --port 8081, or 0 for a free one",
            ),
            (
                8080,
                &[8080, 8083],
                "choose another port with --port 8083, or 0 for a free one",
            ),
            (
                8080,
                &[],
                "choose another port with --port, or 0 for a free one",
            ),
            (
                65535,
                &[65535],
                "choose another port with --port, or 0 for a free one",
            ),
        ] {
            assert_eq!(told(port, free), want);
        }
        for port in AIRPLAY {
            assert!(told(port, &[]).contains("AirPlay"), "{port}");
        }
    }
}
