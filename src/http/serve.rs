use std::io;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Serves until `stop` completes; then takes no new connections and gives requests in flight
/// `drain` to end. Connections that are still open after that are cut.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
    drain: Duration,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel();
    let graceful = axum::serve(listener, router).with_graceful_shutdown(async move {
        stop.await;
        let _ = stopping.send(());
    });
    tokio::select! {
        served = graceful => served,
        () = async {
            let _ = stopped.await;
            tokio::time::sleep(drain).await;
        } => Ok(()),
    }
}
