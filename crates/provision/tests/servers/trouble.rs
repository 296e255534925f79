//! What goes wrong around servers: killed half-way, killed while running, records of processes that are gone, ports that are
//! taken, programs that do not fit.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use stead_provision::{Beginning, Knock, Probe, ServerKind, Start, State, Stopped};

use crate::bed::Bed;

crate::on_each_server!(
    a_half_made_volume_is_said_and_made_anew,
    a_killed_server_is_started_again,
    a_server_that_goes_while_it_is_waited_for_is_started_again,
    a_reused_process_number_is_left_alone,
    an_unrecorded_server_is_taken_over_or_named,
    a_taken_port_is_named_or_avoided,
    a_server_that_ends_at_once_shows_its_log,
    a_volume_of_another_kind_or_version_is_refused,
    a_foreign_folder_is_not_touched,
);

async fn a_half_made_volume_is_said_and_made_anew(bed: &Bed) {
    let volume = bed.volume();
    let half = volume.folder().join("data.new");
    fs::create_dir_all(&half).expect("the test's own surroundings are sound");
    fs::write(half.join("PG_VERSION"), "15\n").expect("the test's own surroundings are sound");
    fs::write(volume.folder().join("lock"), "").expect("the test's own surroundings are sound");
    fs::write(volume.folder().join("password"), "of the attempt before")
        .expect("the test's own surroundings are sound");
    assert_eq!(volume.state().expect("the test's own surroundings are sound"), State::HalfMade);
    let started = bed.start().await;
    assert_eq!(started.beginning, Beginning::Initialised);
    assert!(bed.said().contains("was cut off half-way; it is made anew"), "{}", bed.said());
    assert!(!half.exists());
    assert_ne!(started.access.password.expose(), "of the attempt before");
}

async fn a_killed_server_is_started_again(bed: &Bed) {
    bed.furnish().await;
    let first = bed.start().await;
    kill(first.process.pid);
    while first.process.is_running() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(bed.volume().state().expect("the test's own surroundings are sound"), State::CutOff);
    let second = bed.start().await;
    assert_eq!((second.beginning, second.access.port), (Beginning::Started, first.access.port));
    Knock.ask(&second.access).await.expect("the test's own surroundings are sound");
    assert_ne!(second.process, first.process);
}

async fn a_server_that_goes_while_it_is_waited_for_is_started_again(bed: &Bed) {
    let first = bed.start().await;
    signal("STOP", first.process.pid);
    let pid = first.process.pid;
    let end = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        kill(pid);
    });
    let second = bed.start().await;
    end.join().expect("it only sends a signal");
    assert_eq!((second.beginning, second.access.port), (Beginning::Started, first.access.port));
    Knock.ask(&second.access).await.expect("it runs again");
}

async fn a_reused_process_number_is_left_alone(bed: &Bed) {
    bed.furnish().await;
    bed.start().await;
    let record = bed.volume().folder().join("server.json");
    let text = fs::read_to_string(&record).expect("the test's own surroundings are sound");
    bed.stop().await;
    let mut other = stranger(bed);
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("the test's own surroundings are sound");
    value["process"]["pid"] = other.id().into();
    fs::write(&record, value.to_string()).expect("the test's own surroundings are sound");
    if bed.kind == ServerKind::Postgres {
        let note = format!("{}\n{}\n", other.id(), bed.volume().data().display());
        fs::write(bed.volume().data().join("postmaster.pid"), note).expect("the test's own surroundings are sound");
    }
    assert_eq!(bed.volume().state().expect("the test's own surroundings are sound"), State::CutOff);
    assert_eq!(bed.stop().await, Stopped::CutOff);
    assert!(
        other.try_wait().expect("the test's own surroundings are sound").is_none(),
        "the process that has the number now is left alone"
    );
    assert!(!record.exists());
    assert_eq!(bed.start().await.beginning, Beginning::Started);
    assert!(other.try_wait().expect("the test's own surroundings are sound").is_none());
    other.kill().expect("the test's own surroundings are sound");
    other.wait().expect("the test's own surroundings are sound");
}

/// As after a kill between the start of the process and its record.
async fn an_unrecorded_server_is_taken_over_or_named(bed: &Bed) {
    bed.furnish().await;
    let first = bed.start().await;
    let record = bed.volume().folder().join("server.json");
    let whole = fs::read_to_string(&record).expect("the test's own surroundings are sound");
    let mut value: serde_json::Value = serde_json::from_str(&whole).expect("the test's own surroundings are sound");
    value["process"] = serde_json::Value::Null;
    fs::write(&record, value.to_string()).expect("the test's own surroundings are sound");
    let again = bed.start().await;
    assert_eq!((again.beginning, &again.process), (Beginning::AlreadyRunning, &first.process));
    fs::remove_file(&record).expect("the test's own surroundings are sound");
    let stopped = stead_provision::stop(&bed.volume(), &bed.surroundings).await.expect_err("it is refused");
    let started = bed.try_start(&bed.plan()).await.expect_err("it is refused");
    let removed = stead_provision::remove(&bed.volume(), &bed.surroundings).await.expect_err("it is refused");
    assert_eq!(
        (stopped.code(), started.code(), removed.code()),
        ("server-unrecorded", "server-unrecorded", "volume-in-use")
    );
    assert!(first.process.is_running(), "nothing is stopped without a record");
    fs::write(&record, whole).expect("the test's own surroundings are sound");
}

