use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use crate::cli::failure::Failure;
use crate::cli::output::say;
use crate::config::Config;
use crate::service::account_links::FirstAdminLink;
use crate::service::sessions::PUBLISHED_PASSWORD;

/// Connections that the kernel keeps until they are accepted (at most `net.core.somaxconn`). What is
/// beyond is dropped, and its client tries again after a second.
const BACKLOG: u32 = 4096;

/// Listens on an address. Errors name the setting to choose another with.
pub(super) fn listen(address: SocketAddr, variable: &str) -> Result<TcpListener, Failure> {
    let another = format!("choose another address with {variable}");
    bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Failure::new(format!(
            "{address} is in use: stop what listens there, or {another}"
        )),
        _ => Failure::new(format!("cannot listen on {address}: {error}; {another}")),
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // So that a start soon after a stop can have the port again. On Windows it would share it.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The addresses of the program: with port 0, what the system chose.
pub(super) struct Addresses {
    api: SocketAddr,
    monitor: Option<SocketAddr>,
    /// As people open it.
    pub(super) public_url: String,
}

impl Addresses {
    pub(super) fn of(
        config: &Config,
        listener: &TcpListener,
        monitor: Option<&TcpListener>,
    ) -> io::Result<Self> {
        let api = listener.local_addr()?;
        Ok(Self {
            api,
            public_url: config.address.public_url(api),
            monitor: monitor.map(TcpListener::local_addr).transpose()?,
        })
    }

    /// Prints that the program is ready, and where; with the link for the first administrator, if there
    /// is one.
    pub(super) fn announce(&self, config: &Config, first_admin: Option<FirstAdminLink>) {
        let Self { api, monitor, .. } = self;
        let scheme = config.address.scheme();
        say("crm is ready");
        say(format!("  GraphQL   {scheme}://{api}/graphql"));
        if config.profile.has_graphiql() {
            say(format!("  GraphiQL  {scheme}://{api}/graphiql"));
        }
        if api.ip().is_unspecified() || config.address.public_url.is_some() {
            say(format!("  address   {}", self.public_url));
        }
        if let Some(monitor) = monitor {
            say(format!("  metrics   http://{monitor}/metrics"));
        }
        if let Some(link) = first_admin {
            let until = link.expires_at.format("%F %R UTC");
            let url = link.token.link(&self.public_url);
            say(format!(
                "  welcome   {url} (makes the first administrator, once, until {until})"
            ));
        } else if let Some((email, password)) = config.first_admin() {
            let password = match password.as_str() {
                PUBLISHED_PASSWORD => PUBLISHED_PASSWORD,
                _ => "the password of CRM_ADMIN_PASSWORD",
            };
            say(format!(
                "  sign in   {email} with {password} (unless it was changed since)"
            ));
        }
    }
}
