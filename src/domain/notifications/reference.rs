//! Message-IDs of our own mail: keyed, so that whoever did not get the mail cannot make one up.

use crate::db::types::MessageId;
use crate::domain::keys::Keys;

/// Hexadecimal digits of the key's part.
const PROOF: usize = 32;

/// The Message-ID of an outgoing message: `<samad.{message}.{proof}@{domain}>`.
pub fn make(keys: &Keys, message: MessageId, domain: &str) -> String {
    format!("<{}@{domain}>", local(keys, message))
}

/// What stands before the `@` of the Message-ID of an outgoing message: the same at every try.
pub fn local(keys: &Keys, message: MessageId) -> String {
    format!("samad.{message}.{}", proof(keys, message))
}

/// The message of a Message-ID of ours; none for any other, and for one that was made up.
pub fn read(keys: &Keys, header: &str) -> Option<MessageId> {
    let inside = header.trim().trim_start_matches('<').trim_end_matches('>');
    let (local, _) = inside.rsplit_once('@')?;
    let (message, given) = local.strip_prefix("samad.")?.split_once('.')?;
    let message = MessageId(message.parse().ok()?);
    let known = proof(keys, message);
    // the same time for every wrong one
    let differing = known.bytes().zip(given.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    (known.len() == given.len() && differing == 0).then_some(message)
}

fn proof(keys: &Keys, message: MessageId) -> String {
    let mut digest = keys.digest("message-id", &[&message.to_string()]);
    digest.truncate(PROOF);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_made_is_ours() {
        let (keys, others) = (Keys::new(b"one"), Keys::new(b"two"));
        let id = make(&keys, MessageId(4711), "samad.example");
        assert_eq!(read(&keys, &id), Some(MessageId(4711)));
        assert_eq!(read(&keys, &format!("  {id} ")), Some(MessageId(4711)));
        assert_eq!(read(&others, &id), None);
        assert_eq!(read(&keys, &id.replace("4711", "4712")), None);
        for other in ["", "<>", "<samad.4711@samad.example>", "<a@b>", "<samad.x.y@z>", "<samad.4711.@z>"] {
            assert_eq!(read(&keys, other), None, "{other}");
        }
    }
}
