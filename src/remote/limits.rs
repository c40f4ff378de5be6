//! How much of a host is listened to, and for how long. A host that is broken or hostile ends a run with a sentence;
//! it fills no memory and keeps nobody waiting for ever.

use std::time::{Duration, Instant};

/// So long a run may go without a line, where nothing else is asked for: its host gives a sign of life every ten
/// seconds.
pub const SILENCE: Duration = Duration::from_secs(90);

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a line.
    pub line: usize,
    /// Bytes of an answer that is kept as a whole.
    pub answer: usize,
    /// Until a line has come.
    pub silence: Duration,
    /// Until the end; `None`: as long as it speaks.
    pub whole: Option<Duration>,
    pub pace: Pace,
}

/// How fast lines may come for long; what comes faster has to wait on the host.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub lines: u32,
    pub bytes: u32,
    /// So much may come at once: that of this many seconds.
    pub ahead: u32,
}

const PACE: Pace = Pace { lines: 20_000, bytes: 16 << 20, ahead: 4 };

impl Limits {
    /// A short question.
    pub const QUESTION: Self = Self::within(60);
    /// A question to which much is sent.
    pub const UPLOAD: Self = Self::within(3600);

    const fn within(seconds: u64) -> Self {
        let whole = Duration::from_secs(seconds);
        Self { line: 1 << 20, answer: 1 << 20, silence: whole, whole: Some(whole), pace: PACE }
    }

    /// A run.
    pub const fn run(silence: Duration) -> Self {
        Self { line: 8 << 20, answer: 0, silence, whole: None, pace: PACE }
    }
}

/// A token bucket.
pub struct Bucket {
    left: f64,
    most: f64,
    each_second: f64,
    since: Instant,
}

impl Bucket {
    pub fn new(each_second: u32, ahead: u32, now: Instant) -> Self {
        let each_second = f64::from(each_second);
        let most = each_second * f64::from(ahead);
        Self { left: most, most, each_second, since: now }
    }

    /// Takes so much out; gives how long to wait before the next is taken.
    pub fn take(&mut self, amount: usize, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.since).as_secs_f64();
        self.since = now;
        self.left = (self.left + passed * self.each_second).min(self.most);
        self.left -= u32::try_from(amount).map_or(f64::from(u32::MAX), f64::from);
        Duration::from_secs_f64((-self.left / self.each_second).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_slowed_down_and_a_long_run_is_not() {
        let begin = Instant::now();
        let after = |milliseconds| begin + Duration::from_millis(milliseconds);
        let mut lines = Bucket::new(PACE.lines, PACE.ahead, begin);
        let waits = (0..80_000).map(|_| lines.take(1, begin)).max();
        assert_eq!(waits, Some(Duration::ZERO), "far more than the states of a large run");
        assert_eq!(lines.take(20_000, begin), Duration::from_secs(1));
        assert_eq!(lines.take(10_000, after(1000)), Duration::from_millis(500));
        // What is not used is not saved up for ever.
        assert_eq!(lines.take(80_000, after(1_000_000)), Duration::ZERO);
        assert_eq!(lines.take(20_000, after(1_000_000)), Duration::from_secs(1));
    }
}
