//! From an operation's name and JSON to a typed call on the database, and back.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// Largest request body that DynamoDB takes.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Carries out one operation and gives the HTTP status and the JSON of its answer.
pub(crate) fn dispatch(database: &Database, operation: &str, body: &[u8]) -> (u16, Vec<u8>) {
    if body.len() > MAX_BODY {
        return too_large();
    }
    let outcome = match operation {
        "CreateTable" => call(body, |request| database.create_table(request)),
        "DescribeTable" => call(body, |request| database.describe_table(request)),
        "ListTables" => call(body, |request| database.list_tables(request)),
        "DeleteTable" => call(body, |request| database.delete_table(request)),
        "UpdateTimeToLive" => call(body, |request| database.update_time_to_live(request)),
        "DescribeTimeToLive" => call(body, |request| database.describe_time_to_live(request)),
        "PutItem" => call(body, |request| database.put_item(request)),
        "GetItem" => call(body, |request| database.get_item(request)),
        "DeleteItem" => call(body, |request| database.delete_item(request)),
        "UpdateItem" => call(body, |request| database.update_item(request)),
        "Query" => call(body, |request| database.query(request)),
        "Scan" => call(body, |request| database.scan(request)),
        "BatchGetItem" => call(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => call(body, |request| database.batch_write_item(request)),
        "TransactWriteItems" => call(body, |request| database.transact_write_items(request)),
        "TransactGetItems" => call(body, |request| database.transact_get_items(request)),
        _ => return unknown_operation(operation),
    };
    match outcome {
        Ok(json) => (200, json),
        Err(error) => (error.status_code(), error.to_json().into_bytes()),
    }
}

/// The answer to a call that the engine could not finish.
pub(crate) fn internal_error(message: &str) -> (u16, Vec<u8>) {
    error(500, "com.amazonaws.dynamodb.v20120810#InternalServerError", message)
}

fn unknown_operation(operation: &str) -> (u16, Vec<u8>) {
    let message = format!("the embedded engine does not offer {operation:?}");
    error(400, "com.amazon.coral.service#UnknownOperationException", &message)
}

fn too_large() -> (u16, Vec<u8>) {
    error(413, "com.amazon.coral.service#RequestEntityTooLargeException", "the body exceeds 16 MB")
}

fn error(status: u16, code: &str, message: &str) -> (u16, Vec<u8>) {
    (status, serde_json::json!({ "__type": code, "message": message }).to_string().into_bytes())
}

fn call<Q, A>(body: &[u8], run: impl FnOnce(Q) -> dynoxide::Result<A>) -> dynoxide::Result<Vec<u8>>
where
    Q: DeserializeOwned,
    A: Serialize,
{
    let request = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let answer = run(request)?;
    serde_json::to_vec(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The error that DynamoDB gives for a request that does not read as its type.
///
/// dynoxide's own `Deserialize` impls know the class and put it in front of their message. Without
/// such a mark: what is absent or no known variant is invalid, any other shape is malformed.
fn unreadable(error: &serde_json::Error) -> DynoxideError {
    const INVALID: [&str; 3] = ["VALIDATION_REQUEST:", "VALIDATION_AS_READ:", "VALIDATION:"];
    const MALFORMED: [&str; 2] = ["SERIALIZATION_AS_READ:", "SERIALIZATION:"];

    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _position)| message);
    let after = |marks: &[&str]| marks.iter().find_map(|mark| message.strip_prefix(mark));
    if let Some(message) = after(&INVALID) {
        return DynoxideError::ValidationException(message.to_owned());
    }
    if let Some(message) = after(&MALFORMED) {
        return DynoxideError::SerializationException(message.to_owned());
    }
    let wrong_shape = message.starts_with("invalid type") && !message.starts_with("invalid type: null");
    match error.classify() {
        Category::Data if !wrong_shape => DynoxideError::ValidationException(message.to_owned()),
        _ => DynoxideError::SerializationException(message.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(operation: &str, body: &str) -> (u16, serde_json::Value) {
        let database = Database::memory().expect("database in memory");
        let (status, json) = dispatch(&database, operation, body.as_bytes());
        (status, serde_json::from_slice(&json).expect("answers are JSON"))
    }

    #[test]
    fn an_operation_outside_the_list_is_named_in_the_refusal() {
        let (status, json) = answer("ExecuteStatement", "{}");
        assert_eq!(status, 400);
        assert_eq!(json["__type"], "com.amazon.coral.service#UnknownOperationException");
        assert!(json["message"].as_str().unwrap().contains("ExecuteStatement"));
    }

    #[test]
    fn no_mark_of_the_engine_reaches_the_client() {
        let body = r#"{"TableName":"t.t","Item":{"k":{"NULL":false}}}"#;
        let (status, json) = answer("PutItem", body);
        assert_eq!(status, 400);
        assert_eq!(json["__type"], "com.amazon.coral.validate#ValidationException");
        let message = json["message"].as_str().unwrap();
        assert!(!message.contains("VALIDATION") && !message.contains(" at line "), "{message}");
    }

    #[test]
    fn what_is_no_json_or_has_the_wrong_shape_is_a_serialization_error() {
        for body in ["", "{", r#"{"TableName":7}"#] {
            let (status, json) = answer("DescribeTable", body);
            assert_eq!(status, 400, "{body}");
            assert_eq!(json["__type"], "com.amazon.coral.service#SerializationException", "{body}");
        }
    }

    #[test]
    fn a_body_above_sixteen_megabytes_is_refused_unread() {
        let (status, _) = answer("PutItem", &" ".repeat(MAX_BODY + 1));
        assert_eq!(status, 413);
    }
}
