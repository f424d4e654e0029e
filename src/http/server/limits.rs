use std::time::Duration;

use ipnet::IpNet;

/// The time limit of a lingering close: a client that sends longer is cut off.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// Limits and deadlines of connections.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// The most connections at a time.
    pub connections: usize,
    /// The most connections of an address (for IPv6: of a /64) that have sent no valid token yet.
    pub per_address: usize,
    /// Peers whose connections are not counted by address: many clients share each.
    pub trusted_proxies: Vec<IpNet>,
    /// Time limit of a request's head, from its first byte; for the first request, from the
    /// connection's beginning.
    pub header: Duration,
    /// Time in which a client must read 64 KB of its answer, or the rest; also the time limit of a
    /// request's body.
    pub client: Duration,
    /// Time that a connection may be idle between two requests.
    pub keep_alive: Duration,
    /// Time limit of requests in flight once the program was told to stop.
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
