use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::Query,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::post,
};
use jaeger_dynamodb_dynamo::DynamoStore;

/// `POST /purge`: deletes everything but the archive; with `?archive=true` that too.
pub(super) fn route(store: Arc<DynamoStore>) -> Router {
    Router::new().route(
        "/purge",
        post(async move |Query(parameters): Query<HashMap<String, String>>| {
            // Nobody purges twice in a hurry, and test suites complain about connections that stay open.
            ([(header::CONNECTION, "close")], purge(&store, &parameters).await)
        }),
    )
}

async fn purge(store: &DynamoStore, parameters: &HashMap<String, String>) -> impl IntoResponse + use<> {
    let and_archive = match parameters.get("archive").map(String::as_str) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return (StatusCode::BAD_REQUEST, "archive is true or false\n".to_owned()),
    };
    match store.purge(and_archive).await {
        Ok(()) => (StatusCode::OK, "purged\n".to_owned()),
        Err(error) => {
            tracing::error!(%error, "purge failed");
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"))
        }
    }
}
