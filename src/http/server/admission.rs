use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::http::server::connection::{Close, Connection};
use crate::http::server::limits::ConnectionLimits;
use crate::http::server::network::Network;

/// The number of reserve connections, on which only probes are answered.
pub(super) const PROBE_PLACES: usize = 8;

/// Minimum time between two log lines of the same kind.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// Admission of connections by eviction: when a connection is accepted, its user is not known yet. So
/// none is refused then; instead, the connection that has been unauthenticated the longest is evicted.
pub(super) struct Admission {
    limits: ConnectionLimits,
    slots: Mutex<Slots>,
}

/// The maps have the connections in the order of arrival.
#[derive(Default)]
struct Slots {
    next: u64,
    open: BTreeMap<u64, Arc<Connection>>,
    /// The connections of `open` that have sent no valid token yet.
    unauthenticated: BTreeMap<u64, Arc<Connection>>,
    /// The number of `unauthenticated` connections of a network.
    by_network: HashMap<Network, usize>,
    /// Connections beyond the limit: for probes only.
    reserve: BTreeMap<u64, Arc<Connection>>,
    /// The number of evictions since they were last logged, and the time of that log line.
    evicted: u64,
    said: Option<Instant>,
    said_of_files: Option<Instant>,
}

/// Limits a log line to one per `SAID_EVERY`.
fn is_time(said: &mut Option<Instant>) -> bool {
    let is_time = said.is_none_or(|said| said.elapsed() >= SAID_EVERY);
    if is_time {
        *said = Some(Instant::now());
    }
    is_time
}

/// A connection's slot, which is freed when this is dropped.
pub(super) struct Slot {
    admission: Arc<Admission>,
    pub(super) connection: Arc<Connection>,
    is_authenticated: AtomicBool,
}

impl Admission {
    pub(super) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            slots: Mutex::default(),
        })
    }

    /// Gives a new connection a slot: one in the reserve if there is no other.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Slot {
        let peer = peer.to_canonical();
        let is_proxy = self
            .limits
            .trusted_proxies
            .iter()
            .any(|net| net.contains(&peer));
        let network = (!is_proxy).then(|| Network::of(peer));
        let mut slots = self.slots();
        let connection = Arc::new(Connection::new(slots.next, peer, network));
        slots.next += 1;
        if slots.make_room(&connection, &self.limits) {
            slots.insert(&connection);
        } else {
            slots.insert_in_reserve(&connection);
        }
        Slot {
            admission: Arc::clone(self),
            connection,
            is_authenticated: AtomicBool::new(false),
        }
    }

    /// Evicts the connection that has been unauthenticated the longest, for its file descriptor.
    pub(super) fn give_back_file(&self, error: &io::Error) {
        let mut slots = self.slots();
        slots.evict(|_| true);
        if is_time(&mut slots.said_of_files) {
            tracing::warn!(%error, "connections could not be accepted: raise the limit of open files");
        }
    }

    /// Closes the connections whose deadlines have passed, and logs the number of evictions.
    pub(super) fn sweep(&self, stopped: Option<Instant>) {
        let now = Instant::now();
        let mut slots = self.slots();
        for connection in slots.open.values().chain(slots.reserve.values()) {
            match connection.overdue(now, &self.limits, stopped) {
                Some(Close::Cut) => connection.cut(),
                Some(Close::Finish) => connection.finish.notify_one(),
                None => {}
            }
        }
        slots.shrink_networks(&self.limits);
        if slots.evicted > 0 && is_time(&mut slots.said) {
            tracing::warn!(
                connections = slots.evicted,
                "connections that had shown no valid token were closed for others: all slots were \
                 taken (CRM_MAX_CONNECTIONS), or all of their address (CRM_CONNECTIONS_PER_ADDRESS)"
            );
            slots.evicted = 0;
        }
    }

    /// Closes all connections, each after its current request.
    pub(super) fn finish(&self) {
        let slots = self.slots();
        let all = slots.open.values().chain(slots.reserve.values());
        all.for_each(|connection| connection.finish.notify_one());
    }

    /// Closes all connections at once.
    pub(super) fn cut(&self) {
        let slots = self.slots();
        let all = slots.open.values().chain(slots.reserve.values());
        all.for_each(|connection| connection.cut());
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Notes that a request on it had a valid token: from now on it is not evicted.
    pub(super) fn mark_authenticated(&self) {
        if !self.is_authenticated.swap(true, Ordering::Relaxed) {
            self.admission.slots().mark_authenticated(&self.connection);
        }
    }

    /// True if all requests are answered on it, not only probes. A connection of the reserve becomes
    /// regular if a slot has become free.
    pub(super) fn is_regular(&self) -> bool {
        if self.is_authenticated.load(Ordering::Relaxed) {
            return true;
        }
        let mut slots = self.admission.slots();
        if !slots.reserve.contains_key(&self.connection.id) {
            return true;
        }
        let has_room = slots.make_room(&self.connection, &self.admission.limits);
        if has_room {
            slots.reserve.remove(&self.connection.id);
            slots.insert(&self.connection);
        }
        has_room
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.admission.slots().remove(&self.connection);
    }
}

