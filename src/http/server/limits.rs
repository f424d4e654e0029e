use std::time::Duration;

use ipnet::IpNet;

/// The bound in time of what is read for nobody: whoever takes longer is cut off.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// Limits and deadlines of connections.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// The most connections at a time.
    pub connections: usize,
    /// The most connections of an address (of IPv6: of a /64) that have not shown a valid token yet.
    pub per_address: usize,
    /// Peers whose connections are not counted by address: many clients speak through each.
    pub trusted_proxies: Vec<IpNet>,
    /// Time for a request's head to come, from its first byte; of the first request, from the
    /// connection's beginning.
    pub header: Duration,
    /// Time in which a client must take 64 KB of its answer, or the rest; also the time that a body has
    /// to come.
    pub client: Duration,
    /// Time that a connection may rest between two requests.
    pub keep_alive: Duration,
    /// Time that requests in flight have to end once the program was told to stop.
    pub drain: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            per_address: 64,
            trusted_proxies: Vec::new(),
            header: Duration::from_secs(5),
            client: Duration::from_secs(30),
            keep_alive: Duration::from_secs(75),
            drain: Duration::from_secs(8),
        }
    }
}
