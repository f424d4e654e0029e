//! Parsers of flags' values.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderName, HeaderValue, Uri};
use ipnet::IpNet;
use jsonwebtoken::Algorithm;

use crate::http::UserClaim;

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let net = text
        .parse()
        .or_else(|_| text.parse().map(|address: IpAddr| IpNet::from(address)));
    net.map_err(|_| "is not an address or a network, like 10.0.0.0/8".to_owned())
}

/// An origin as browsers write it: nothing else would ever be equal to one.
pub(super) fn origin(text: &str) -> Result<HeaderValue, &'static str> {
    let wanted = "is no origin: a scheme, a host in small letters and a port unless it is the usual \
                  one, like https://app.example.com; there is no * for all";
    let uri: Uri = text.parse().map_err(|_| wanted)?;
    let (Some("http" | "https"), Some(place)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wanted);
    };
    let is_usual = matches!(
        (uri.scheme_str(), uri.port_u16()),
        (Some("http"), Some(80)) | (Some("https"), Some(443))
    );
    let is_plain = text
        .split_once("://")
        .is_some_and(|(_, rest)| rest == place.as_str());
    if !is_plain || is_usual || text.contains(['@', '*']) || text != text.to_lowercase() {
        return Err(wanted);
    }
    text.parse().map_err(|_| wanted)
}

/// A header's name. There is no `*` for all: browsers leave `Authorization` out of it.
pub(super) fn header_name(text: &str) -> Result<HeaderName, &'static str> {
    let name = text.parse().ok().filter(|_| text != "*");
    name.ok_or("is no name of a header, like x-tenant; there is no * for all")
}

pub(super) fn user_claim(text: &str) -> Result<UserClaim, &'static str> {
    match text {
        "email" => Ok(UserClaim::Email),
        "sub" => Ok(UserClaim::Sub),
        _ => Err("must be email or sub"),
    }
}

pub(super) fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse()
        .map_err(|_| "is no algorithm, like RS256 or ES256".to_owned())
}

pub(super) fn socket_address(text: &str) -> Result<SocketAddr, &'static str> {
    let wanted = "an IP address and a port are needed, such as 127.0.0.1:8000, or 0.0.0.0:8000 to \
                  listen on all addresses";
    text.parse().map_err(|_| wanted)
}

/// A schema's name, which PostgreSQL would cut off where it is longer.
pub(super) fn schema(text: &str) -> Result<String, &'static str> {
    let is_taken = text.starts_with("pg_") || text == "information_schema";
    if text.len() > 63 || is_taken {
        return Err("a name of at most 63 bytes is needed that does not begin with pg_");
    }
    Ok(text.to_owned())
}

pub(super) fn collector(text: &str) -> Result<String, &'static str> {
    let is_plain = text
        .strip_prefix("http://")
        .is_some_and(|rest| !rest.is_empty());
    let wanted = "a URL that begins with http:// is needed, such as http://127.0.0.1:4318; run the \
                  collector beside the program, and let it do the encrypting";
    is_plain.then(|| text.to_owned()).ok_or(wanted)
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn origins_are_as_browsers_write_them() {
        for good in [
            "https://app.example.com",
            "http://localhost:3000",
            "http://[::1]:3000",
        ] {
            assert!(origin(good).is_ok(), "{good}");
        }
        for bad in [
            "*",
            "null",
            "",
            "app.example.com",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://APP.example.com",
            "https://app.example.com:443",
            "https://*.example.com",
            "https://somebody@app.example.com",
            "ftp://app.example.com",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
