//! Every option there is has a test that sees it act, or a reason why none can.

use std::{collections::BTreeSet, fs, path::Path};

use spkit::{Registry, api::OptSpec, options::COMMON};

use crate::{buffers, limits, peers, times};

/// Where an option is seen to act.
enum Seen {
    #[expect(dead_code, reason = "named, so that it has to be there")]
    Here(fn()),
    /// A folder of the workspace, and a test somewhere in it.
    There(&'static str, &'static str),
    /// It cannot be seen, for this reason.
    Not(&'static str),
}

use Seen::{Here, Not, There};

const PROTOCOLS: &str = "builtin-protocols/src";
const TESTS: &str = "spkit/tests";

fn seen(name: &str) -> Option<Seen> {
    #[cfg(target_os = "linux")]
    if let Some(seen) = seen_in_the_system(name) {
        return Some(seen);
    }
    Some(match name {
        "send-timeout" => Here(times::send_and_recv_timeouts_are_for_calls_without_one),
        "recv-timeout" => Here(times::send_and_recv_timeouts_are_for_calls_without_one),
        "fail-without-peers" => Here(peers::a_send_fails_while_nobody_is_connected),
        "recv-max" => Here(limits::recv_max_ends_a_connection_that_sends_more),
        "recv-buffer" => Here(buffers::recv_buffer_is_what_a_peer_may_fill),
        "recv-buffer-messages" => Here(buffers::recv_buffer_messages_is_what_a_peer_may_fill),
        "send-buffer" => Here(buffers::send_buffer_is_what_waits_for_a_peer),
        "send-buffer-messages" => Here(buffers::send_buffer_messages_is_what_waits_for_a_peer),
        "send-priority" => There(
            TESTS,
            "the_endpoint_of_the_lowest_number_gets_everything_while_it_is_there",
        ),
        "recv-priority" => Here(peers::the_lowest_recv_priority_is_received_first),
        "reconnect-min" => Here(times::pauses_begin_at_the_minimum_and_end_at_the_maximum),
        "reconnect-max" => Here(times::pauses_begin_at_the_minimum_and_end_at_the_maximum),
        "handshake-timeout" => Here(times::silence_is_ended_by_the_handshake_timeout),
        "linger" => Here(times::a_dropped_socket_sends_on_for_its_linger),
        "max-handshakes" => Here(limits::max_handshakes_holds_others_back),
        "max-pipes" => Here(limits::max_pipes_holds_others_back),
        "yields" => {
            Not("it trades CPU for latency, and changes nothing that can be told from outside")
        }
        "socket-name" => Here(peers::a_name_shows_in_debug_output),
        "ttl" => There(
            PROTOCOLS,
            "as_many_tags_as_the_ttl_are_echoed_and_more_are_dropped",
        ),
        "back-pressure" => There(TESTS, "with_block_on_both_ends_nothing_is_lost"),
        "resend-time" => There(
            PROTOCOLS,
            "a_new_interval_holds_though_an_older_timer_is_set",
        ),
        "resend" => There(
            PROTOCOLS,
            "a_policy_holds_for_the_request_under_way_and_is_taken_over_by_contexts",
        ),
        "max-attempts" => There(
            PROTOCOLS,
            "after_the_last_attempt_it_fails_when_it_would_be_due_again",
        ),
        "subscribe" => There(
            PROTOCOLS,
            "bodies_that_begin_with_a_subscription_are_delivered_whole",
        ),
        "unsubscribe" => There(
            PROTOCOLS,
            "equal_subscriptions_are_counted_and_unknown_ones_refused",
        ),
        "prefer-new" => There(PROTOCOLS, "a_full_queue_drops_the_oldest_or_the_newest"),
        "survey-time" => There(
            PROTOCOLS,
            "the_time_is_an_option_of_each_context_for_its_next_survey",
        ),
        _ => return None,
    })
}

#[cfg(target_os = "linux")]
fn seen_in_the_system(name: &str) -> Option<Seen> {
    use crate::{ipc, tcp};
    Some(match name {
        "tcp-nodelay"
        | "tcp-keepalive"
        | "tcp-keepalive-idle"
        | "tcp-keepalive-interval"
        | "tcp-keepalive-count"
        | "tcp-user-timeout"
        | "tcp-tos"
        | "system-recv-buffer" => Here(tcp::the_system_is_told_at_both_ends),
        "system-send-buffer" => Here(ipc::the_system_is_told_at_both_ends),
        "tcp-connect-timeout" => Here(tcp::connecting_is_given_up_after_the_connect_timeout),
        "tcp-ipv4-only" => Here(tcp::without_ipv6_there_is_only_ipv4),
        "tcp-bind-to-device" => Here(tcp::sockets_keep_to_their_device),
        "backlog" => Here(ipc::the_backlog_is_what_waits_to_be_accepted),
        "ipc-permissions" => Here(ipc::the_file_has_the_mode_asked_for),
        "ipc-owner" | "ipc-group" => Here(ipc::the_file_is_given_away),
        "ipc-remove-stale" => Here(ipc::a_stale_file_may_be_left_alone),
        "ipc-remove-file" => Here(ipc::the_file_may_stay),
        _ => return None,
    })
}

fn linked() -> Vec<(String, &'static OptSpec)> {
    let registry = Registry::linked().unwrap();
    let mut rows: Vec<_> = COMMON
        .iter()
        .map(|row| ("every socket".to_owned(), row))
        .collect();
    for plugin in registry.protocols() {
        // Plugins of tests are linked too.
        if plugin.origin().to_string().starts_with("spkit-") {
            let name = plugin.info().name();
            rows.extend(
                plugin
                    .info()
                    .options()
                    .iter()
                    .map(|row| (name.to_owned(), row)),
            );
        }
    }
    for plugin in registry.transports() {
        let info = plugin.transport().info();
        let scheme = info.schemes()[0];
        rows.extend(info.options().iter().map(|row| (scheme.to_owned(), row)));
    }
    rows
}

/// Whether a file below this folder has a test of this name.
fn has_test(folder: &Path, test: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return has_test(&path, test);
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        text.contains(&format!("#[test]\nfn {test}("))
    })
}

