//! Tenants do not see each other.

use jaeger_dynamodb_core::{Predicate, Span, Tenant, otlp};

use super::StoreUnderTest;
use super::expect::{Outcome, same, same_ids, same_spans};
use crate::fixtures::{otlp_span, trace_id};

/// A span of trace 1 with the same id for each tenant.
fn span_of(tenant: &Tenant) -> Span {
    let name = format!("of {tenant}");
    Span::Otlp(otlp::Span { name, ..otlp_span(1, 1, &format!("service of {tenant}")) })
}

async fn expect_only_own(store: &StoreUnderTest, tenants: &[&str]) -> Outcome {
    let tenants: Vec<_> = tenants.iter().filter_map(|name| Tenant::new(*name).ok()).collect();
    for tenant in &tenants {
        store.write_for(tenant, vec![span_of(tenant)]).await?;
    }
    for tenant in &tenants {
        let answers = store.answers_for(tenant.clone());
        let service = format!("service of {tenant}");
        same_spans(&format!("spans of {tenant:?}"), &answers.spans_of(1).await?, &[span_of(tenant)])?;
        same(&format!("services of {tenant:?}"), &answers.services().await?, &vec![service.clone()])?;
        same_ids(&format!("traces of {tenant:?}"), &answers.found(&Predicate::default()).await?, &[1])?;
        for other in tenants.iter().filter(|other| *other != tenant) {
            let predicate = Predicate::Service(format!("service of {other}"));
            let found = answers.found(&Predicate::All(vec![predicate])).await?;
            same(&format!("traces of {other:?} seen by {tenant:?}"), &found, &Vec::new())?;
        }
    }
    Ok(())
}

pub(super) async fn tenants_do_not_see_each_other(store: &StoreUnderTest) -> Outcome {
    expect_only_own(store, &["", "acme", "globex"]).await?;
    let Ok(unknown) = Tenant::new("unknown") else { return Ok(()) };
    let answers = store.answers_for(unknown);
    let traces = answers.get(vec![trace_id(1).into()]).await?;
    same("traces of an unknown tenant", &traces.len(), &0)?;
    same("services of an unknown tenant", &answers.services().await?, &Vec::new())
}

pub(super) async fn tenant_names_are_compared_whole(store: &StoreUnderTest) -> Outcome {
    expect_only_own(store, &["a", "A", "ab", "a b", "a/b", "a#b", "a\0b", "ä"]).await
}
