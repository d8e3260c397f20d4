use jaeger_dynamodb_testkit::corpus;

use super::config;

#[test]
fn every_input_of_the_corpus_keeps_the_laws() {
    assert!(corpus::hold("config", config).unwrap() > 0);
}
