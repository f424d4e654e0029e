//! The addresses of probes and metrics.

use crate::support::program::{ANY_PORT, Program, get};

const PATHS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("nothing")
}

#[tokio::test]
async fn probes_and_metrics_have_an_address_of_their_own_where_one_is_set() {
    for profile in ["test", "production"] {
        let variables = [("CRM_MONITOR_LISTEN", ANY_PORT), ("CRM_PROFILE", profile)];
        let program = Program::start(&variables).await;
        let monitor = program.monitor.unwrap();
        for path in PATHS {
            assert_eq!(status(&get(monitor, path).await), "200", "{path}");
            assert_eq!(status(&get(program.address, path).await), "404", "{path}");
        }
        assert_eq!(status(&get(monitor, "/graphql").await), "404");
        program.stop().await;
        assert_eq!(get(monitor, "/healthz").await, "", "it listens on");
    }
}

#[tokio::test]
async fn on_the_apis_own_address_there_are_no_metrics_in_production() {
    for (profile, metrics) in [("test", "200"), ("production", "404")] {
        let program = Program::start(&[("CRM_PROFILE", profile)]).await;
        let answers = [
            get(program.address, "/healthz"),
            get(program.address, "/readyz"),
        ];
        for answer in answers {
            assert_eq!(status(&answer.await), "200");
        }
        assert_eq!(status(&get(program.address, "/metrics").await), metrics);
    }
}
