use std::collections::BTreeMap;

use super::*;
use crate::DateShift;

/// What this many puts of one handle came to: codes of the service, `ok` or `cut`.
async fn outcomes(rates: FaultRates, puts: u32) -> BTreeMap<String, u32> {
    let engine = TestEngine::new(Arc::new(TokioClock::starting_at(START))).unwrap();
    create_table(&engine).await;
    let handle = engine.handle("a");
    handle.inject(FaultPlan::seeded(1, rates));
    let client = handle.client();
    let mut outcomes = BTreeMap::new();
    for n in 0..puts {
        let k = n.to_string();
        let outcome = match put(&client, &k).await {
            Ok(()) => "ok".to_owned(),
            Err(error) => match error.code() {
                Some(code) => code.to_owned(),
                None if is_stored(&engine, &k).await => "cut after".to_owned(),
                None => "cut before".to_owned(),
            },
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes
}

#[tokio::test(start_paused = true)]
async fn exactly_the_faults_that_are_asked_for_befall_about_as_many_requests() {
    let throttling =
        ["ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"];
    let cases: [(FaultRates, &[&str]); 4] = [
        (FaultRates { throttle: 30, ..FaultRates::ZERO }, &throttling),
        (FaultRates { http_500: 30, ..FaultRates::ZERO }, &["InternalServerError"]),
        (FaultRates { cut_before: 30, ..FaultRates::ZERO }, &["cut before"]),
        (FaultRates { cut_after: 30, ..FaultRates::ZERO }, &["cut after"]),
    ];
    for (rates, faults) in cases {
        let outcomes = outcomes(rates, 300).await;
        let seen: Vec<_> = outcomes.keys().map(String::as_str).filter(|outcome| *outcome != "ok").collect();
        assert_eq!(seen, faults, "{rates:?}");
        let befallen = 300 - outcomes["ok"];
        assert!((60..120).contains(&befallen), "{rates:?}: {outcomes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_and_a_shifted_date_befall_refused_requests_too() {
    let clock = TokioClock::starting_at(START);
    let engine = TestEngine::new(Arc::new(clock)).unwrap();
    let handle = engine.handle("a");
    let rates =
        FaultRates { http_500: 100, delay: seconds(5), shift_date: DateShift(-185), ..FaultRates::ZERO };
    handle.inject(FaultPlan::seeded(1, rates));
    let error = put(&handle.client(), "x").await.unwrap_err();
    assert_eq!(error.code(), Some("InternalServerError"));
    assert_eq!(clock.monotonic(), seconds(5));
    assert_eq!(error.raw_response().unwrap().headers().get("date"), Some("Thu, 09 Oct 2025 08:50:20 GMT"));
}

#[tokio::test(start_paused = true)]
async fn plans_add_up() {
    let clock = TokioClock::starting_at(START);
    let engine = TestEngine::new(Arc::new(clock)).unwrap();
    let handle = engine.handle("a");
    let constant = FaultRates { shift_date: DateShift(60), delay: seconds(1), ..FaultRates::ZERO };
    let single = FaultPlan::script([(1, Fault::ShiftDate(-120)), (2, Fault::Hold(seconds(7)))]);
    handle.inject(FaultPlan::seeded(1, constant).and(single));
    let client = handle.client();
    assert_eq!(date_of_a_failed_call(&client).await, "Thu, 09 Oct 2025 08:54:21 GMT");
    assert_eq!(date_of_a_failed_call(&client).await, "Thu, 09 Oct 2025 08:52:22 GMT");
    assert_eq!(date_of_a_failed_call(&client).await, "Thu, 09 Oct 2025 08:54:30 GMT");
}

#[tokio::test(start_paused = true)]
async fn varying_delays_and_shifts_stay_within_their_bounds_and_use_them() {
    let clock = TokioClock::starting_at(START);
    let engine = TestEngine::new(Arc::new(clock)).unwrap();
    let handle = engine.handle("a");
    let rates = FaultRates { delay: seconds(10), vary: true, ..FaultRates::ZERO };
    handle.inject(FaultPlan::seeded(1, rates));
    let client = handle.client();
    let mut delays = Vec::new();
    for _ in 0..50 {
        let before = clock.monotonic();
        date_of_a_failed_call(&client).await;
        delays.push(clock.monotonic() - before);
    }
    delays.sort();
    assert!(delays[0] < seconds(2) && delays[49] > seconds(8) && delays[49] <= seconds(10), "{delays:?}");
}

#[tokio::test(start_paused = true)]
async fn one_partition_in_so_many_is_slow_for_every_operation_and_process() {
    let clock = TokioClock::starting_at(START);
    let engine = TestEngine::new(Arc::new(clock)).unwrap();
    create_table(&engine).await;
    let rates = FaultRates { slow_partitions: 4, slow_by: seconds(3), ..FaultRates::ZERO };
    let client = |label| {
        let handle = engine.handle(label);
        handle.inject(FaultPlan::seeded(1, rates));
        handle.client()
    };
    let (writer, reader) = (client("a"), client("b"));
    let mut slow = 0;
    for k in (0..40).map(|n| n.to_string()) {
        let before = clock.monotonic();
        put(&writer, &k).await.unwrap();
        let put_took = clock.monotonic() - before;
        assert!(sees(&reader, &k, true).await);
        let query = reader
            .query()
            .table_name("spans")
            .key_condition_expression("#partition = :partition")
            .expression_attribute_names("#partition", "pk")
            .expression_attribute_values(":partition", AttributeValue::S(k.clone()));
        query.send().await.unwrap();
        assert_eq!(clock.monotonic() - before, put_took * 3, "all are slow or none, in partition {k}");
        slow += u64::from(!put_took.is_zero());
    }
    assert!((4..18).contains(&slow), "{slow} of 40 are slow");
    assert_eq!(clock.monotonic(), seconds(3) * 3 * u32::try_from(slow).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_request_in_flight_when_the_service_goes_away_is_carried_out_and_cut() {
    let clock = manual();
    let engine = TestEngine::new(Arc::new(clock.clone())).unwrap();
    create_table(&engine).await;
    let handle = engine.handle("a");
    handle.inject(FaultPlan::script([(0, Fault::DelayAnswer(seconds(5)))]));
    let client = handle.client();
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { put(&client, "x").await }
    });
    while !is_stored(&engine, "x").await {
        tokio::task::yield_now().await;
    }
    engine.go_away(seconds(2));
    assert!(put(&client, "y").await.is_err());
    clock.advance(seconds(5));
    assert!(waiting.await.unwrap().is_err(), "though the service is back when the answer is due");
    put(&client, "z").await.unwrap();
    assert!(!is_stored(&engine, "y").await);
}

#[test]
fn rates_are_read_as_they_are_written() {
    let rates = FaultRates {
        shift_date: DateShift(-90),
        slow_by: Duration::from_millis(1_500),
        ..FaultRates::default()
    };
    let json = serde_json::to_vec(&rates).unwrap();
    assert_eq!(FaultRates::from_json(&json), Ok(rates));
    let sparse = br#"{"throttle": 30, "shift_date": "3m", "delay": "500ms"}"#;
    let expected = FaultRates {
        throttle: 30,
        shift_date: DateShift(180),
        delay: Duration::from_millis(500),
        ..FaultRates::ZERO
    };
    assert_eq!(FaultRates::from_json(sparse), Ok(expected));
}

#[test]
fn impossible_rates_are_refused_with_the_reason() {
    for (json, reason) in [
        (r#"{"throttel": 30}"#, "unknown field `throttel`, expected one of `throttle`"),
        (r#"{"throttle": 60, "cut_after": 41}"#, "their sum is 101"),
        (r#"{"throttle": 256}"#, "expected u8"),
        (r#"{"delay_percent": 101}"#, "no more than 100 percent"),
        (r#"{"delay": "soon"}"#, "expected number"),
        (r#"{"shift_date": "1500ms"}"#, "no shift in whole seconds"),
        ("30", "invalid type"),
    ] {
        let refused = FaultRates::from_json(json.as_bytes()).unwrap_err();
        assert!(refused.contains(reason), "{json}: {refused}");
    }
}
