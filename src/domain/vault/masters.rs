//! Master keys: they wrap data keys, and are never in the database.
//!
//! The first is derived from the root key; the keys file may hold further ones. The last one wraps what is new,
//! all of them unwrap.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::cipher::{Cipher, KEY_BYTES};
use crate::domain::keys::Keys;

/// The form of wrapped keys that is written now.
const FORM: &str = "v1";

/// All master keys that a process may use; cheap to clone. Its `Debug` shows their names only.
#[derive(Clone)]
pub struct Masters(Arc<Vec<Master>>);

struct Master {
    id: String,
    cipher: Cipher,
}

impl Master {
    fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self { id: name_of(key), cipher: Cipher::new(key) }
    }
}

/// The name of a master key: a digest of it, from which the key cannot be found.
pub(super) fn name_of(key: &[u8; KEY_BYTES]) -> String {
    let mut name = Keys::new(key).digest("name of a master key", &[]);
    name.truncate(16);
    name
}

impl std::fmt::Debug for Masters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|master| &master.id)).finish()
    }
}

impl Masters {
    /// The one derived from the root key, and these after it.
    pub fn new(root: &Keys, further: &[[u8; KEY_BYTES]]) -> Self {
        let derived = root.derive("master of data keys");
        Self(Arc::new(std::iter::once(&derived).chain(further).map(Master::new).collect()))
    }

    /// The name of the one that wraps what is new.
    pub fn current(&self) -> &str {
        self.0.last().map_or("", |master| &master.id)
    }

    /// Whether a wrapped key can be unwrapped by one of these.
    pub fn can_unwrap(&self, wrapped: &str) -> bool {
        master_of(wrapped).is_some_and(|id| self.0.iter().any(|master| master.id == id))
    }

    /// Wraps the data key of this number.
    pub(super) fn wrap(&self, number: i64, key: &[u8; KEY_BYTES]) -> Option<String> {
        let master = self.0.last()?;
        let content = master.cipher.seal(&place(number).each_ref().map(String::as_str), key)?;
        Some(format!("{FORM}.{}.{}", master.id, BASE64_URL_SAFE_NO_PAD.encode(content)))
    }

    /// Unwraps it; none when its master is not here or anything was altered.
    pub(super) fn unwrap(&self, number: i64, wrapped: &str) -> Option<[u8; KEY_BYTES]> {
        let id = master_of(wrapped)?;
        let master = self.0.iter().find(|master| master.id == id)?;
        let content = BASE64_URL_SAFE_NO_PAD.decode(wrapped.rsplit('.').next()?).ok()?;
        master.cipher.open(&place(number).each_ref().map(String::as_str), content)?.try_into().ok()
    }
}

/// The name of the master key that wrapped this.
pub(super) fn master_of(wrapped: &str) -> Option<&str> {
    let (id, content) = wrapped.strip_prefix(FORM)?.strip_prefix('.')?.split_once('.')?;
    (!content.contains('.')).then_some(id)
}

fn place(number: i64) -> [String; 2] {
    ["data_keys".into(), number.to_string()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_opens_with_its_master_and_number_only() {
        let (root, key) = (Keys::new(&[7; 32]), [5; KEY_BYTES]);
        let first = Masters::new(&root, &[]);
        let both = Masters::new(&root, &[[8; KEY_BYTES]]);
        let old = first.wrap(1, &key).unwrap();
        let new = both.wrap(1, &key).unwrap();
        assert_eq!((both.unwrap(1, &old), both.unwrap(1, &new)), (Some(key), Some(key)));
        assert_eq!((both.unwrap(2, &old), first.unwrap(1, &new)), (None, None));
        assert_eq!((master_of(&new), master_of(&old)), (Some(both.current()), Some(first.current())));
        let altered = new.replace(both.current(), first.current());
        assert_eq!(both.unwrap(1, &altered), None);
        assert!(!Masters::new(&Keys::new(&[9; 32]), &[]).can_unwrap(&old));
        for nonsense in ["", "v1", "v1.", "v1.a", "v1.a.b.c", "x.a.b"] {
            assert!(!both.can_unwrap(nonsense) && both.unwrap(1, nonsense).is_none(), "{nonsense}");
        }
    }
}
