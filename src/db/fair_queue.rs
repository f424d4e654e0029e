//! A fair queue for a limited number of slots, such as connections: users take turns, whatever the
//! order of arrival.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::party::Party;

/// A queue with as many permits as there are slots. While all are in use, parties take turns, and a
/// party's own requests are served in the order of arrival.
///
/// Each permit that a party holds delays its turn by as many turns as there are slots, so that a party
/// without any is served soon, and none waits for ever. A party that holds its share, half of all, gets
/// no turn while others wait that hold less. A waiter that is dropped leaves no gap.
///
/// Nothing in the program waits here while it holds a connection: integration tests with a pool of one
/// connection would deadlock.
#[derive(Clone)]
pub struct FairQueue(Arc<Shared>);

struct Shared {
    size: usize,
    wait: Duration,
    state: Mutex<State>,
}

struct State {
    /// Free permits; while there are any, nobody waits.
    free: usize,
    /// The parties that hold a permit or wait for one.
    accounts: HashMap<Party, Account>,
    /// The parties that wait, by turn.
    turns: BTreeMap<Turn, Party>,
    waiting: usize,
    next_turn: u64,
    next_waiter: u64,
}

/// The position in the order, and a serial number to make it unique.
type Turn = (u64, u64);

#[derive(Default)]
struct Account {
    held: usize,
    waiting: VecDeque<Waiter>,
    /// The key in `turns`, if the party waits.
    turn: Turn,
    /// The time at which it began to wait, was last served while it waited, or fell below its share,
    /// whichever is latest; `None` if it never waited.
    since: Option<Instant>,
}

struct Waiter {
    number: u64,
    permit: oneshot::Sender<Permit>,
}

/// The right to use one slot until it is dropped.
pub struct Permit {
    queue: FairQueue,
    party: Party,
}

/// The error if no permit was granted.
#[derive(Debug, PartialEq, Eq)]
pub enum NoPermit {
    /// No permit within the longest wait, although the party holds less than its share.
    Exhausted,
    /// No permit within the deadline.
    Late,
}

impl FairQueue {
    /// A queue for `size` slots, in which a party waits for its turn no longer than `wait`.
    pub fn new(size: usize, wait: Duration) -> Self {
        let state = State {
            free: size,
            accounts: HashMap::new(),
            turns: BTreeMap::new(),
            waiting: 0,
            next_turn: 1,
            next_waiter: 0,
        };
        let state = Mutex::new(state);
        Self(Arc::new(Shared { size, wait, state }))
    }

    /// Waits for a permit. While the party holds its share, only the deadline bounds the wait, because it
    /// waits for its own requests. Without a deadline, `wait` always bounds it.
    pub async fn enter(&self, party: Party, deadline: Option<Instant>) -> Result<Permit, NoPermit> {
        let (leaving, permit) = {
            let mut state = self.state();
            if state.free > 0 {
                state.hold(party);
                return Ok(self.permit(party));
            }
            let (sender, receiver) = oneshot::channel();
            let number = state.wait(party, sender, self.0.size);
            (LeaveOnDrop(self, party, number), receiver)
        };
        // Boxed: a request that finds a free permit does not need the state of waiting.
        Box::pin(self.served(party, permit, leaving, deadline)).await
    }

    async fn served(
        &self,
        party: Party,
        mut permit: oneshot::Receiver<Permit>,
        // Dropped before the receiver, so that no permit is sent to a closed channel.
        _leaving: LeaveOnDrop<'_>,
        deadline: Option<Instant>,
    ) -> Result<Permit, NoPermit> {
        let mut until = Instant::now() + self.0.wait;
        loop {
            let at = deadline.map_or(until, |deadline| deadline.min(until));
            match timeout_at(at, &mut permit).await {
                Ok(permit) => return permit.map_err(|_| NoPermit::Exhausted),
                Err(_) if deadline == Some(at) => return Err(NoPermit::Late),
                Err(_) if deadline.is_none() => return Err(NoPermit::Exhausted),
                Err(_) => until = self.patience(party).ok_or(NoPermit::Exhausted)?,
            }
        }
    }

