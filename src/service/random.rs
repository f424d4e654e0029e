use ring::rand::{SecureRandom, SystemRandom};

use crate::service::{Result, ServiceError};

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| ServiceError::Internal("no random bytes to be had".to_owned()))?;
    Ok(bytes)
}
