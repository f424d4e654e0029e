//! The program's own PostgreSQL where it can't run: one sentence that says what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crm::db::embedded::{EmbeddedError, EmbeddedOptions, EmbeddedServer};

use crate::support::{Scratch, start, throw_away};

#[tokio::test]
async fn data_of_another_major_version_are_refused_with_a_sentence() {
    let folder = Scratch::new();
    start(folder.path())
        .await
        .stop()
        .await
        .expect("a stopped server");
    fs::write(folder.path().join("data/PG_VERSION"), "9\n").expect("a version");
    let error = EmbeddedServer::start(&throw_away(folder.path()))
        .await
        .expect_err("a refusal");
    assert!(
        matches!(error, EmbeddedError::WrongVersion { made_by: 9, .. }),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains("belong to PostgreSQL 9") && text.contains("CRM_DATA_DIR"),
        "{text}"
    );
}

#[tokio::test]
async fn a_folder_without_programs_is_refused_with_a_sentence() {
    let folder = Scratch::new();
    let bin = Some("/nowhere/bin".into());
    let options = EmbeddedOptions {
        bin,
        ..throw_away(folder.path())
    };
    let error = EmbeddedServer::start(&options)
        .await
        .expect_err("a refusal")
        .to_string();
    assert!(
        error.contains("/nowhere/bin") && error.contains("CRM_PG_BIN"),
        "{error}"
    );
}

#[tokio::test]
async fn somebody_elses_folder_is_not_taken_for_data() {
    let folder = Scratch::new();
    let data = folder.path().join("data");
    fs::create_dir_all(&data).expect("a folder");
    fs::write(data.join("letter.txt"), "dear").expect("a file");
    let error = EmbeddedServer::start(&throw_away(folder.path()))
        .await
        .expect_err("a refusal");
    assert!(
        matches!(error, EmbeddedError::NotADataFolder(_)),
        "{error:?}"
    );
    assert!(data.join("letter.txt").exists());
}

#[tokio::test]
async fn a_server_that_does_not_start_shows_the_end_of_its_log() {
    let folder = Scratch::new();
    start(folder.path())
        .await
        .stop()
        .await
        .expect("a stopped server");
    let settings = folder.path().join("data/postgresql.conf");
    fs::write(settings, "work_mem = plenty\n").expect("a setting");
    let error = EmbeddedServer::start(&throw_away(folder.path()))
        .await
        .expect_err("a failure");
    let text = error.to_string();
    assert!(
        text.contains("server.log") && text.contains("work_mem"),
        "{text}"
    );
}

#[tokio::test]
async fn a_folder_out_of_the_servers_reach_is_refused_with_a_sentence() {
    if !nix::unistd::geteuid().is_root() {
        return; // An ordinary user runs the server as themselves.
    }
    let private = Scratch::new();
    fs::create_dir(private.path()).expect("a folder");
    let closed = fs::Permissions::from_mode(0o700);
    fs::set_permissions(private.path(), closed).expect("a private folder");
    let options = throw_away(&private.path().join("data"));
    let error = EmbeddedServer::start(&options)
        .await
        .expect_err("a refusal");
    assert!(
        matches!(error, EmbeddedError::OutOfReach { .. }),
        "{error:?}"
    );
}
