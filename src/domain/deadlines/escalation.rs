//! The points at which a deadline makes itself heard: reminders before it, dunning and superiors after it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::calendar::{Calendar, CalendarError};

/// A share of the working time from start to due, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// Half of the time is gone.
    Half = 50,
    /// The holder is reminded.
    Reminder = 80,
    /// Due, and dunned when not answered.
    Dunning = 100,
    /// Goes up to the superior office.
    Superior = 120,
    /// Goes up to the centre.
    Centre = 150,
}

impl Point {
    /// All points in the order in which they come.
    pub const ALL: [Self; 5] = [Self::Half, Self::Reminder, Self::Dunning, Self::Superior, Self::Centre];

    /// Percent of the working time from start to due.
    pub const fn percent(self) -> u16 {
        self as u16
    }
}

/// The point that comes after the last one that was `fired`; the first when none was.
pub fn next_after(fired: Option<Point>) -> Option<Point> {
    match fired {
        None => Some(Point::Half),
        Some(Point::Half) => Some(Point::Reminder),
        Some(Point::Reminder) => Some(Point::Dunning),
        Some(Point::Dunning) => Some(Point::Superior),
        Some(Point::Superior) => Some(Point::Centre),
        Some(Point::Centre) => None,
    }
}

/// When `point` of the deadline from `start` to `due` is reached. `Dunning` is `due` itself; no earlier point is
/// after it and no later one before it, also where no working time lies between start and due.
///
/// Errors: `TooLittleWork` when a later point lies beyond five years of the calendar.
pub fn point_at(
    calendar: &Calendar,
    start: Timestamp,
    due: Timestamp,
    point: Point,
) -> Result<Timestamp, CalendarError> {
    let work = calendar.working_between(start, due);
    match point {
        Point::Dunning => Ok(due),
        Point::Half | Point::Reminder => {
            Ok(calendar.add_working(start, work.percent(point.percent()))?.min(due))
        }
        Point::Superior | Point::Centre => {
            Ok(calendar.add_working(due, work.percent(point.percent() - 100))?.max(due))
        }
    }
}

/// All five points of a deadline, in order of time.
///
/// Errors: as for `point_at`.
pub fn points(
    calendar: &Calendar,
    start: Timestamp,
    due: Timestamp,
) -> Result<[(Point, Timestamp); 5], CalendarError> {
    let mut points = Point::ALL.map(|point| (point, due));
    for (point, at) in &mut points {
        *at = point_at(calendar, start, due, *point)?;
    }
    Ok(points)
}
