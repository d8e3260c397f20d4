//! Searches: whole traces, ids and summaries, at every limit.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jaeger_dynamodb_core::{FoundTrace, Span, TraceId};
use jaeger_dynamodb_proto::convert;
use jaeger_dynamodb_proto::jaeger::storage::v2::{FoundTraceId, TraceQueryParameters};
use jaeger_dynamodb_tests::AnyError;
use tonic::Code;

use crate::cases::Question;
use crate::client::{Client, Trace};
use crate::differences::Difference;
use crate::prediction::predict;
use crate::ring::{Ring, Written, ids, same};
use crate::summary;

/// More traces than any case writes.
const EVERYTHING: i32 = 1_000;

impl Ring {
    /// The same traces at a limit that cuts nothing off.
    pub(crate) async fn same_search(&self, question: &Question, written: &Written) -> Result<(), AnyError> {
        let parameters = question.parameters(EVERYTHING)?;
        let ours = self.ours.client.find(&parameters).await?;
        let theirs = self.theirs.client.find(&parameters).await?;
        self.same_found(question, &written.spans, &ours, &theirs)?;
        let theirs_by_id: BTreeMap<_, _> = theirs.iter().map(|trace| (trace.id, trace)).collect();
        let counterpart =
            |trace: &Trace| theirs_by_id.get(&trace.id).copied().or_else(|| written.theirs.get(&trace.id));
        let known = |trace: &Trace| written.theirs.get(&trace.id);
        for trace in &ours {
            self.same_trace("find_traces", trace, counterpart(trace).ok_or("an unknown trace")?)?;
        }
        let known: Vec<_> = ours.iter().filter_map(known).collect();
        self.same_found_ids(&parameters, &known, &theirs).await?;
        self.same_summaries(&parameters, &known).await
    }

    /// Equal sets of traces, or exactly those by which listed differences of matching make the sets differ.
    fn same_found(
        &self,
        question: &Question,
        spans: &[Span],
        ours: &[Trace],
        theirs: &[Trace],
    ) -> Result<(), AnyError> {
        let (ours, theirs) = (ids(ours), ids(theirs));
        let sorted = |ids: &[TraceId]| {
            let mut ids = ids.to_vec();
            ids.sort();
            ids
        };
        let predicted = predict(spans, question);
        self.tally.add("searches", 1);
        self.tally.add("traces found", ours.len());
        if predicted.ours.keys().eq(predicted.theirs.keys()) {
            same("the ids of find_traces, ours and theirs,", &sorted(&ours), &sorted(&theirs))?;
            self.tally.met(Difference::ResultOrder, usize::from(ours != theirs));
            self.tally.add("searches that found something, both the same", usize::from(!ours.is_empty()));
            return Ok(());
        }
        same(
            "the ids of find_traces, ours and expected,",
            &sorted(&ours),
            &predicted.ours.into_keys().collect(),
        )?;
        let expected = predicted.theirs.into_keys().collect();
        same("the ids of find_traces, expected and theirs,", &expected, &sorted(&theirs))?;
        self.tally.add("searches that differ as listed", 1);
        predicted.because.into_iter().for_each(|difference| self.tally.met(difference, 1));
        Ok(())
    }

    /// Ids as the traces of find_traces; ours with the times of the spans that theirs returned.
    async fn same_found_ids(
        &self,
        parameters: &TraceQueryParameters,
        known: &[&Trace],
        theirs: &[Trace],
    ) -> Result<(), AnyError> {
        let expected: Vec<_> = known.iter().filter_map(|trace| found(trace)).collect();
        let ours = self.ours.client.find_ids(parameters).await?;
        same("ids and times of find_trace_ids, ours and expected,", &ours, &expected)?;
        let their_ids = self.theirs.client.find_ids(parameters).await?;
        self.tally.met(Difference::FoundTraceTimes, their_ids.len());
        same("the ids of find_trace_ids, expected and theirs,", &raw_ids(theirs), &ids_only(&their_ids))
    }

    async fn same_summaries(
        &self,
        parameters: &TraceQueryParameters,
        known: &[&Trace],
    ) -> Result<(), AnyError> {
        let theirs = self.theirs.client.summaries(parameters).await;
        let code = theirs.err().map(|status| status.code());
        same("find_trace_summaries, expected and theirs,", &Some(Code::Unimplemented), &code)?;
        let ours = self.ours.client.summaries(parameters).await?;
        same("the numbers of summaries, ours and expected,", &ours.len(), &known.len())?;
        for (ours, theirs) in ours.iter().zip(known) {
            summary::check(ours, &theirs.spans)?;
        }
        self.tally.met(Difference::NoSummaries, ours.len());
        Ok(())
    }

    /// The same traces in the same order at every limit, after theirs was written to in our order: one trace after the
    /// other, those with the newest matching start last.
    pub(crate) async fn same_limits(&self, question: &Question, spans: &[Span]) -> Result<(), AnyError> {
        let predicted = predict(spans, question);
        if predicted.ours != predicted.theirs {
            return Ok(());
        }
        let mut traces: BTreeMap<TraceId, Vec<Span>> = BTreeMap::new();
        for span in spans {
            traces.entry(span.trace_id()).or_default().push(span.clone());
        }
        let mut traces: Vec<_> = traces.into_iter().collect();
        traces.sort_by_key(|(id, _)| (predicted.ours.get(id).copied(), Reverse(*id)));
        self.theirs.purge().await?;
        for (_, spans) in &traces {
            self.theirs.client.export(spans).await?;
        }
        for limit in 1..=predicted.ours.len() + 1 {
            let parameters = question.parameters(i32::try_from(limit)?)?;
            let ours = everything_found(&self.ours.client, &parameters).await?;
            let theirs = everything_found(&self.theirs.client, &parameters).await?;
            same(&format!("the ids in order at the limit {limit}, ours and theirs,"), &ours, &theirs)?;
            let summaries = self.ours.client.summaries(&parameters).await?;
            let summaries: Vec<_> = summaries.into_iter().map(|summary| summary.trace_id).collect();
            same(
                &format!("the ids of summaries at the limit {limit}, ours and theirs,"),
                &summaries,
                &theirs.1,
            )?;
            self.tally.add("limits compared in order", 1);
        }
        Ok(())
    }
}

/// The ids of whole traces and of ids.
async fn everything_found(
    client: &Client,
    parameters: &TraceQueryParameters,
) -> Result<(Vec<Vec<u8>>, Vec<Vec<u8>>), AnyError> {
    let traces = client.find(parameters).await?;
    Ok((raw_ids(&traces), ids_only(&client.find_ids(parameters).await?)))
}

fn raw_ids(traces: &[Trace]) -> Vec<Vec<u8>> {
    traces.iter().map(|trace| trace.id.as_bytes().to_vec()).collect()
}

fn ids_only(found: &[FoundTraceId]) -> Vec<Vec<u8>> {
    found.iter().map(|found| found.trace_id.clone()).collect()
}

fn found(trace: &Trace) -> Option<FoundTraceId> {
    let spans: Vec<_> = trace.spans.iter().cloned().map(Span::Otlp).collect();
    let found = FoundTrace::of(&spans)?;
    Some(FoundTraceId {
        trace_id: trace.id.as_bytes().to_vec(),
        start: Some(convert::timestamp(found.start)),
        end: Some(convert::timestamp(found.end)),
    })
}