#[test]
fn every_option_is_seen_to_act_or_says_why_not() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut unseen = BTreeSet::new();
    for (of, row) in linked() {
        match seen(row.name()) {
            None => drop(unseen.insert(format!("{} of {of}", row.name()))),
            Some(Here(_)) => {}
            Some(Not(reason)) => assert!(!reason.is_empty()),
            Some(There(file, test)) => {
                let found = has_test(&workspace.join(file), test);
                assert!(found, "{file} has no test `{test}` for {}", row.name());
            }
        }
    }
    assert!(unseen.is_empty(), "nobody sees these act: {unseen:?}");
}

/// One name, one meaning: what transports have alone begins with their name, what several have is the same row.
#[test]
fn names_follow_one_rule() {
    let registry = Registry::linked().unwrap();
    let mut shared: Vec<(&str, String)> = Vec::new();
    for plugin in registry.transports() {
        let info = plugin.transport().info();
        for row in info.options() {
            let own = row.name().starts_with(&format!("{}-", info.schemes()[0]));
            if !own {
                shared.push((row.name(), format!("{row:?}")));
            }
        }
    }
    for (name, row) in &shared {
        let others: Vec<_> = shared.iter().filter(|(other, _)| other == name).collect();
        assert!(
            others.iter().all(|(_, other)| other == row),
            "{name} means two things"
        );
    }
    for (of, row) in linked() {
        let name = row.name();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(name.bytes().all(plain), "{name} of {of}");
        assert!(
            row.doc().ends_with('.') && row.doc().len() > 15,
            "{name} of {of}"
        );
        row.check(&row.default()).unwrap();
    }
    for row in COMMON {
        assert!(!row.name().starts_with("tcp-") && !row.name().starts_with("ipc-"));
    }
}
