//! How sure a sample is: intervals of 95 % for shares and means; pure.

use serde::Serialize;

/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.959_964;

/// A share with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Share {
    pub count: i64,
    /// Out of how many.
    pub of: i64,
    /// `count / of`, 0 to 1; null out of none.
    pub share: Option<f64>,
    /// Ends of the interval of 95 % by Wilson's score method, which stays inside 0 to 1 and holds for small samples
    /// (E. B. Wilson, 1927).
    pub low: Option<f64>,
    pub high: Option<f64>,
}

impl Share {
    /// The share of `count` out of `of`: with p = count/of and z = 1.96, the centre is
    /// (p + z²/2n) / (1 + z²/n) and the half width z/(1 + z²/n) · √(p(1−p)/n + z²/4n²).
    pub fn new(count: i64, of: i64) -> Self {
        if of <= 0 {
            return Self { count, of, share: None, low: None, high: None };
        }
        let (n, p) = (of as f64, count as f64 / of as f64);
        let scale = 1.0 + Z * Z / n;
        let centre = (p + Z * Z / (2.0 * n)) / scale;
        let half = Z / scale * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let round = |value: f64| (value.clamp(0.0, 1.0) * 10_000.0).round() / 10_000.0;
        Self {
            count,
            of,
            share: Some(round(p)),
            low: Some(round(centre - half)),
            high: Some(round(centre + half)),
        }
    }
}

/// A mean of scores from 0 to 100 with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Mean {
    pub of: i64,
    /// Null out of none.
    pub mean: Option<f64>,
    /// Ends of the interval of 95 %: mean ± 1.96 · s/√n with the standard deviation s of the sample; null below two.
    pub low: Option<f64>,
    pub high: Option<f64>,
}

impl Mean {
    /// The mean of scores.
    pub fn of(scores: &[i32]) -> Self {
        let n = scores.len() as f64;
        let of = i64::try_from(scores.len()).unwrap_or(i64::MAX);
        if scores.is_empty() {
            return Self { of, mean: None, low: None, high: None };
        }
        let mean = scores.iter().map(|score| f64::from(*score)).sum::<f64>() / n;
        let round = |value: f64| (value.clamp(0.0, 100.0) * 100.0).round() / 100.0;
        if scores.len() < 2 {
            return Self { of, mean: Some(round(mean)), low: None, high: None };
        }
        let squares: f64 = scores.iter().map(|score| (f64::from(*score) - mean).powi(2)).sum();
        let half = Z * (squares / (n - 1.0)).sqrt() / n.sqrt();
        Self { of, mean: Some(round(mean)), low: Some(round(mean - half)), high: Some(round(mean + half)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilsons_interval_is_the_published_one() {
        // Newcombe (1998), table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0.0000 to 0.1611
        let share = Share::new(81, 263);
        assert_eq!((share.low, share.high), (Some(0.2553), Some(0.3662)));
        let none = Share::new(0, 20);
        assert_eq!((none.low, none.high), (Some(0.0), Some(0.1611)));
        assert_eq!(Share::new(0, 0).share, None);
    }

    #[test]
    fn a_mean_has_an_interval_from_two_scores_on() {
        assert_eq!(Mean::of(&[]).mean, None);
        assert_eq!(Mean::of(&[80]), Mean { of: 1, mean: Some(80.0), low: None, high: None });
        let two = Mean::of(&[60, 80]);
        assert_eq!((two.mean, two.low, two.high), (Some(70.0), Some(50.4), Some(89.6)));
    }
}
