use std::net::{IpAddr, Ipv6Addr};

use uuid::Uuid;

/// On whose account a connection is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Party {
    /// The program itself: housekeeping, probes, commands. It counts apart: its turn is always next.
    #[default]
    Program,
    /// A user who is signed in, by id, from wherever.
    User(Uuid),
    /// Everybody at a client's address of whom it is not known yet who they are.
    Address(IpAddr),
    /// The same where the address is not known.
    Nobody,
}

impl Party {
    /// Everybody at an address. Whoever has an IPv6 address has its whole network of 64 bits.
    pub fn at(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            None => Self::Nobody,
            Some(IpAddr::V6(address)) => {
                let network = u128::from(address) >> 64 << 64;
                Self::Address(Ipv6Addr::from(network).into())
            }
            Some(address) => Self::Address(address),
        }
    }
}