async fn a_taken_port_is_named_or_avoided(bed: &Bed) {
    bed.furnish().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("the test's own surroundings are sound");
    let taken = listener.local_addr().expect("the test's own surroundings are sound").port();
    let refused = bed.try_start(&Start { port: Some(taken), ..bed.plan() }).await.expect_err("it is refused");
    assert_eq!(refused.to_string(), format!("port {taken} is in use by another program"));
    let first = bed.start().await;
    bed.stop().await;
    let own = first.access.port;
    let _other = TcpListener::bind(("127.0.0.1", own)).expect("the test's own surroundings are sound");
    let second = bed.start().await;
    assert_ne!(second.access.port, own);
    assert!(bed.said().contains(&format!("port {own} of `")), "{}", bed.said());
    assert_eq!(
        bed.volume().access().expect("the test's own surroundings are sound").port,
        second.access.port,
        "the new one is remembered"
    );
}

async fn a_server_that_ends_at_once_shows_its_log(bed: &Bed) {
    bed.furnish().await;
    bed.start().await;
    bed.stop().await;
    let data = bed.volume().data();
    let vital = if bed.kind == ServerKind::Postgres { "global/pg_control" } else { "ibdata1" };
    let path = data.join(vital);
    let length = fs::metadata(&path).expect("the test's own surroundings are sound").len();
    fs::write(&path, vec![7; usize::try_from(length).expect("the test's own surroundings are sound")])
        .expect("the test's own surroundings are sound");
    let begun = std::time::Instant::now();
    let failed = bed.try_start(&bed.plan()).await.expect_err("it is refused");
    assert_eq!(failed.code(), "server-ended", "{failed}");
    let text = failed.to_string();
    assert!(text.lines().count() > 1, "the log is shown: {text}");
    assert!(begun.elapsed().as_secs() < 60, "a server that ended is not waited for");
    assert_eq!(bed.volume().state().expect("the test's own surroundings are sound"), State::Stopped);
}

async fn a_volume_of_another_kind_or_version_is_refused(bed: &Bed) {
    bed.furnish().await;
    bed.start().await;
    bed.stop().await;
    let record = bed.volume().folder().join("volume.json");
    let mut value: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&record).expect("the test's own surroundings are sound"))
            .expect("the test's own surroundings are sound");
    value["version"] = "999.1".into();
    fs::write(&record, value.to_string()).expect("the test's own surroundings are sound");
    let later = bed.try_start(&bed.plan()).await.expect_err("it is refused");
    assert_eq!(later.code(), "server-version-missing", "{later}");
    assert!(later.hints()[0].contains("the volume was made by that version"), "{:?}", later.hints());
    value["kind"] = if bed.kind == ServerKind::Mysql { "mariadb" } else { "mysql" }.into();
    fs::write(&record, value.to_string()).expect("the test's own surroundings are sound");
    assert_eq!(bed.try_start(&bed.plan()).await.expect_err("it is refused").code(), "volume-other-kind");
}

async fn a_foreign_folder_is_not_touched(bed: &Bed) {
    let volume = bed.volume();
    fs::create_dir_all(volume.folder()).expect("the test's own surroundings are sound");
    fs::write(volume.folder().join("thesis.txt"), "years of work").expect("the test's own surroundings are sound");
    assert_eq!(bed.try_start(&bed.plan()).await.expect_err("it is refused").code(), "volume-foreign");
    assert_eq!(
        stead_provision::remove(&volume, &bed.surroundings).await.expect_err("it is refused").code(),
        "volume-foreign"
    );
    assert_eq!(fs::read_dir(volume.folder()).expect("the test's own surroundings are sound").count(), 1);
}

/// A process of the server's user that is no server.
fn stranger(bed: &Bed) -> Child {
    let owner = fs::metadata(bed.volume().data()).expect("the test's own surroundings are sound");
    Command::new("sleep")
        .arg("3600")
        .uid(owner.uid())
        .gid(owner.gid())
        .spawn()
        .expect("the test's own surroundings are sound")
}

fn kill(pid: u32) {
    signal("KILL", pid);
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args(["-s", name, &pid.to_string()]).status().expect("`kill` is everywhere");
    assert!(sent.success(), "the process was to run");
}
