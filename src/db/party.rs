use std::net::{IpAddr, Ipv6Addr};

use uuid::Uuid;

/// The party of the fair queue that a connection is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Party {
    /// The program itself: housekeeping, probes, commands. Its turn is always next.
    #[default]
    Program,
    /// A user who is signed in, by id, from any address.
    User(Uuid),
    /// The clients of an address that are not authenticated yet.
    Address(IpAddr),
    /// The clients of an unknown address that are not authenticated yet.
    Nobody,
}

impl Party {
    /// The clients of an address. An IPv6 address stands for its whole /64, which one client can own.
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
