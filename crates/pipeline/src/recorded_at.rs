//! When a recording was made: the anchor of relative dates.

use std::fs::Metadata;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// A moment with its offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedAt(ZonedDateTime);

impl RecordedAt {
    /// The local day: relative dates count from it.
    #[must_use]
    pub fn date(&self) -> Date {
        self.0.date()
    }

    /// The file's time of modification, in the machine's time zone.
    #[must_use]
    pub fn of_file(metadata: &Metadata) -> Option<Self> {
        let modified = Timestamp::try_from(metadata.modified().ok()?).ok()?;
        Some(Self(modified.to_zoned_datetime(TimeZone::system())))
    }
}

impl FromStr for RecordedAt {
    type Err = jiff::Error;

    /// RFC 3339 with offset, or a local day with or without a time: `2025-06-03T16:10:00+09:00`, `2025-06-03T16:10`,
    /// `2025-06-03`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(pieces) = jiff::fmt::temporal::DateTimeParser::new().parse_pieces(text)
            && let Some(offset) = pieces.to_numeric_offset()
        {
            let local = pieces.date().to_datetime(pieces.time().unwrap_or_default());
            return Ok(Self(offset.to_timestamp(local)?.to_zoned_datetime(TimeZone::fixed(offset))));
        }
        let local = match text.parse::<DateTime>() {
            Ok(local) => local,
            Err(_) => text.parse::<Date>()?.to_datetime(jiff::civil::Time::midnight()),
        };
        Ok(Self(local.to_zoned_datetime(TimeZone::system())?))
    }
}

impl std::fmt::Display for RecordedAt {
    /// RFC 3339 with offset, to the second.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%dT%H:%M:%S%:z"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_kept() {
        let at: RecordedAt = "2025-06-03T16:10:00+09:00".parse().unwrap();
        assert_eq!(at.to_string(), "2025-06-03T16:10:00+09:00");
        assert_eq!(at.date().to_string(), "2025-06-03");
    }

    #[test]
    fn a_day_alone_is_local() {
        let at: RecordedAt = "2025-06-03".parse().unwrap();
        assert!(at.to_string().starts_with("2025-06-03T00:00:00"));
        assert!("2025-06-03T16:10".parse::<RecordedAt>().is_ok());
        assert!("yesterday".parse::<RecordedAt>().is_err());
        assert!("2025-13-03".parse::<RecordedAt>().is_err());
    }
}
