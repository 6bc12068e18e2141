//! Options on the wrong socket, and values beyond their range.

use spkit::{ErrorKind, Runtime, api::Plugin, options::TTL, protocols::PLUGINS};

/// Every option that any protocol has of its own, on every socket that has it not.
#[test]
fn an_option_of_another_protocol_is_unknown_and_the_error_lists_those_there_are() {
    let runtime = Runtime::new().unwrap();
    let infos = PLUGINS.iter().filter_map(|plugin| match plugin {
        Plugin::Protocol(plugin) => Some(plugin.info()),
        _ => None,
    });
    let infos: Vec<_> = infos.collect();
    let all = infos.iter().flat_map(|info| info.options());
    let all: Vec<_> = all.map(|row| row.name()).collect();
    let mut refused = 0;
    for info in infos {
        let socket = runtime.open(info.name()).unwrap();
        let own = |name: &&str| info.options().iter().any(|row| row.name() == *name);
        for foreign in all.iter().filter(|name| !own(name)) {
            let error = socket.set_str(foreign, "1").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OptionUnknown, "{error}");
            let text = error.to_string();
            assert!(text.contains(&format!("`{foreign}`")), "{text}");
            for row in info.options() {
                assert!(text.contains(row.name()), "{text}");
            }
            if info.has_contexts() {
                let context = socket.context().unwrap();
                let error = context.set_str(foreign, "1").unwrap_err();
                assert_eq!(error.kind(), ErrorKind::OptionUnknown, "{error}");
            }
            refused += 1;
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_ttl_beyond_its_range_is_refused_and_changes_nothing() {
    let runtime = Runtime::new().unwrap();
    for name in [
        "rep",
        "xrep",
        "respondent",
        "xrespondent",
        "pair1",
        "xpair1",
        "pair1-poly",
        "star",
    ] {
        let socket = runtime.open(name).unwrap();
        socket.set(TTL, 3).unwrap();
        for wrong in [-1, 0, 256, i64::MAX] {
            let error = socket.set(TTL, wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OptionInvalid, "{error}");
            assert!(error.to_string().contains("1 to 255"), "{error}");
        }
        assert_eq!(socket.get(TTL), Some(3), "{name}");
    }
}
