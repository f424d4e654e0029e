use std::net::SocketAddr;
use std::path::PathBuf;

use axum::http::Uri;
use clap::Args;
use nix::unistd::gethostname;

use crate::config::value;

/// The address of the service: where it listens, and how others reach it.
#[derive(Args, Debug, Clone)]
pub struct AddressConfig {
    /// The address and port to listen on. With port 0 the system chooses one, and the program says
    /// which when it is ready.
    #[arg(long, env = "CRM_LISTEN", default_value = "127.0.0.1:8000",
        value_parser = value::socket_address, global = true)]
    pub listen: SocketAddr,

    /// The address of the service as people open it (`https://crm.example.com`), for the links of
    /// invitations. Default: the address it listens on, with the machine's name if that is all addresses.
    #[arg(long, env = "CRM_PUBLIC_URL", value_parser = public_url, global = true)]
    pub public_url: Option<String>,

    /// The file of the certificate for https, with its chain, in PEM. Read again on SIGHUP.
    #[arg(long, env = "CRM_TLS_CERT", requires = "tls_key", global = true)]
    pub tls_cert: Option<PathBuf>,

    /// The file of the certificate's private key, in PEM.
    #[arg(long, env = "CRM_TLS_KEY", requires = "tls_cert", global = true)]
    pub tls_key: Option<PathBuf>,
}

impl AddressConfig {
    /// The files of the certificate and of its key, if the service speaks https.
    pub fn tls(&self) -> Option<(&PathBuf, &PathBuf)> {
        self.tls_cert.as_ref().zip(self.tls_key.as_ref())
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        match self.tls() {
            Some(_) => "https",
            None => "http",
        }
    }

    /// The address as people open it, without a slash at the end, where the service listens on this one.
    pub fn public_url(&self, listens: SocketAddr) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let name = gethostname().ok().and_then(|name| name.into_string().ok());
        let place = match name {
            Some(name) if listens.ip().is_unspecified() => format!("{name}:{}", listens.port()),
            _ => listens.to_string(),
        };
        format!("{}://{place}", self.scheme())
    }
}

fn public_url(text: &str) -> Result<String, &'static str> {
    let wanted = "a URL of a scheme, a host and perhaps a port or a path is needed, such as \
                  https://crm.example.com";
    let uri: Uri = text.parse().map_err(|_| wanted)?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    if !is_http || uri.query().is_some() || text.contains(['#', '@']) {
        return Err(wanted);
    }
    Ok(text.trim_end_matches('/').to_owned())
}
