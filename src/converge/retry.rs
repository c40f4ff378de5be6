//! When a state is tried again, and how long to wait before. Must not look at the host.

use std::time::Duration;

use crate::compile::Retry;

/// Whether another attempt is due after this one ended well or badly (Salt: "Retrying States").
pub fn again(retry: Option<&Retry>, attempt: u32, good: bool) -> bool {
    retry.is_some_and(|retry| good != retry.until && attempt < retry.attempts)
}

/// The pause before the next attempt: the interval, and a part of the splay that nobody can foresee.
pub fn pause(retry: &Retry) -> Duration {
    let mut bytes = [0; 4];
    // Without random bytes the splay is of no use, but waiting is.
    let known = getrandom::fill(&mut bytes).is_ok();
    let part = if known { f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX) } else { 0.5 };
    retry.interval + retry.splay.mul_f64(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(until: bool) -> Retry {
        Retry { attempts: 3, interval: Duration::from_secs(2), splay: Duration::from_secs(4), until }
    }

    #[test]
    fn a_state_is_tried_until_it_ends_as_wanted() {
        let cases = [
            (None, 1, false, false),
            (Some(true), 1, false, true),
            (Some(true), 1, true, false),
            (Some(true), 3, false, false),
            (Some(false), 1, true, true),
            (Some(false), 2, false, false),
        ];
        for (until, attempt, good, due) in cases {
            let retry = until.map(retry);
            assert_eq!(again(retry.as_ref(), attempt, good), due, "{until:?} {attempt} {good}");
        }
    }

    #[test]
    fn the_pause_is_between_interval_and_splay() {
        for _ in 0..50 {
            let pause = pause(&retry(true));
            assert!((2.0..=6.0).contains(&pause.as_secs_f64()), "{pause:?}");
        }
    }
}
