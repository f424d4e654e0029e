use ring::digest::{SHA256, digest};

/// The SHA-256 of these bytes. For what nobody can guess, and for telling the same from another:
/// passwords have a slow hash of their own.
pub fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    let digest = digest(&SHA256, bytes.as_ref());
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}
