//! Holding existing tables against the definition.

use std::fmt;

use jaeger_dynamodb_core::{StoreError, StoreErrorKind};

use super::{TABLES, TableDefinition};
use crate::client::{Client, DescribedTable};

/// One difference between a table as it is and as it must be, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaProblem {
    /// The table's name.
    pub table: String,
    /// What is different.
    pub difference: String,
    /// What to do.
    pub mend: String,
}

impl fmt::Display for SchemaProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}: {}; {}", self.table, self.difference, self.mend)
    }
}

/// Refuses to work on tables that are missing or different. A stream that is wanted and missing is only warned of:
/// without it windows are derived later, not never.
pub(crate) async fn verify(client: &Client, with_streams: bool) -> Result<(), StoreError> {
    let mut problems = Vec::new();
    for definition in &TABLES {
        let described = client.describe(definition.table).await?;
        let name = client.table_name(definition.table);
        let streams = described.as_ref().filter(|_| with_streams && definition.is_streamed);
        if let Some(problem) = streams.and_then(|described| missing_stream(name, described)) {
            tracing::warn!(problem = %problem, "a table has no stream of new images");
        }
        let ttl = match described {
            Some(_) => client.ttl_attribute(definition.table).await?,
            None => None,
        };
        problems.extend(differences(
            client.table_name(definition.table),
            definition,
            described.as_ref(),
            ttl.as_deref(),
        ));
    }
    if problems.is_empty() {
        return Ok(());
    }
    let list: Vec<_> = problems.iter().map(ToString::to_string).collect();
    Err(StoreError::new(StoreErrorKind::Internal, format!("the tables do not fit:\n{}", list.join("\n"))))
}

fn missing_stream(table: String, described: &DescribedTable) -> Option<SchemaProblem> {
    let difference = match described.stream_view.as_deref() {
        // Old images in addition do no harm.
        Some("NEW_IMAGE" | "NEW_AND_OLD_IMAGES") => return None,
        Some(other) => format!("its stream has the view type {other}"),
        None => "it has no stream".to_owned(),
    };
    let mend = format!(
        "a dependency Lambda or worker is not told of closed windows and finds them by its schedule only; to mend it: \
         aws dynamodb update-table --table-name {table} --stream-specification \
         StreamEnabled=true,StreamViewType=NEW_IMAGE (one with another view type must be disabled before)"
    );
    Some(SchemaProblem { table, difference, mend })
}

fn differences(
    name: String,
    definition: &TableDefinition,
    described: Option<&DescribedTable>,
    ttl: Option<&str>,
) -> Vec<SchemaProblem> {
    let problem = |difference: String, mend: &str| SchemaProblem {
        table: name.clone(),
        difference,
        mend: mend.to_owned(),
    };
    let Some(described) = described else {
        return vec![problem(
            "it does not exist".into(),
            "start once with --create-tables, or mend --table-prefix",
        )];
    };
    let mut problems = Vec::new();
    let expected = [(definition.partition_key, "HASH"), (definition.sort_key, "RANGE")]
        .map(|(name, role)| format!("{name} {role} B"));
    if described.keys != expected {
        problems.push(problem(
            format!("its key is [{}], not [{}]", described.keys.join(", "), expected.join(", ")),
            "a key cannot be changed: choose another --table-prefix, or delete the table if nothing in it is needed",
        ));
    }
    if ttl != Some(definition.ttl_attribute) {
        problems.push(problem(
            match ttl {
                None => "it has no TTL, so nothing in it would ever be deleted".into(),
                Some(other) => format!("its TTL is on attribute {other}"),
            },
            "enable TTL on attribute `expiry` (aws dynamodb update-time-to-live), or start once with --create-tables",
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(keys: [&str; 2], stream_view: Option<&str>) -> DescribedTable {
        let keys = keys.map(str::to_owned).to_vec();
        DescribedTable { is_active: true, keys, stream_view: stream_view.map(str::to_owned) }
    }

    fn problems(keys: [&str; 2], ttl: Option<&str>) -> Vec<String> {
        let described = described(keys, None);
        let problems = differences("jaeger.spans".into(), &TABLES[0], Some(&described), ttl);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_table_as_defined_is_accepted() {
        assert!(problems(["pk HASH B", "sk RANGE B"], Some("expiry")).is_empty());
    }

    #[test]
    fn every_difference_is_named_with_its_mend() {
        let problems = problems(["id HASH S", "sk RANGE B"], Some("ttl"));
        assert_eq!(problems.len(), 2);
        assert!(problems[0].contains("jaeger.spans") && problems[0].contains("id HASH S"), "{problems:?}");
        assert!(
            problems[1].contains("attribute ttl") && problems[1].contains("update-time-to-live"),
            "{problems:?}"
        );
        let missing = differences("jaeger.spans".into(), &TABLES[0], None, None);
        assert!(missing[0].mend.contains("--create-tables"));
    }

    #[test]
    fn a_stream_without_new_images_is_warned_of_with_its_mend() {
        let warning = |view: Option<&str>| {
            missing_stream("jaeger.windows".into(), &described(["pk HASH B", "sk RANGE B"], view))
                .map(|problem| problem.to_string())
        };
        assert_eq!(warning(Some("NEW_IMAGE")), None);
        assert_eq!(warning(Some("NEW_AND_OLD_IMAGES")), None);
        let text = warning(None).unwrap();
        assert!(text.contains("no stream") && text.contains("--table-name jaeger.windows"), "{text}");
        let text = warning(Some("KEYS_ONLY")).unwrap();
        assert!(text.contains("view type KEYS_ONLY") && text.contains("disabled before"), "{text}");
    }
}
