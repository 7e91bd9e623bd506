//! What does Python's `strftime` write for a moment?

const DAYS: [&str; 7] =
    ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

struct Moment {
    year: i64,
    month: i64, // 1 to 12
    day: i64,   // 1 to 31
    yearday: i64,
    weekday: usize, // 0 is the weekday of 1970-01-01
    second_of_day: i64,
}

/// Gregorian calendar date of a count of days since 1970-01-01 (the era method: 400 years have
/// 146,097 days, and a year that starts in March keeps the leap day at its end).
fn moment(seconds: i64) -> Moment {
    let days = seconds.div_euclid(86_400);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let march_day = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * march_day + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let yearday = if month > 2 { march_day + 60 + i64::from(leap) } else { march_day - 305 };
    Moment {
        year,
        month,
        day: march_day - (153 * march_month + 2) / 5 + 1,
        yearday,
        weekday: days.rem_euclid(7) as usize,
        second_of_day: seconds.rem_euclid(86_400),
    }
}

/// Fills in `format` for a local time; directives that Python does not have are an error.
pub fn strftime(format: &str, local_seconds: i64) -> Result<String, String> {
    let now = moment(local_seconds);
    let mut text = String::new();
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let mut directive = rest.next().ok_or("strftime: the format ends with a lone '%'")?;
        let plain = directive == '-'; // glibc: no padding
        if plain {
            directive = rest.next().ok_or("strftime: the format ends with '%-'")?;
        }
        let field = expand(directive, &now)?;
        text.push_str(if plain { unpadded(&field) } else { &field });
    }
    Ok(text)
}

fn unpadded(field: &str) -> &str {
    let bare = field.trim_start_matches(['0', ' ']);
    if bare.is_empty() { "0" } else { bare }
}

fn expand(directive: char, now: &Moment) -> Result<String, String> {
    let (hour, minute, second) =
        (now.second_of_day / 3_600, now.second_of_day / 60 % 60, now.second_of_day % 60);
    let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
    let month = MONTHS[(now.month - 1) as usize];
    let weekday = DAYS[now.weekday];
    let sunday_based = ((now.weekday + 4) % 7) as i64;
    let iso = |parts: [char; 3], mark: &str| -> Result<String, String> {
        Ok(parts
            .map(|part| expand(part, now))
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?
            .join(mark))
    };
    Ok(match directive {
        'Y' => now.year.to_string(),
        'y' => format!("{:02}", now.year.rem_euclid(100)),
        'm' => format!("{:02}", now.month),
        'd' => format!("{:02}", now.day),
        'e' => format!("{:2}", now.day),
        'j' => format!("{:03}", now.yearday),
        'B' => month.to_owned(),
        'b' | 'h' => month[..3].to_owned(),
        'A' => weekday.to_owned(),
        'a' => weekday[..3].to_owned(),
        'w' => sunday_based.to_string(),
        'u' => (if sunday_based == 0 { 7 } else { sunday_based }).to_string(),
        'H' => format!("{hour:02}"),
        'I' => format!("{hour12:02}"),
        'M' => format!("{minute:02}"),
        'S' => format!("{second:02}"),
        'f' => "000000".to_owned(),
        'p' => (if hour < 12 { "AM" } else { "PM" }).to_owned(),
        'F' => iso(['Y', 'm', 'd'], "-")?,
        'D' | 'x' => iso(['m', 'd', 'y'], "/")?,
        'T' | 'X' => iso(['H', 'M', 'S'], ":")?,
        'R' => format!("{hour:02}:{minute:02}"),
        'c' => format!(
            "{} {} {:2} {} {}",
            &weekday[..3],
            &month[..3],
            now.day,
            expand('T', now)?,
            now.year
        ),
        'z' | 'Z' => String::new(), // a moment without a zone has none in Python either
        'n' => "\n".to_owned(),
        't' => "\t".to_owned(),
        '%' => "%".to_owned(),
        other => {
            return Err(format!("strftime: the directive '%{other}' is not supported"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected values come from Python's datetime.
    #[test]
    fn moments_are_written_as_python_writes_them() {
        let format = "%Y-%m-%d %H:%M:%S %A %a %B %b %j %y %I%p %-d %-m %w";
        assert_eq!(
            strftime(format, 1_709_210_645).unwrap(),
            "2024-02-29 12:44:05 Thursday Thu February Feb 060 24 12PM 29 2 4"
        );
        assert_eq!(
            strftime(format, 1_735_689_599).unwrap(),
            "2024-12-31 23:59:59 Tuesday Tue December Dec 366 24 11PM 31 12 2"
        );
        assert_eq!(strftime("%d %b %Y %p", -1).unwrap(), "31 Dec 1969 PM");
    }

    #[test]
    fn unknown_directives_are_named() {
        assert!(strftime("%Q", 0).unwrap_err().contains("%Q"));
        assert!(strftime("100%", 0).is_err());
    }
}
