//! The limit of open files, which counts connections.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::config::Config;

/// Files besides connections: logs, libraries, the database's sockets while they change.
const OTHERS: u64 = 200;

/// Raises it to what the configured connections need, or says that it cannot be.
pub(super) fn raise(config: &Config) {
    let listeners = 1 + u64::from(config.monitor_listen.is_some());
    let clients = listeners * u64::from(config.max_connections);
    let needed = clients + u64::from(config.database.pool_size) + OTHERS;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return;
    };
    if soft >= needed {
        return;
    }
    let raised = setrlimit(Resource::RLIMIT_NOFILE, needed.min(hard), hard).is_ok();
    if !raised || hard < needed {
        tracing::warn!(
            limit = if raised { hard } else { soft },
            needed,
            "the limit of open files is below what CRM_MAX_CONNECTIONS needs: raise it (LimitNOFILE, \
             ulimit -Hn), or connections will be closed for others earlier"
        );
    }
}
