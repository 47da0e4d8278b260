//! Merkle trees as RFC 6962 and RFC 9162 define them: SHA-256, a leaf after 0x00, two nodes after 0x01.
//!
//! A level is made of the one below by pairs; a last node without a pair goes up as it is. Trees over the
//! roots of blocks of [`BLOCK`] leaves are therefore the trees over the leaves themselves.

use sha2::{Digest, Sha256};

/// A node of a tree.
pub type Hash = [u8; 32];

/// Leaves of one block: a power of two.
pub const BLOCK: usize = 256;

/// The node of a leaf.
pub fn leaf(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

fn pair(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The level above this one.
fn above(level: &[Hash]) -> Vec<Hash> {
    level.chunks(2).map(|two| two.get(1).map_or(two[0], |right| pair(&two[0], right))).collect()
}

/// The root over a level, such as all leaves or the roots of all blocks; that of nothing is the SHA-256 of nothing.
pub fn root(level: &[Hash]) -> Hash {
    match level {
        [] => Sha256::digest([]).into(),
        [root] => *root,
        level => root(&above(level)),
    }
}

/// The neighbours that lead from the node at `position` to the root, lowest first.
pub fn path(level: &[Hash], position: usize) -> Vec<Hash> {
    let (mut level, mut position, mut found) = (level.to_vec(), position, Vec::new());
    while level.len() > 1 {
        found.extend(level.get(position ^ 1));
        position /= 2;
        level = above(&level);
    }
    found
}

/// The root to which a leaf's path leads in a tree of `size` leaves; none when the path has another length.
pub fn climb(leaf: Hash, position: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    let (mut node, mut position, mut size, mut path) = (leaf, position, size, path.iter());
    if position >= size {
        return None;
    }
    while size > 1 {
        if position ^ 1 < size {
            let other = path.next()?;
            node = if position & 1 == 1 { pair(other, &node) } else { pair(&node, other) };
        }
        position /= 2;
        size = size.div_ceil(2);
    }
    path.next().is_none().then_some(node)
}

/// Takes leaves one after the other and keeps the root of each block only.
#[derive(Debug, Default)]
pub struct Blocks {
    roots: Vec<Hash>,
    open: Vec<Hash>,
}

impl Blocks {
    /// The next leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.open.push(leaf);
        if self.open.len() == BLOCK {
            self.close();
        }
    }

    fn close(&mut self) {
        self.roots.push(root(&self.open));
        self.open.clear();
    }

    /// The roots of all blocks; the last may hold fewer leaves.
    pub fn finish(mut self) -> Vec<Hash> {
        if !self.open.is_empty() {
            self.close();
        }
        self.roots
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::history::hex;

    /// The definition of RFC 6962, section 2.1, word by word.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => *one,
            many => {
                let mut split = 1;
                while split * 2 < many.len() {
                    split *= 2;
                }
                pair(&defined(&many[..split]), &defined(&many[split..]))
            }
        }
    }

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|number| leaf(&number.to_be_bytes())).collect()
    }

    #[test]
    fn the_roots_are_those_of_the_known_examples_of_certificate_transparency() {
        let data = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let leaves: Vec<Hash> = data.iter().map(|data| leaf(&hex::decode(data).unwrap())).collect();
        for (count, expected) in roots.iter().enumerate() {
            assert_eq!(hex::encode(&root(&leaves[..count])), *expected, "{count} leaves");
        }
    }

    #[test]
    fn the_trees_are_those_of_the_definition_and_blocks_change_nothing() {
        for count in (0..130).chain([255, 256, 257, 511, 513, 769, 1000]) {
            let leaves = leaves(count);
            assert_eq!(root(&leaves), defined(&leaves), "{count}");
            let mut blocks = Blocks::default();
            leaves.iter().for_each(|leaf| blocks.push(*leaf));
            assert_eq!(root(&blocks.finish()), defined(&leaves), "{count}");
        }
    }

    #[test]
    fn every_leaf_of_every_tree_climbs_to_its_root_and_to_no_other() {
        for count in 1..36 {
            let (leaves, size) = (leaves(count), count as u64);
            for position in 0..count {
                let (path, at) = (path(&leaves, position), position as u64);
                assert_eq!(climb(leaves[position], at, size, &path), Some(root(&leaves)));
                assert_eq!(climb(leaves[position], size, size, &path), None);
                for other in (0..count).filter(|other| *other != position) {
                    assert_ne!(climb(leaves[position], other as u64, size, &path), Some(root(&leaves)));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_path_through_blocks_is_the_path_and_no_bit_of_it_may_differ(
            count in 1..1500_usize, draw in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>(),
        ) {
            let leaves = leaves(count);
            let position = draw.index(count);
            let block = position / BLOCK;
            let blocks: Vec<Hash> = leaves.chunks(BLOCK).map(root).collect();
            let own = &leaves[block * BLOCK..count.min((block + 1) * BLOCK)];
            let mut found = path(own, position % BLOCK);
            found.extend(path(&blocks, block));
            prop_assert_eq!(&found, &path(&leaves, position));
            let (size, at) = (count as u64, position as u64);
            prop_assert_eq!(climb(leaves[position], at, size, &found), Some(root(&leaves)));
            if !found.is_empty() {
                let bit = bit.index(found.len() * 256);
                found[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
                prop_assert_ne!(climb(leaves[position], at, size, &found), Some(root(&leaves)));
                found.pop();
                prop_assert_eq!(climb(leaves[position], at, size, &found), None);
            }
        }
    }
}
