use proptest::prelude::*;

use super::*;

const HANDSHAKE: Handshake<'_> =
    Handshake { cookie_key: "GREETER_PLUGIN", cookie_value: "hello", protocol_versions: &[3, 1, 2] };
const COOKIE: (&str, &str) = ("GREETER_PLUGIN", "hello");

fn host(variables: &[(&str, &str)]) -> Result<Host, Refusal> {
    Host::read(&HANDSHAKE, |name| {
        variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
    })
}

fn version(offered: &str) -> Result<u32, Refusal> {
    host(&[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", offered)]).map(|host| host.protocol_version())
}

#[test]
fn without_the_right_cookie_it_is_nobodys_plugin() {
    for variables in [&[][..], &[("GREETER_PLUGIN", "")], &[("GREETER_PLUGIN", "goodbye")]] {
        let refusal = host(variables).unwrap_err();
        assert!(matches!(refusal, Refusal::NotAPlugin { .. }), "{variables:?}");
        assert!(refusal.to_string().contains("GREETER_PLUGIN"), "{refusal}");
    }
}

#[test]
fn an_empty_cookie_admits_nobody() {
    let careless = Handshake { cookie_value: "", ..HANDSHAKE };
    assert!(Host::read(&careless, |_| Some(OsString::new())).is_err());
}

#[test]
fn the_highest_common_version_is_spoken() {
    assert_eq!(version("1,2"), Ok(2));
    assert_eq!(version("9,3,1"), Ok(3));
    assert_eq!(version("1"), Ok(1));
}

#[test]
fn a_host_that_names_no_version_gets_the_lowest() {
    assert_eq!(version(""), Ok(1));
    assert_eq!(host(&[COOKIE]).unwrap().protocol_version(), 1);
}

#[test]
fn versions_that_are_no_numbers_are_passed_over() {
    assert_eq!(version("x,-1,2,4294967296"), Ok(2));
}

#[test]
fn a_host_without_a_common_version_is_told_both_sides() {
    let refusal = version("7,8").unwrap_err();
    assert_eq!(refusal, Refusal::NoCommonVersion { offered: "7,8".to_owned(), spoken: "3,1,2".to_owned() });
    assert!(refusal.to_string().contains("version 7,8"), "{refusal}");
}

#[test]
fn a_plugin_that_speaks_no_version_is_refused_too() {
    let mute = Handshake { protocol_versions: &[], ..HANDSHAKE };
    let refusal = Host::read(&mute, |name| (name == COOKIE.0).then(|| OsString::from(COOKIE.1))).unwrap_err();
    assert!(matches!(refusal, Refusal::NoCommonVersion { .. }));
}

#[test]
fn auto_mtls_is_refused_with_the_setting_to_change() {
    let refusal = host(&[COOKIE, ("PLUGIN_CLIENT_CERT", "-----BEGIN CERTIFICATE-----")]).unwrap_err();
    assert_eq!(refusal, Refusal::AutoMtls);
    assert!(refusal.to_string().contains("set AutoMTLS to false"), "{refusal}");
}

#[test]
fn folder_and_group_of_the_socket_are_the_hosts_choice() {
    let place = host(&[COOKIE, ("PLUGIN_UNIX_SOCKET_DIR", "/run/x"), ("PLUGIN_UNIX_SOCKET_GROUP", "7")]);
    let place = place.unwrap().socket;
    assert_eq!(place.folder, Some("/run/x".into()));
    assert_eq!(place.group, Some("7".to_owned()));
    let empty = host(&[COOKIE, ("PLUGIN_UNIX_SOCKET_DIR", ""), ("PLUGIN_UNIX_SOCKET_GROUP", "")]);
    let empty = empty.unwrap().socket;
    assert_eq!((empty.folder, empty.group), (None, None));
}

#[test]
fn the_line_has_six_fields_and_a_seventh_only_when_asked() {
    assert_eq!(line(2, "/tmp/plugin1", false), "1|2|unix|/tmp/plugin1|grpc|\n");
    assert_eq!(line(2, "/tmp/plugin1", true), "1|2|unix|/tmp/plugin1|grpc||false\n");
}

proptest! {
    #[test]
    fn whatever_the_host_offers_the_answer_is_the_highest_that_both_know(
        offered in prop::collection::vec(0u32..8, 1..6),
        spoken in prop::collection::vec(0u32..8, 0..6),
    ) {
        let text = offered.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let expected = (0..8).rev().find(|version| offered.contains(version) && spoken.contains(version));
        prop_assert_eq!(negotiate(Some(text), &spoken).ok(), expected);
    }

    #[test]
    fn no_text_of_versions_is_fatal(offered in ".{0,40}") {
        if let Ok(version) = negotiate(Some(offered), &[1, 2]) {
            prop_assert!(version == 1 || version == 2);
        }
    }
}
