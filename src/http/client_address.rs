use std::net::IpAddr;
use std::sync::Once;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The client's address: the peer's, unless that is a trusted proxy. In `X-Forwarded-For` only the
/// addresses that trusted proxies have added count, from the right; anybody could have written those
/// to the left of them.
///
/// An element that is no address is skipped: if it counted as the proxy that wrote it, all of that
/// proxy's clients would share one address, and one of them could use up the limits of all.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let forwarded: Vec<&[u8]> = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
        .collect();
    let mut client = peer.to_canonical();
    for element in forwarded.iter().rev() {
        if !is_trusted(&client) {
            break;
        }
        match str::from_utf8(element).ok().and_then(address) {
            Some(address) => client = address.to_canonical(),
            None => say_once_that_it_cannot_be_read(client),
        }
    }
    client
}

/// Parses the address of an element as gateways write it: plain, in quotes, in brackets, with a port,
/// or a combination of these.
fn address(element: &str) -> Option<IpAddr> {
    let element = element.trim_matches('"').trim();
    let host = match element.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?.0,
        None => match element.split_once(':') {
            // An IPv6 address has at least two colons.
            Some((host, port)) if !port.contains(':') => host,
            _ => element,
        },
    };
    // A zone (`%eth0`) names the proxy's network interface.
    let host = host.split_once('%').map_or(host, |(host, _)| host);
    host.parse().ok()
}

fn say_once_that_it_cannot_be_read(proxy: IpAddr) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        tracing::warn!(
            %proxy,
            "a trusted proxy wrote something into X-Forwarded-For that is no address: it is passed \
             over, and clients who cannot be told apart share their attempts to sign in; this is \
             said once"
        );
    });
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::{HeaderMap, HeaderValue};

    use super::client_address;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
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
    fn an_address_may_have_a_port_brackets_and_quotes() {
        for (written, address) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:50200", "203.0.113.7"),
            ("\"203.0.113.7\"", "203.0.113.7"),
            ("\"203.0.113.7:50200\"", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("\"[2001:DB8::7]:443\"", "2001:db8::7"),
            ("fe80::7%eth0", "fe80::7"),
            ("\t203.0.113.7 ", "203.0.113.7"),
            ("203.0.113.7, ", "203.0.113.7"),
            (",203.0.113.7,,", "203.0.113.7"),
            ("6.6.6.6, 203.0.113.7:1, 10.0.0.9:5000", "203.0.113.7"),
        ] {
            assert_eq!(client("10.1.2.3", &[written], &["10.0.0.0/8"]), address);
        }
        let headers = ["203.0.113.7:1", "", "[::ffff:10.0.0.9]:2"];
        assert_eq!(client("10.1.2.3", &headers, &["10.0.0.0/8"]), "203.0.113.7");
    }

    #[test]
    fn what_is_no_address_is_passed_over() {
        for written in [
            "unknown",
            "_hidden:80",
            "1.2.3",
            "[2001:db8::7",
            "caf\u{e9}",
        ] {
            let forwarded = format!("203.0.113.7, {written}");
            assert_eq!(
                client("10.1.2.3", &[&forwarded], &["10.0.0.0/8"]),
                "203.0.113.7"
            );
            assert_eq!(client("10.1.2.3", &[written], &["10.0.0.0/8"]), "10.1.2.3");
            // Elements before the client's address are not trusted.
            let before = format!("{forwarded}, 198.51.100.1");
            assert_eq!(
                client("10.1.2.3", &[&before], &["10.0.0.0/8"]),
                "198.51.100.1"
            );
        }
        assert_eq!(client("10.1.2.3", &[], &["10.0.0.0/8"]), "10.1.2.3");
    }
}
