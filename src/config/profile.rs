use std::net::SocketAddr;

use clap::ValueEnum;

/// The purpose of this installation.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// On a laptop: own PostgreSQL, first administrator, demo data, GraphiQL, introspection. Listens on
    /// loopback only.
    Development,
    /// For a team on one machine: own PostgreSQL, GraphiQL, introspection; nothing made up, nobody with a
    /// published password.
    Team,
    /// For a company: its PostgreSQL, nothing made up, no GraphiQL, introspection for
    /// administrators only.
    Production,
    /// For automated tests: as development, without demo data and GraphiQL.
    Test,
}

impl Profile {
    /// True if others than the user of this machine are to sign in: then nobody may whose password is
    /// published.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Team | Self::Production)
    }

    /// True if GraphiQL is served.
    pub fn has_graphiql(self) -> bool {
        matches!(self, Self::Development | Self::Team)
    }

    /// Errors: an address that other machines reach, where the first administrator's password is
    /// published.
    pub fn check_address(self, address: SocketAddr) -> Result<(), String> {
        let is_loopback = address.ip().to_canonical().is_loopback();
        if is_loopback || self.is_shared() {
            return Ok(());
        }
        let profile = self.to_possible_value();
        let profile = profile.as_ref().map_or("this", |value| value.get_name());
        Err(format!(
            "the profile {profile} has accounts whose password is published, so it listens on loopback \
             only, not on {address}: set CRM_PROFILE=team to let others in"
        ))
    }
}
