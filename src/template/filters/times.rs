//! Filters on times. Must not ask what time it is.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use minijinja::{Environment, Error, Value};

use super::super::python::str;
use super::keywords::by_place;
use super::wrong;

pub fn add(environment: &mut Environment<'_>) {
    by_place(environment, "strftime", &["format"], strftime);
    by_place(environment, "date_format", &["format"], strftime);
}

/// A time, as seconds since 1970 or as people write it, in another form.
fn strftime(value: Value, format: Option<String>) -> Result<String, Error> {
    let format = format.unwrap_or_else(|| "%Y-%m-%d".to_owned());
    let time = moment(&value).ok_or_else(|| wrong(format!("`{}` is no time", str(&value))))?;
    // A directive takes a width, too.
    if format.len() > 1000
        || format.split(|letter: char| !letter.is_ascii_digit()).any(|digits| digits.len() > 2)
    {
        return Err(wrong(format!("`{format}` is too long or too wide for a time")));
    }
    strtime::format(&format, &time)
        .map_err(|error| wrong(format!("`{format}` is no format of a time: {error}")))
}

fn moment(value: &Value) -> Option<Zoned> {
    let text = str(value);
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds are wanted")]
        let stamp = Timestamp::from_second(seconds as i64).ok()?;
        return Some(stamp.to_zoned(TimeZone::UTC));
    }
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some(stamp.to_zoned(TimeZone::UTC));
    }
    if let Ok(time) = text.parse::<DateTime>() {
        return time.to_zoned(TimeZone::UTC).ok();
    }
    let date = ["%Y/%m/%d", "%m/%d/%Y", "%d.%m.%Y", "%b %d, %Y", "%d %b %Y"]
        .iter()
        .find_map(|form| Date::strptime(form, text).ok())?;
    date.to_zoned(TimeZone::UTC).ok()
}
