//! Ages as kubectl's AGE column has them.

use jiff::{SignedDuration, Timestamp};

/// The time from `created` to `now`, as `HumanDuration` of apimachinery rounds it; `<unknown>`
/// without a timestamp.
pub fn age(created: Option<Timestamp>, now: Timestamp) -> String {
    created.map_or_else(|| "<unknown>".to_owned(), |at| duration(now.duration_since(at)))
}

/// A time as `HumanDuration` rounds it.
pub fn duration(age: SignedDuration) -> String {
    let seconds = age.as_secs();
    if seconds < -1 {
        return "<invalid>".to_owned();
    }
    let seconds = seconds.max(0);
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    let pair = |major: i64, unit, minor: i64, small| match minor {
        0 => format!("{major}{unit}"),
        _ => format!("{major}{unit}{minor}{small}"),
    };
    match () {
        () if seconds < 120 => format!("{seconds}s"),
        () if minutes < 10 => pair(minutes, 'm', seconds % 60, 's'),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => pair(hours, 'h', minutes % 60, 'm'),
        () if hours < 48 => format!("{hours}h"),
        () if hours < 192 => pair(days, 'd', hours % 24, 'h'),
        () if hours < 24 * 365 * 2 => format!("{days}d"),
        () if hours < 24 * 365 * 8 => pair(years, 'y', days % 365, 'd'),
        () => format!("{years}y"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let (m, h, d) = (60, 3600, 86_400);
        let y = 365 * d;
        let table = [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (3 * m + 5, "3m5s"),
            (10 * m, "10m"),
            (150 * m + 59, "150m"),
            (3 * h, "3h"),
            (5 * h + 30 * m, "5h30m"),
            (8 * h + 59 * m, "8h"),
            (47 * h, "47h"),
            (2 * d, "2d"),
            (3 * d + 4 * h, "3d4h"),
            (8 * d, "8d"),
            (400 * d, "400d"),
            (2 * y, "2y"),
            (2 * y + 35 * d, "2y35d"),
            (9 * y + 3 * d, "9y"),
        ];
        for (seconds, expected) in table {
            assert_eq!(duration(SignedDuration::from_secs(seconds)), expected, "{seconds}");
        }
        assert_eq!(age(None, Timestamp::UNIX_EPOCH), "<unknown>");
    }
}
