//! Times as people write and read them.

use std::time::Duration;

/// The longest time that can be asked for.
const LONGEST: Duration = Duration::from_secs(3600);

/// A time with its unit: `200ms`, `2s`, `1.5s`, `1m`.
///
/// # Errors
/// A sentence, when it is none, or too long.
pub fn duration(word: &str) -> Result<Duration, String> {
    let wrong = || format!("{word:?} is not a time: write 200ms, 2s or 1m.");
    let unit = word
        .find(|c: char| c.is_ascii_alphabetic())
        .ok_or_else(wrong)?;
    let (number, unit) = word.split_at(unit);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let time = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
    if time > LONGEST {
        return Err(format!("{word} is too long: the maximum is an hour."));
    }
    Ok(time)
}

/// A time to wait: like [`duration`], and a number alone means seconds.
///
/// # Errors
/// A sentence, when it is none, or too long.
pub fn patience(word: &str) -> Result<Duration, String> {
    match word.parse::<f64>() {
        Ok(_) => duration(&format!("{word}s")),
        Err(_) => duration(word),
    }
}

/// A time as people read it.
pub fn in_words(time: Duration) -> String {
    match time {
        time if time < Duration::from_secs(1) => format!("{} ms", time.as_millis()),
        time => format!("{} s", (time.as_secs_f64() * 10.0).round() / 10.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        for (typed, millis) in [("200ms", 200), ("2s", 2000), ("1.5s", 1500), ("1m", 60_000)] {
            assert_eq!(duration(typed), Ok(Duration::from_millis(millis)));
        }
        for typed in ["", "2", "ms", "-1s", "2 s", "2h", "infs", "1e9s", "NaNs"] {
            assert!(duration(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn time_to_wait_may_be_a_number_of_seconds() {
        assert_eq!(patience("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(patience("200ms"), Ok(Duration::from_millis(200)));
        for typed in ["-1", "inf", "NaN", "3601", "soon"] {
            assert!(patience(typed).is_err(), "{typed}");
        }
    }
}
