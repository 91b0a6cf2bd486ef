//! JavaScript's dates: doubles of milliseconds, NaN for what is no date or too far away.

/// The milliseconds of a day.
pub const DAY: f64 = 86_400_000.0;

/// The last moment that there is. The first is as far on the other side of 1970.
const LAST: f64 = 8.64e15;

/// A moment in UTC, in parts. All are NaN where there is no such moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Milliseconds since 1970.
    pub millis: f64,
    pub year: f64,
    /// From 0.
    pub month: f64,
    pub day: f64,
    pub hour: f64,
    pub minute: f64,
    pub second: f64,
    pub millisecond: f64,
}

impl Moment {
    /// The parts of a moment.
    pub fn at(millis: f64) -> Moment {
        let millis = clip(millis);
        if millis.is_nan() {
            let none = f64::NAN;
            return Moment {
                millis,
                year: none,
                month: none,
                day: none,
                hour: none,
                minute: none,
                second: none,
                millisecond: none,
            };
        }
        let days = (millis / DAY).floor();
        let time = millis - days * DAY;
        let (year, month, day) = civil(days as i64);
        Moment {
            millis,
            year: year as f64,
            month: month as f64,
            day: day as f64,
            hour: (time / 3_600_000.0).floor(),
            minute: (time / 60_000.0).floor() % 60.0,
            second: (time / 1000.0).floor() % 60.0,
            millisecond: time % 1000.0,
        }
    }
}

/// The day of the week at the start of this day, Monday being 1 and Sunday 7.
pub fn weekday(millis: f64) -> f64 {
    ((millis / DAY).floor() + 3.0).rem_euclid(7.0) + 1.0
}

/// The moment of a date, the month from 0. Years before 100 are those of the twentieth century, as in JavaScript.
pub fn date(year: f64, month: f64, day: f64) -> f64 {
    date_time([year, month, day, 0.0, 0.0, 0.0, 0.0])
}

/// The moment of a date and time: year, month from 0, day, hour, minute, second and millisecond. Whatever is too large
/// for its place goes on into the next.
pub fn date_time(parts: [f64; 7]) -> f64 {
    let [year, month, day, hour, minute, second, millisecond] = parts.map(f64::trunc);
    let year = if (0.0..=99.0).contains(&year) { 1900.0 + year } else { year };
    exact([year, month, day, hour, minute, second, millisecond])
}

/// The same where the year is what it says.
pub fn exact(parts: [f64; 7]) -> f64 {
    let [year, month, day, hour, minute, second, millisecond] = parts;
    // So far away there is no moment, whatever the days may be.
    if parts.iter().any(|part| !part.is_finite()) || year.abs() > 1e6 || month.abs() > 1e7 {
        return f64::NAN;
    }
    let year = year + (month / 12.0).floor();
    let days = days_before(year as i64, month.rem_euclid(12.0) as i64) as f64 + day - 1.0;
    let time = hour * 3_600_000.0 + minute * 60_000.0 + second * 1000.0 + millisecond;
    clip(days * DAY + time)
}

/// A whole number of milliseconds, NaN where it is too far away.
fn clip(millis: f64) -> f64 {
    // A zero is added for JavaScript has no negative zero here.
    if millis.abs() <= LAST { millis.trunc() + 0.0 } else { f64::NAN }
}

/// The days from 1970 to the first of a month, the month from 0.
fn days_before(year: i64, month: i64) -> i64 {
    // The year begins in March, so that the day of leap years is its last.
    let year = if month < 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 10) % 12) + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The year, month from 0 and day of a day since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    (era * 400 + year_of_era + i64::from(month < 2), month, day)
}
