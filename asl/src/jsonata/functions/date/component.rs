//! The numbers of a moment's components: the year, the week of the month and so on.

use super::calendar::{DAY, Moment, date, weekday};

/// The components that are numbers, without the fraction of a second, which has no names.
pub const NUMBERS: &str = "YMDdFWwXxHhms";

/// A component's number, NaN for what is none.
pub fn number(moment: &Moment, component: char) -> f64 {
    let Moment { year, month, day, hour, .. } = *moment;
    match component {
        'Y' => year,
        'M' => month + 1.0,
        'D' => day,
        'd' => (date(year, month, day) - date(year, 0.0, 1.0)) / DAY + 1.0,
        'F' => weekday(moment.millis),
        'W' => week(date(year, month, day), (year - 1.0, 0.0), (year, 0.0), (year + 1.0, 0.0), 52.0),
        'w' => week(date(year, month, day), before(year, month), (year, month), after(year, month), 4.0),
        'X' => {
            if moment.millis < first_week((year, 0.0)) {
                year - 1.0
            } else if moment.millis >= first_week((year + 1.0, 0.0)) {
                year + 1.0
            } else {
                year
            }
        }
        'x' => {
            let month = if moment.millis < first_week((year, month)) {
                before(year, month).1
            } else if moment.millis >= first_week(after(year, month)) {
                after(year, month).1
            } else {
                month
            };
            month + 1.0
        }
        'H' => hour,
        'h' => {
            if hour % 12.0 == 0.0 {
                12.0
            } else {
                hour % 12.0
            }
        }
        'm' => moment.minute,
        's' => moment.second,
        'f' => moment.millisecond,
        _ => f64::NAN,
    }
}

/// The week of a day in a year or month that begins at `this`, has at least so many weeks, and has others before and
/// behind it, to which its first and last days may belong.
fn week(today: f64, last: (f64, f64), this: (f64, f64), next: (f64, f64), least: f64) -> f64 {
    let since = |start: f64| (today - start) / (DAY * 7.0) + 1.0;
    let week = since(first_week(this));
    if week > least {
        if today >= first_week(next) { 1.0 } else { week.floor() }
    } else if week < 1.0 {
        since(first_week(last)).floor()
    } else {
        week.floor()
    }
}

/// The Monday of the week that the first Thursday of a year or month is in.
fn first_week((year, month): (f64, f64)) -> f64 {
    let first = date(year, month, 1.0);
    let weekday = weekday(first);
    if weekday > 4.0 { first + (8.0 - weekday) * DAY } else { first - (weekday - 1.0) * DAY }
}

fn before(year: f64, month: f64) -> (f64, f64) {
    if month == 0.0 { (year - 1.0, 11.0) } else { (year, month - 1.0) }
}

fn after(year: f64, month: f64) -> (f64, f64) {
    if month == 11.0 { (year + 1.0, 0.0) } else { (year, month + 1.0) }
}