impl Slots {
    /// Frees a slot for a connection: in its network, and among all.
    fn make_room(&mut self, newcomer: &Connection, limits: &ConnectionLimits) -> bool {
        let network = newcomer.network;
        let of_network = network.and_then(|network| self.by_network.get(&network));
        let network_is_full = of_network.is_some_and(|number| *number >= limits.per_address);
        if network_is_full && self.evict(|other| other.network == network && other.is_settled()) {
            return true;
        }
        // In a burst each connection has a moment to send a request; later the sweep evicts the excess.
        self.open.len() < limits.connections || self.evict(|_| true)
    }

    /// Evicts the connections of a network beyond its limit after a burst.
    fn shrink_networks(&mut self, limits: &ConnectionLimits) {
        let sizes = self.by_network.iter();
        let excess = sizes.filter(|(_, size)| **size > limits.per_address);
        let excess = excess.map(|(network, size)| (*network, size - limits.per_address));
        for (network, excess) in excess.collect::<Vec<_>>() {
            let is_of = |one: &Connection| one.network == Some(network) && one.is_settled();
            for _ in 0..excess {
                if !self.evict(is_of) {
                    break;
                }
            }
        }
    }

    /// Evicts the first of these that has not authenticated. A connection whose request is waiting to be
    /// read or answered is not evicted: a sign-in, for example, would be lost.
    fn evict(&mut self, of: impl Fn(&Connection) -> bool) -> bool {
        let mut all = self.unauthenticated.values();
        let first = all.find(|one| of(one) && one.was_read() && !one.is_being_answered());
        let Some(first) = first.cloned() else {
            return false;
        };
        self.close(&first);
        true
    }

    fn close(&mut self, connection: &Connection) {
        connection.cut();
        self.remove(connection);
        self.evicted += 1;
    }

    fn insert(&mut self, connection: &Arc<Connection>) {
        self.open.insert(connection.id, Arc::clone(connection));
        self.unauthenticated
            .insert(connection.id, Arc::clone(connection));
        if let Some(network) = connection.network {
            *self.by_network.entry(network).or_default() += 1;
        }
    }

    /// Adds a connection to the reserve; the oldest one there is closed.
    fn insert_in_reserve(&mut self, connection: &Arc<Connection>) {
        if self.reserve.len() >= PROBE_PLACES {
            let mut all = self.reserve.values();
            let first = all.find(|reserved| !reserved.is_being_answered());
            let first = first.or_else(|| self.reserve.values().next()).cloned();
            first.iter().for_each(|first| self.close(first));
        }
        self.reserve.insert(connection.id, Arc::clone(connection));
    }

    fn mark_authenticated(&mut self, connection: &Connection) {
        if self.unauthenticated.remove(&connection.id).is_none() {
            return;
        }
        let Some(network) = connection.network else {
            return;
        };
        if let Some(number) = self.by_network.get_mut(&network) {
            *number -= 1;
            if *number == 0 {
                self.by_network.remove(&network);
            }
        }
    }

    fn remove(&mut self, connection: &Connection) {
        self.mark_authenticated(connection);
        self.open.remove(&connection.id);
        self.reserve.remove(&connection.id);
    }
}
