//! Anchors as they are stored: read by page, and written once, whichever process comes first.

use diesel::prelude::*;

use super::anchor::{Anchor, FORMAT};
use super::hex;
use super::merkle::Hash;
use crate::db::DbConnection;
use crate::db::dialect::BATCH;
use crate::db::schema::{anchor_leaves, anchors};
use crate::db::types::{CaseId, Time};
use crate::error::{Error, Result};
use crate::on_both;

/// One leaf: the head of a case's chain when a day was anchored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub case: CaseId,
    pub seq: i32,
    pub hash: Hash,
}

/// A leaf as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = anchor_leaves)]
pub struct Leaf {
    pub anchor: i32,
    pub position: i32,
    #[diesel(column_name = case_id)]
    pub case: CaseId,
    pub seq: i32,
    pub hash: String,
}

type Row = ((i32, String, i64, i64, String), (String, Time, String, String, String));

/// The columns of [`Row`].
macro_rules! columns {
    () => {
        (
            (anchors::number, anchors::day, anchors::leaves, anchors::events, anchors::root),
            (anchors::previous, anchors::made_at, anchors::key, anchors::hash, anchors::signature),
        )
    };
}

fn anchor(
    ((number, day, leaves, events, root), (previous, made_at, key, hash, signature)): Row,
) -> Result<Anchor> {
    let (format, day) = (FORMAT.to_owned(), day.parse()?);
    Ok(Anchor { format, number, day, leaves, events, root, previous, made_at, key, hash, signature })
}

/// Up to `limit` anchors with numbers above `after`, in order.
pub fn page(connection: &mut DbConnection, after: i32, limit: i64) -> Result<Vec<Anchor>> {
    let rows: Vec<Row> = anchors::table
        .filter(anchors::number.gt(after))
        .order(anchors::number)
        .limit(limit)
        .select(columns!())
        .load(connection)?;
    rows.into_iter().map(anchor).collect()
}

/// The anchor of the latest day, where there is one.
pub fn last(connection: &mut DbConnection) -> Result<Option<Anchor>> {
    let row: Option<Row> =
        anchors::table.order(anchors::number.desc()).select(columns!()).first(connection).optional()?;
    row.map(anchor).transpose()
}

/// The anchors that hold heads of a case, in order, each with its leaf.
pub fn of_case(connection: &mut DbConnection, case: CaseId) -> Result<Vec<(Anchor, Leaf)>> {
    let rows: Vec<(Row, Leaf)> = anchor_leaves::table
        .inner_join(anchors::table)
        .filter(anchor_leaves::case_id.eq(case))
        .order(anchor_leaves::seq)
        .select((columns!(), Leaf::as_select()))
        .load(connection)?;
    rows.into_iter().map(|(row, leaf)| Ok((anchor(row)?, leaf))).collect()
}

/// Up to `limit` of an anchor's leaves from this position on: positions and hashes, in order.
pub fn leaves(
    connection: &mut DbConnection,
    number: i32,
    from: i32,
    limit: i64,
) -> Result<Vec<(i32, String)>> {
    use anchor_leaves as l;
    Ok(l::table
        .filter(l::anchor.eq(number).and(l::position.ge(from)))
        .order(l::position)
        .limit(limit)
        .select((l::position, l::hash))
        .load(connection)?)
}

/// The roots of an anchor's blocks; none for what is no list of digests.
pub fn blocks(connection: &mut DbConnection, number: i32) -> Result<Option<Vec<Hash>>> {
    let text: String = anchors::table.find(number).select(anchors::blocks).first(connection)?;
    Ok(text.as_bytes().chunks(64).map(|digest| hex::digest(std::str::from_utf8(digest).ok()?)).collect())
}

/// Writes an anchor with its leaves and the roots of its blocks; false when another process was first.
pub fn write(
    connection: &mut DbConnection,
    anchor: &Anchor,
    heads: &[Head],
    blocks: &[Hash],
) -> Result<bool> {
    let before = last(connection)?.map_or(0, |last| last.number);
    if before + 1 != anchor.number {
        return Ok(false);
    }
    let blocks: String = blocks.iter().map(|root| hex::encode(root)).collect();
    diesel::insert_into(anchors::table)
        .values((
            (anchors::number.eq(anchor.number), anchors::day.eq(anchor.day.to_string())),
            (anchors::leaves.eq(anchor.leaves), anchors::events.eq(anchor.events)),
            (anchors::root.eq(&anchor.root), anchors::previous.eq(&anchor.previous)),
            (anchors::made_at.eq(anchor.made_at), anchors::key.eq(&anchor.key)),
            (anchors::hash.eq(&anchor.hash), anchors::signature.eq(&anchor.signature)),
            anchors::blocks.eq(blocks),
        ))
        .execute(connection)?;
    for (batch, heads) in heads.chunks(BATCH).enumerate() {
        let rows: Result<Vec<_>> = heads
            .iter()
            .enumerate()
            .map(|(at, head)| {
                let position = i32::try_from(batch * BATCH + at).map_err(Error::internal)?;
                Ok((
                    anchor_leaves::anchor.eq(anchor.number),
                    anchor_leaves::position.eq(position),
                    anchor_leaves::case_id.eq(head.case),
                    anchor_leaves::seq.eq(head.seq),
                    anchor_leaves::hash.eq(hex::encode(&head.hash)),
                ))
            })
            .collect();
        let rows = rows?;
        on_both!(connection, |c| diesel::insert_into(anchor_leaves::table).values(&rows).execute(c))?;
    }
    Ok(true)
}
