//! What tesseract tells as TSV: words with their place and confidence, gathered into lines.

use super::RecognisedLine;

struct Word<'a> {
    /// Block, paragraph and line.
    line: [u32; 3],
    place: [u32; 4],
    confidence: f32,
    text: &'a str,
}

/// `level page block paragraph line word left top width height confidence text`; words are of level 5.
fn word(row: &str) -> Option<Word<'_>> {
    let columns: Vec<&str> = row.split('\t').collect();
    let number = |index: usize| columns.get(index)?.parse::<u32>().ok();
    let text = columns.get(11)?.trim();
    if number(0)? != 5 || text.is_empty() {
        return None;
    }
    Some(Word {
        line: [number(2)?, number(3)?, number(4)?],
        place: [number(6)?, number(7)?, number(8)?, number(9)?],
        confidence: columns.get(10)?.parse().ok()?,
        text,
    })
}

/// The lines of a page in reading order.
pub(super) fn lines(tsv: &str) -> Vec<RecognisedLine> {
    let words: Vec<Word<'_>> = tsv.lines().filter_map(word).collect();
    words.chunk_by(|one, next| one.line == next.line).map(line).collect()
}

fn line(words: &[Word<'_>]) -> RecognisedLine {
    let sum: f32 = words.iter().map(|word| word.confidence.clamp(0.0, 100.0)).sum();
    let edge = |pick: fn(&Word<'_>) -> u32| words.iter().map(pick);
    let (left, top) = (edge(|w| w.place[0]).min().unwrap_or(0), edge(|w| w.place[1]).min().unwrap_or(0));
    let right = edge(|w| w.place[0].saturating_add(w.place[2])).max().unwrap_or(0);
    let bottom = edge(|w| w.place[1].saturating_add(w.place[3])).max().unwrap_or(0);
    RecognisedLine {
        text: words.iter().map(|word| word.text).collect::<Vec<_>>().join(" "),
        // 0 to 100 after the clamp
        confidence: (sum / words.len() as f32).round() as u8,
        place: [left, top, right - left, bottom - top],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_lines_with_their_mean_confidence_and_place() {
        let told = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n\
            4\t1\t1\t1\t1\t0\t0\t0\t900\t40\t-1\t\n\
            5\t1\t1\t1\t1\t1\t500\t10\t100\t30\t90.5\tآب\n\
            5\t1\t1\t1\t1\t2\t300\t12\t150\t30\t70\tقطع\n\
            5\t1\t1\t1\t2\t1\t400\t60\t100\t30\t50\tاست\n\
            5\t1\t1\t1\t2\t2\t300\t60\t100\t30\t95\t \n\
            broken line\n";
        let read = lines(told);
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].text.as_str(), read[0].confidence), ("آب قطع", 80));
        assert_eq!(read[0].place, [300, 10, 300, 32]);
        assert_eq!((read[1].text.as_str(), read[1].confidence), ("است", 50));
        assert_eq!(lines(""), []);
    }
}
