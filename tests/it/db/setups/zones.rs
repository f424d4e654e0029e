//! A PostgreSQL that does not know each time zone.

use std::path::Path;
use std::process::Command;

use diesel_async::SimpleAsyncConnection;
use serde_json::json;

use crm::db::{Db, PoolOptions, migrate};
use crm::service::leads::{CreateLead, NewLead};
use crm::service::{Actor, perform};

use crate::support::program::Program;
use crate::support::{OwnServer, Scratch, SetUp};

/// Of the links that Debian 13 has in a package of its own, and one that older servers lack.
const UNKNOWN: [&str; 5] = [
    "Asia/Calcutta",
    "US/Eastern",
    "America/Buenos_Aires",
    "Europe/Kiev",
    "America/Coyhaique",
];

/// A copy of the machine's zones without some. None where a folder can't be put in their place.
fn zones_without_some(folder: &Path) -> Option<()> {
    let done = |command: &mut Command| command.status().is_ok_and(|status| status.success());
    let zones = Path::new("/usr/share/zoneinfo");
    let can_mount = "mount --bind \"$0\" \"$0\"";
    if !done(
        Command::new("unshare")
            .args(["--mount", "sh", "-c", can_mount])
            .arg(zones),
    ) {
        eprintln!("not tried: only root, where mounting is allowed, can hide time zones");
        return None;
    }
    assert!(done(Command::new("cp").arg("-rL").arg(zones).arg(folder)));
    for zone in UNKNOWN {
        std::fs::remove_file(folder.join(zone)).ok();
    }
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn time_zones_that_postgresql_lacks_have_the_right_days() {
    let folder = Scratch::new();
    let Some(()) = zones_without_some(folder.path()) else {
        return;
    };
    let set_up = SetUp {
        zones: Some(folder.path()),
        ..SetUp::default()
    };
    let server = OwnServer::start(&set_up, |_| ()).await;
    migrate(&server.url()).await.unwrap();
    let db = Db::connect(&server.url(), &PoolOptions::default())
        .await
        .unwrap()
        .program();
    // In India, New York, Buenos Aires, Kyiv and Coyhaique the first is another day than the second.
    for time in [
        "2026-11-01T03:59:59Z",
        "2026-11-01T18:30:00Z",
        "2026-11-02T12:00:00Z",
    ] {
        let lead = NewLead {
            last_name: Some("Kowalski".into()),
            email: Some("jan@gmail.com".into()),
            created_at: Some(time.parse().unwrap()),
            ..NewLead::default()
        };
        let created = perform(&db, &Actor::operator(), CreateLead(lead)).await;
        assert!(created.is_ok());
    }
    let program = Program::start(&[("DATABASE_URL", &server.url())]).await;
    let token = program.sign_in().await;
    let mut connection = db.connection().await.unwrap();
    for (zone, expected) in [
        (
            "Asia/Calcutta",
            [("2026-11-01", 1), ("2026-11-02", 2)].as_slice(),
        ),
        (
            "US/Eastern",
            &[("2026-10-31", 1), ("2026-11-01", 1), ("2026-11-02", 1)],
        ),
        (
            "America/Buenos_Aires",
            &[("2026-11-01", 2), ("2026-11-02", 1)],
        ),
        ("Europe/Kiev", &[("2026-11-01", 2), ("2026-11-02", 1)]),
        ("America/Coyhaique", &[("2026-11-01", 2), ("2026-11-02", 1)]),
    ] {
        let known = format!("SELECT now() AT TIME ZONE '{zone}'");
        assert!(
            connection.batch_execute(&known).await.is_err(),
            "it knows {zone}"
        );
        // With what is kept ready, and with a pass over the leads.
        for filter in [
            "{}",
            "{ or: [{ unassigned: false }, { unassigned: true }] }",
        ] {
            let query = format!(
                "{{ leadStatistics(filter: {filter}) {{ totalLeads \
                 createdOverTime(bucket: DAY, timeZone: \"{zone}\") {{ start count }} }} }}"
            );
            let answer = program.ask(&token, &json!({ "query": query })).await;
            let series = expected.iter();
            let series = series.map(|(start, count)| json!({ "start": start, "count": count }));
            let series: Vec<_> = series.collect();
            let expected = json!({ "totalLeads": 3, "createdOverTime": series });
            assert_eq!(
                answer["data"]["leadStatistics"], expected,
                "{zone} {filter} {answer}"
            );
        }
    }
    program.stop().await;
}
