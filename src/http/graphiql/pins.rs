//! The pinned parts of GraphiQL: packages, files and their checksums.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ring::digest::{Algorithm, SHA256, SHA512, digest};

/// A package of the npm registry at one exact version, and the files we take from it.
pub(super) struct Package {
    /// The argument of `npm pack`.
    pub(super) spec: &'static str,
    /// The name under which `npm pack` stores it.
    pub(super) tarball: &'static str,
    /// The registry's `dist.integrity`, without its `sha512-`.
    sha512: &'static str,
    /// The files that the page needs.
    pub(super) files: &'static [Pinned],
}

/// One file that is fetched once and served from the data folder.
pub(super) struct Pinned {
    /// Its path in the package.
    pub(super) member: &'static str,
    /// Its name in the data folder and in its URL. It contains the version, so it may be cached for
    /// ever.
    pub(super) name: &'static str,
    /// Its `Content-Type`.
    pub(super) media_type: &'static str,
    sha256: &'static str,
}

impl Package {
    /// True if these are the bytes of the pinned tarball.
    pub(super) fn is(&self, bytes: &[u8]) -> bool {
        checksum(&SHA512, bytes) == self.sha512
    }
}

impl Pinned {
    /// True if these are the bytes of the pinned file.
    pub(super) fn is(&self, bytes: &[u8]) -> bool {
        checksum(&SHA256, bytes) == self.sha256
    }
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// GraphiQL 4.1.2 is the last version with ready-made UMD files: newer ones need a bundler or a CDN.
/// It runs on React 18, the last React with UMD files.
pub(super) const PACKAGES: [Package; 3] = [
    Package {
        spec: "graphiql@4.1.2",
        tarball: "graphiql-4.1.2.tgz",
        sha512: "rNlzQIAzm6i2KBXmVQWBgLvt0TloxFVB2d18bukvdsvjEuFDHsKx5IVOomL1W1o5WW+tE54+ioHb2AEKzO2cUg==",
        files: &[
            Pinned {
                member: "package/graphiql.min.js",
                name: "graphiql-4.1.2.min.js",
                media_type: SCRIPT,
                sha256: "hnImuor1znlJkD/FOTL3jayfS/xsyNoP04abi8bFJWs=",
            },
            Pinned {
                member: "package/graphiql.min.css",
                name: "graphiql-4.1.2.min.css",
                media_type: STYLE,
                sha256: "MEh+B2NdMSpj9kexQNN3QKc8UzMrCXW/Sx/phcpuyIU=",
            },
        ],
    },
    Package {
        spec: "react@18.3.1",
        tarball: "react-18.3.1.tgz",
        sha512: "wS+hAgJShR0KhEvPJArfuPVN1+Hz1t0Y6n5jLrGQbkb4urgPE/0Rve+1kMB1v/oWgHgm4WIcV+i7F2pTVj+2iQ==",
        files: &[Pinned {
            member: "package/umd/react.production.min.js",
            name: "react-18.3.1.production.min.js",
            media_type: SCRIPT,
            sha256: "2Unxw2h67a3O2shSYYZfKbF80nOZfn9rK/xTsvnUxN0=",
        }],
    },
    Package {
        spec: "react-dom@18.3.1",
        tarball: "react-dom-18.3.1.tgz",
        sha512: "5m4nQKp+rZRb09LNH59GM4BxTh9251/ylbKIbpe7TpGxfJ+9kv6BLkLBXIjjspbgbnIBNqlI23tRnTWT0snUIw==",
        files: &[Pinned {
            member: "package/umd/react-dom.production.min.js",
            name: "react-dom-18.3.1.production.min.js",
            media_type: SCRIPT,
            sha256: "NfT5dPSyvNRNpzljNH+JUuNB+DkJ5EmCJ9Tia5j2bw0=",
        }],
    },
];

/// Every pinned file of every package.
pub(super) fn files() -> impl Iterator<Item = &'static Pinned> {
    PACKAGES.iter().flat_map(|package| package.files)
}

fn checksum(algorithm: &'static Algorithm, bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(digest(algorithm, bytes))
}
