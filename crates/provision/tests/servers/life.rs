//! The ordinary life of a server and its volume: made, started, found running, stopped, started again, removed.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use stead_provision::{Beginning, Knock, Probe, State, Stopped, Stopping, Surroundings, remove, start};

use crate::bed::Bed;

crate::on_each_server!(
    starts_once_and_keeps_its_port,
    leads_a_session_of_its_own,
    tells_nobody_its_password,
    started_twice_at_once_is_one_server,
    is_removed_only_when_it_is_down,
);

async fn starts_once_and_keeps_its_port(bed: &Bed) {
    let first = bed.start().await;
    assert_eq!(first.beginning, Beginning::Initialised);
    assert!((20_000..=31_999).contains(&first.access.port), "{}", first.access.port);
    Knock.ask(&first.access).await.expect("the test's own surroundings are sound");
    let again = bed.start().await;
    assert_eq!(
        (again.beginning, &again.process, again.access.port),
        (Beginning::AlreadyRunning, &first.process, first.access.port)
    );
    let Stopped::Stopped { how, pid, .. } = bed.stop().await else { panic!("it ran") };
    assert_eq!((how, pid), (Stopping::Fast, first.process.pid));
    assert!(!first.process.is_running());
    Knock.ask(&first.access).await.expect_err("it is refused");
    assert_eq!(bed.stop().await, Stopped::NotRunning);
    let second = bed.start().await;
    assert_eq!((second.beginning, second.access.port), (Beginning::Started, first.access.port));
    assert_eq!(second.access.password, first.access.password);
    assert_eq!(bed.said(), "", "nothing was out of the ordinary");
    bed.stop().await;
    for temporary in [bed.open_folder("a short one"), bed.open_folder(&"long".repeat(30))] {
        let surroundings = Surroundings { temporary, ..bed.surroundings.clone() };
        let elsewhere = start(&bed.plan(), &Knock, &surroundings).await.expect("sockets find a place");
        assert_eq!(elsewhere.beginning, Beginning::Started);
        bed.stop().await;
    }
}

async fn leads_a_session_of_its_own(bed: &Bed) {
    bed.furnish().await;
    let started = bed.start().await;
    let stat = fs::read_to_string(format!("/proc/{}/stat", started.process.pid))
        .expect("the test's own surroundings are sound");
    let fields: Vec<&str> =
        stat.rsplit_once(')').expect("the test's own surroundings are sound").1.split_whitespace().collect();
    // State, parent, process group, session; see proc(5).
    assert_eq!(fields[3], started.process.pid.to_string(), "the session is its own: {stat}");
    assert!(fields[4] == "0", "it has no terminal: {stat}");
}

async fn tells_nobody_its_password(bed: &Bed) {
    bed.furnish().await;
    let started = bed.start().await;
    let password = started.access.password.expose();
    for file in ["cmdline", "environ"] {
        let bytes =
            fs::read(format!("/proc/{}/{file}", started.process.pid)).expect("the test's own surroundings are sound");
        assert!(!String::from_utf8_lossy(&bytes).contains(password), "{file}");
    }
    let folder = bed.volume().folder().to_path_buf();
    assert_eq!(
        fs::metadata(&folder).expect("the test's own surroundings are sound").permissions().mode() & 0o777,
        0o700
    );
    for entry in fs::read_dir(&folder).expect("the test's own surroundings are sound") {
        let path = entry.expect("the test's own surroundings are sound").path();
        let name = path.file_name().expect("the test's own surroundings are sound").to_string_lossy().into_owned();
        let holds = path.is_file()
            && String::from_utf8_lossy(&fs::read(&path).expect("the test's own surroundings are sound"))
                .contains(password);
        assert_eq!(holds, name == "password", "{name}");
    }
    assert_eq!(
        fs::metadata(folder.join("password")).expect("the test's own surroundings are sound").permissions().mode()
            & 0o777,
        0o600
    );
}

async fn started_twice_at_once_is_one_server(bed: &Bed) {
    let (one, other) = tokio::join!(bed.start(), bed.start());
    assert_eq!((&one.process, one.access.port), (&other.process, other.access.port));
    let beginnings = [one.beginning, other.beginning];
    assert!(beginnings.contains(&Beginning::Initialised), "{beginnings:?}");
    assert!(beginnings.contains(&Beginning::AlreadyRunning), "{beginnings:?}");
}

async fn is_removed_only_when_it_is_down(bed: &Bed) {
    bed.furnish().await;
    let started = bed.start().await;
    let refused = remove(&bed.volume(), &bed.surroundings).await.expect_err("it is refused");
    assert_eq!(refused.code(), "volume-in-use");
    assert!(refused.to_string().contains(&started.process.pid.to_string()), "{refused}");
    assert!(matches!(bed.volume().state().expect("the test's own surroundings are sound"), State::Running(_)));
    bed.stop().await;
    remove(&bed.volume(), &bed.surroundings).await.expect("the test's own surroundings are sound");
    let parent = bed.volume().folder().parent().expect("the test's own surroundings are sound").to_path_buf();
    assert_eq!(
        fs::read_dir(parent).expect("the test's own surroundings are sound").count(),
        0,
        "nothing is left beside it"
    );
    assert_eq!(remove(&bed.volume(), &bed.surroundings).await.expect_err("it is refused").code(), "volume-missing");
}
