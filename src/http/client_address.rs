use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The other end of a connection: the client, or a proxy that speaks for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Where a request comes from: the peer, unless that is a proxy which is trusted to say for whom it
/// speaks. Of the addresses in `X-Forwarded-For` only those count that trusted proxies have added,
/// from the right; what stands to the left of them anybody could have written.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut client = peer.to_canonical();
    for address in forwarded.iter().rev() {
        if !is_trusted(&client) {
            break;
        }
        let Ok(address) = address.trim().parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
    }
    client
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::{HeaderMap, HeaderValue};

    use super::client_address;

    fn client(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        let trusted: Vec<_> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        let peer: IpAddr = peer.parse().unwrap();
        client_address(peer, &headers, &trusted).to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_not_trusted() {
        assert_eq!(client("8.8.8.8", &["1.1.1.1"], &[]), "8.8.8.8");
        assert_eq!(client("8.8.8.8", &["1.1.1.1"], &["10.0.0.0/8"]), "8.8.8.8");
    }

    #[test]
    fn trusted_proxies_are_believed_and_what_they_were_told_is_not() {
        let inside = ["10.0.0.0/8", "192.168.1.1/32"];
        assert_eq!(client("10.1.2.3", &["1.1.1.1"], &inside), "1.1.1.1");
        assert_eq!(
            client("10.1.2.3", &["6.6.6.6, 1.1.1.1"], &inside),
            "1.1.1.1"
        );
        assert_eq!(
            client("10.1.2.3", &["6.6.6.6, 1.1.1.1, 192.168.1.1"], &inside),
            "1.1.1.1"
        );
        assert_eq!(
            client("10.1.2.3", &["6.6.6.6", "1.1.1.1"], &inside),
            "1.1.1.1"
        );
        assert_eq!(client("::ffff:10.1.2.3", &["1.1.1.1"], &inside), "1.1.1.1");
    }

    #[test]
    fn what_is_no_address_says_nothing() {
        assert_eq!(
            client("10.1.2.3", &["nonsense"], &["10.0.0.0/8"]),
            "10.1.2.3"
        );
        assert_eq!(client("10.1.2.3", &[], &["10.0.0.0/8"]), "10.1.2.3");
    }
}
