//! How old a password and an account may become: the days of /etc/shadow. Must not touch the hash.

use serde::Deserialize;

use crate::facts::Shadow;
use crate::plan::{Change, Plan};

/// A day as people write it (`2026-12-31`) or as the shadow file counts it: days since 1970; -1 is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(pub i64);

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Ok(days) = text.parse::<i64>()
            && days >= -1
        {
            return Ok(Self(days));
        }
        let date: Result<jiff::civil::Date, _> = text.parse();
        date.map(|date| Self(since_epoch(date)))
            .map_err(|_| format!("`{text}` is no day such as `2026-12-31`, nor a number of days since 1970"))
    }
}

fn since_epoch(date: jiff::civil::Date) -> i64 {
    let epoch = jiff::civil::date(1970, 1, 1);
    date.since(epoch).map_or(0, |span| i64::from(span.get_days()))
}

impl Day {
    fn show(self) -> String {
        let epoch = jiff::civil::date(1970, 1, 1);
        if self.0 < 0 {
            return "never".to_owned();
        }
        let date = jiff::Span::new().try_days(self.0).and_then(|span| epoch.checked_add(span));
        date.map_or_else(|_| self.0.to_string(), |date| date.to_string())
    }
}

/// What a state says of ages; `None` leaves as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DesiredAging {
    pub last_change: Option<Day>,
    pub min_days: Option<i64>,
    pub max_days: Option<i64>,
    pub inactive_days: Option<i64>,
    pub warn_days: Option<i64>,
    pub expire: Option<Day>,
}

impl DesiredAging {
    /// What is to do where the shadow file has this; a new account (`None`) has what the host gives it,
    /// which only never agrees with what is asked for where that is never.
    pub fn plan(&self, name: &str, current: Option<&Shadow>, plan: &mut Plan) {
        let is = current.cloned().unwrap_or_default();
        let days = |days: Option<i64>| days.map(Day);
        let rows = [
            ("last password change", "--lastday", self.last_change, is.last_change),
            ("mindays", "--mindays", days(self.min_days), is.min_days),
            ("maxdays", "--maxdays", days(self.max_days), is.max_days),
            ("inactdays", "--inactive", days(self.inactive_days), is.inactive_days),
            ("warndays", "--warndays", days(self.warn_days), is.warn_days),
            ("expire", "--expiredate", self.expire, is.expires),
        ];
        for (what, option, wanted, now) in rows {
            // An empty field means what -1 says.
            let now = Day(now.unwrap_or(-1));
            let show = |day: Day| if what.ends_with("days") { day.0.to_string() } else { day.show() };
            if let Some(wanted) = wanted.filter(|wanted| *wanted != now) {
                let mut change = Change::new(what).to(show(wanted));
                change.from = current.map(|_| show(now));
                super::run(plan, change, ["chage", option, &wanted.0.to_string()], name);
            }
        }
    }
}
