//! Command lines and what comes of them. The messages as a whole are compared
//! with the original's in `tests/nanocat_options.rs`.

use super::*;

fn parsed(program: &str, line: &str) -> Result<Plan, Stop> {
    let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    parse(OsStr::new(program), &words)
}

fn plan(line: &str) -> Plan {
    parsed("nanocat", line).unwrap_or_else(|stop| panic!("{line}: {stop:?}"))
}

fn usage_error(program: &str, line: &str) -> String {
    match parsed(program, line) {
        Err(Stop::Usage(text)) => String::from_utf8(text).unwrap(),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn socket_types_by_name_and_by_program() {
    let rows = [
        ("push", "--data x", SocketType::Push),
        ("pull", "", SocketType::Pull),
        ("pub", "--data x", SocketType::Pub),
        ("sub", "", SocketType::Sub),
        ("req", "--data x", SocketType::Req),
        ("rep", "", SocketType::Rep),
        ("surveyor", "--data x", SocketType::Surveyor),
        ("respondent", "", SocketType::Respondent),
        ("bus", "", SocketType::Bus),
        ("pair", "", SocketType::Pair),
    ];
    for (name, data, socket) in rows {
        let by_name = plan(&format!("--{name} --bind x {data}"));
        assert_eq!(by_name.socket, socket);
        for program in [format!("nn_{name}"), format!("/a/b/nn_{name}")] {
            let by_program = parsed(&program, &format!("--bind x {data}"));
            assert_eq!(by_program.as_ref(), Ok(&by_name), "{program}");
        }
    }
    assert!(parsed("/nn_pull/nanocat", "--bind x").is_err());
}

#[test]
fn addresses_keep_their_order() {
    let settings = plan(
        "--pair -L 1 --bind inproc://a -X/s -L2 --bind-ipc=b --bind-local=3 \
         -l 4 -x s --connect tcp://h:5 --connect-ipc /t --connect-local 6",
    )
    .settings;
    assert_eq!(
        settings.binds,
        [
            "tcp://127.0.0.1:1",
            "inproc://a",
            "ipc:///s",
            "tcp://127.0.0.1:2",
            "ipc://b",
            "tcp://127.0.0.1:3",
        ]
    );
    assert_eq!(
        settings.connects,
        [
            "tcp://127.0.0.1:4",
            "ipc://s",
            "tcp://h:5",
            "ipc:///t",
            "tcp://127.0.0.1:6",
        ]
    );
}

#[test]
fn defaults() {
    assert_eq!(
        plan("--pull -L1").settings,
        Settings {
            binds: vec!["tcp://127.0.0.1:1".into()],
            ..Settings::default()
        }
    );
    let settings = Settings::default();
    assert_eq!(settings.format, Format::No);
    assert_eq!(settings.delay, Duration::ZERO);
    assert_eq!(settings.source, None);
    assert_eq!(settings.interval, None);
}

#[test]
fn times_keep_their_fractions() {
    let line = "--pair -L1 --recv-timeout 0.5 --send-timeout=.25 -i1.5 --delay 0x.8";
    let settings = plan(line).settings;
    assert_eq!(settings.recv_timeout, Some(Duration::from_millis(500)));
    assert_eq!(settings.send_timeout, Some(Duration::from_millis(250)));
    assert_eq!(settings.interval, Some(Duration::from_millis(1500)));
    assert_eq!(settings.delay, Duration::from_millis(500));

    let unset = format!("{line} --recv-timeout -1 --send-timeout nan -i -1 -d -1");
    let settings = plan(&unset).settings;
    assert_eq!(settings.recv_timeout, None);
    assert_eq!(settings.send_timeout, None);
    assert_eq!(settings.interval, None);
    assert_eq!(settings.delay, Duration::ZERO);
}

#[test]
fn last_format_counts() {
    let rows = [
        ("--format no", Format::No),
        ("--form=raw", Format::Raw),
        ("--raw --ascii", Format::Ascii),
        ("--format hex -A", Format::Ascii),
        ("-AQ", Format::Quoted),
        ("-Q --msg", Format::Msgpack),
        ("--hex", Format::Hex),
        ("--hex --format quoted", Format::Quoted),
    ];
    for (line, format) in rows {
        let plan = plan(&format!("--pull -L1 {line}"));
        assert_eq!(plan.settings.format, format, "{line}");
    }
}

#[test]
fn subscriptions_default_to_all() {
    assert_eq!(plan("--sub -l1").settings.subscriptions, [b""]);
    let some = plan("--sub -l1 --subscr a --subscribe=b --subscribe=");
    let expected: [&[u8]; 3] = [b"a", b"b", b""];
    assert_eq!(some.settings.subscriptions, expected);
    assert!(plan("--pull -l1").settings.subscriptions.is_empty());
}

#[test]
fn data_is_taken_as_it_stands() {
    let rows = [
        ("--data hello", "hello"),
        ("-Dhello", "hello"),
        ("-vqDvq", "vq"),
        ("--data=", ""),
        ("--data==", "="),
        ("--data --bind", "--bind"),
        ("-D --", "--"),
        ("-D -- --", "--"),
    ];
    for (line, data) in rows {
        let plan = plan(&format!("--push -l1 {line}"));
        assert_eq!(plan.settings.source, Some(Source::Data(data.into())));
    }
}

#[test]
fn empty_file_is_an_empty_message() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let plan = plan(&format!("--rep -l1 --file {}", file.path().display()));
    assert_eq!(plan.settings.source, Some(Source::Data(Vec::new())));
}

#[test]
fn file_is_read_when_its_option_is_met() {
    let missing = parsed("nanocat", "--file /missing/file --bogus");
    assert!(matches!(missing, Err(Stop::Input(_))), "{missing:?}");
    let error = usage_error("nanocat", "--bogus --file /missing/file");
    assert_eq!(error, "nanocat: Unknown option ``--bogus''\n");
    let error = usage_error("nanocat", "--data x --file /missing/file");
    assert!(error.contains("conflicts"), "{error}");
}

#[test]
fn extras() {
    let settings = plan("--rep -L0 --cou 3 --wait=2 --l --j --pri --st").settings;
    assert_eq!(settings.count, Some(3));
    assert_eq!(settings.wait, 2);
    assert_eq!(settings.source, Some(Source::Lines));
    assert!(settings.json && settings.print_address && settings.stats);
    for number in ["", "0", "-1", "1.5", "x", "18446744073709551616"] {
        let error = usage_error("p", &format!("--pull -L1 --count={number}"));
        let said = format!("p: Option --count={number} requires a whole number from 1\n");
        assert_eq!(error, said);
    }
    for line in ["--push -l1 -Dx --lines", "--push -l1 --lines -Dx"] {
        assert!(usage_error("p", line).contains("conflicts"), "{line}");
    }
}

#[test]
fn dashes_alone_mean_nothing() {
    let plan_with = plan("-- --pull - -- -L1 -");
    assert_eq!(plan_with, plan("--pull -L1"));
}

#[test]
fn verbosity_is_counted() {
    assert_eq!(
        plan("-vvv --silent --v -qq --pull -L1").settings.verbosity,
        1
    );
}

#[test]
fn help_comes_before_later_errors_and_after_earlier_ones() {
    for line in ["-h", "--hel --bogus", "--pull -vh -Z", "--help x"] {
        let help = parsed("nanocat", line);
        assert!(matches!(help, Err(Stop::Help(_))), "{line}: {help:?}");
    }
    for line in ["-Zh", "--pull --push --help", "x -h", "--data -h"] {
        usage_error("nanocat", line);
    }
}

#[test]
fn errors() {
    let rows = [
        (
            "",
            "p: At least one of the following required:\n    --push\n",
        ),
        (
            "--pull",
            "p: At least one of the following required:\n    --bind\n",
        ),
        (
            "-L 1",
            "p: At least one of the following required:\n    --push\n",
        ),
        ("x", "p: Unexpected argument ``x''\n"),
        ("--bogus=1", "p: Unknown option ``--bogus=1''\n"),
        ("--=1", "p: Unknown option ``--=1''\n"),
        ("---", "p: Unknown option ``---''\n"),
        ("-vZ", "p: Unknown option ``-Z''\n"),
        (
            "--bind-=x",
            "p: Ambiguous option ``--bind-=x'':\n    bind-ipc\n    bind-local\n",
        ),
        ("--pul=x", "p: Option --pul[l] does not accept argument\n"),
        ("--bind", "p: Option --bind requires an argument\n"),
        ("-vD", "p: Option -D (--data) requires an argument\n"),
        (
            "-i x",
            "p: Option -i (--interval) requires float point argument\n",
        ),
        (
            "--format=R",
            "p: Invalid value ``R'' for --format=R . Options are:\n    no\n",
        ),
        (
            "--push --pull",
            "p: Option --pull conflicts with the following options:\n    --push \n",
        ),
        (
            "--req -L1",
            "p: Option --req requires at least one of the following options:\n    --data\n",
        ),
        (
            "--pull -L1 -Dx",
            "p: Option -D (--data) requires at least one of the following options:\n",
        ),
        (
            "--pull -L1 -i1",
            "p: Option -i (--interval) requires at least one of the following options:\n",
        ),
        (
            "--pull -L1 --subscribe x",
            "p: Option --subscribe requires at least one of the following options:\n    --sub\n",
        ),
        (
            "--push -L1 -Dx --raw",
            "p: Option --raw requires at least one of the following options:\n    --pull\n",
        ),
        (
            "--push -L1 -Dx --recv-timeout 1",
            "p: Option --recv-timeout requires at least one",
        ),
        (
            "--sub -L1 --send-timeout 1",
            "p: Option --send-timeout requires at least one",
        ),
    ];
    for (line, start) in rows {
        let error = usage_error("p", line);
        assert!(error.starts_with(start), "{line}: {error}");
    }
}

/// `--ver` was `--verbose` before there could be a `--version`, and stays so.
#[test]
fn every_old_abbreviation_of_verbose_holds() {
    for end in 1..="verbose".len() {
        let line = format!("--{} --pull -L1", &"verbose"[..end]);
        assert_eq!(plan(&line).settings.verbosity, 1, "{line}");
    }
}

#[test]
#[cfg(unix)]
fn bytes_that_are_no_text() {
    use std::os::unix::ffi::OsStringExt;
    let words = |parts: &[&[u8]]| -> Vec<OsString> {
        let words = parts.iter().map(|part| part.to_vec());
        words.map(OsString::from_vec).collect()
    };
    let program = OsStr::new("p");

    let line = words(&[b"--sub", b"-l1", b"--subscribe", b"\xff"]);
    let plan = parse(program, &line).unwrap();
    assert_eq!(plan.settings.subscriptions, [b"\xff"]);
    let line = words(&[b"--push", b"-l1", b"-D\xfe\n"]);
    let plan = parse(program, &line).unwrap();
    assert_eq!(plan.settings.source, Some(Source::Data(b"\xfe\n".into())));

    // Addresses are text for us; the original takes any bytes.
    let line = words(&[b"--pull", b"-x", b"\xff"]);
    let error = b"p: Option -x (--connect-ipc) requires UTF-8 text\n";
    assert_eq!(parse(program, &line), Err(Stop::Usage(error.to_vec())));
    let line = words(&[b"-\xc3\xa4"]);
    let error = b"p: Unknown option ``-\xc3''\n";
    assert_eq!(parse(program, &line), Err(Stop::Usage(error.to_vec())));
}