    /// The time until which a party may wait.
    fn patience(&self, party: Party) -> Option<Instant> {
        let state = self.state();
        let account = state.accounts.get(&party)?;
        let now = Instant::now();
        let is_at_share = account.held >= self.share();
        let since = account.since.filter(|_| !is_at_share).unwrap_or(now);
        Some(since + self.0.wait).filter(|until| *until > now)
    }

    /// The number of permits in use, and of waiting requests.
    pub fn status(&self) -> (usize, usize) {
        let state = self.state();
        (self.0.size - state.free, state.waiting)
    }

    fn share(&self) -> usize {
        self.0.size.div_ceil(2)
    }

    fn permit(&self, party: Party) -> Permit {
        let queue = self.clone();
        Permit { queue, party }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let (share, size) = (self.queue.share(), self.queue.0.size);
        let next = {
            let mut state = self.queue.state();
            state.release(self.party, share);
            state.serve(share, size)
        };
        // Outside of the lock: a permit that cannot be sent is dropped here and goes to the next waiter.
        if let Some((party, waiter)) = next {
            let _ = waiter.permit.send(self.queue.permit(party));
        }
    }
}

/// Takes a waiter out of the queue, unless it was served.
struct LeaveOnDrop<'a>(&'a FairQueue, Party, u64);

impl Drop for LeaveOnDrop<'_> {
    fn drop(&mut self) {
        self.0.state().leave(self.1, self.2);
    }
}

impl State {
    fn hold(&mut self, party: Party) {
        self.free -= 1;
        self.accounts.entry(party).or_default().held += 1;
    }

    fn wait(&mut self, party: Party, permit: oneshot::Sender<Permit>, size: usize) -> u64 {
        let number = self.next_waiter;
        self.next_waiter += 1;
        self.waiting += 1;
        let account = self.accounts.entry(party).or_default();
        account.waiting.push_back(Waiter { number, permit });
        if account.waiting.len() == 1 {
            account.since = Some(Instant::now());
            self.take_turn(party, size);
        }
        number
    }

    /// Gives a waiting party its turn in the order.
    fn take_turn(&mut self, party: Party, size: usize) {
        let number = self.next_turn;
        self.next_turn += 1;
        let account = self.accounts.entry(party).or_default();
        let slot = match party {
            Party::Program => 0,
            _ => number + (account.held * size) as u64,
        };
        account.turn = (slot, number);
        self.turns.insert(account.turn, party);
    }

    /// Hands a free permit to the first waiter of the party whose turn it is.
    fn serve(&mut self, share: usize, size: usize) -> Option<(Party, Waiter)> {
        let holds_less = |party| self.accounts.get(party).is_some_and(|it| it.held < share);
        let next = self.turns.iter().find(|(_, party)| holds_less(party));
        let (turn, party) = next.or_else(|| self.turns.first_key_value())?;
        let (turn, party) = (*turn, *party);
        self.turns.remove(&turn);
        let account = self.accounts.get_mut(&party)?;
        let waiter = account.waiting.pop_front()?;
        account.since = Some(Instant::now());
        let is_last = account.waiting.is_empty();
        self.waiting -= 1;
        self.hold(party);
        if !is_last {
            self.take_turn(party, size);
        }
        Some((party, waiter))
    }

    fn release(&mut self, party: Party, share: usize) {
        self.free += 1;
        // The usual case needs a single look-up.
        let Entry::Occupied(mut account) = self.accounts.entry(party) else {
            return;
        };
        if account.get().held == 1 && account.get().waiting.is_empty() {
            account.remove();
            return;
        }
        let account = account.get_mut();
        if account.held == share && !account.waiting.is_empty() {
            account.since = Some(Instant::now());
        }
        account.held -= 1;
    }

    fn leave(&mut self, party: Party, number: u64) {
        let Some(account) = self.accounts.get_mut(&party) else {
            return;
        };
        let mut waiting = account.waiting.iter();
        let Some(at) = waiting.position(|it| it.number == number) else {
            return;
        };
        account.waiting.remove(at);
        self.waiting -= 1;
        if account.waiting.is_empty() {
            self.turns.remove(&account.turn);
            if account.held == 0 {
                self.accounts.remove(&party);
            }
        }
    }
}
