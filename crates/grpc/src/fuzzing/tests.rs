use jaeger_dynamodb_testkit::corpus;

use super::*;

type Law = fn(&[u8]);

#[test]
fn every_input_of_the_corpora_keeps_the_laws() {
    let targets: [(&str, Law); 3] = [
        ("export", |data| drop(export(data))),
        ("v1_messages", |data| drop(v1_messages(data))),
        ("utf8_repair", utf8_repair),
    ];
    for (target, law) in targets {
        assert!(corpus::hold(target, law).unwrap() > 0, "{target}");
    }
}
