//! Jaeger's translation as a process (`tests/jaeger/v2/translate/`).

use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use jaeger_dynamodb_core::{Span, otlp, v1};
use jaeger_dynamodb_proto::convert::{Converted, resource_spans, spans_from_otlp, spans_from_v1};
use jaeger_dynamodb_proto::jaeger::api_v2::Batch;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::TracesData;
use jaeger_dynamodb_tests::AnyError;
use prost::Message;

const V1: u8 = b'v';
const OTLP: u8 = b'o';
const PANICKED: u8 = b'!';

/// The process, which ends when its input does.
pub(crate) struct Translator {
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    _process: Child,
}

impl Translator {
    pub(crate) fn start(binary: &Path) -> Result<Self, AnyError> {
        let mut process = Command::new(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let questions = process.stdin.take().ok_or("no input")?;
        let answers = BufReader::new(process.stdout.take().ok_or("no output")?);
        Ok(Self { questions, answers, _process: process })
    }

    /// The span as OTLP, or nothing if Jaeger panics.
    pub(crate) fn otlp_of(&mut self, span: &v1::Span) -> Result<Option<otlp::Span>, AnyError> {
        let batch = Batch { spans: vec![span.into()], process: None };
        match self.ask(V1, &batch.encode_to_vec())? {
            (OTLP, answer) => {
                let data = TracesData::decode(answer.as_slice())?;
                match only(spans_from_otlp(data.resource_spans))? {
                    Span::Otlp(span) => Ok(Some(span)),
                    Span::V1(_) => Err("OTLP was asked for".into()),
                }
            }
            (PANICKED, _) => Ok(None),
            (form, _) => Err(format!("an answer of form {form}").into()),
        }
    }

    /// The span in Jaeger's first model.
    pub(crate) fn v1_of(&mut self, span: &otlp::Span) -> Result<v1::Span, AnyError> {
        let data = TracesData { resource_spans: resource_spans(std::slice::from_ref(span)) };
        match self.ask(OTLP, &data.encode_to_vec())? {
            (V1, answer) => match only(spans_from_v1(Batch::decode(answer.as_slice())?.spans))? {
                Span::V1(span) => Ok(span),
                Span::Otlp(_) => Err("api_v2 was asked for".into()),
            },
            (_, answer) => Err(String::from_utf8_lossy(&answer).into()),
        }
    }

    fn ask(&mut self, form: u8, message: &[u8]) -> Result<(u8, Vec<u8>), AnyError> {
        let length = u32::try_from(message.len())?;
        self.questions.write_all(&[&[form][..], &length.to_be_bytes(), message].concat())?;
        let mut head = [0; 5];
        self.answers.read_exact(&mut head)?;
        let [form, length @ ..] = head;
        let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length))?];
        self.answers.read_exact(&mut answer)?;
        Ok((form, answer))
    }
}

fn only(converted: Converted) -> Result<Span, AnyError> {
    let Converted { mut spans, rejected } = converted;
    match (spans.pop(), spans.is_empty(), rejected.first()) {
        (Some(span), true, None) => Ok(span),
        (_, _, reason) => Err(format!("not one span: {reason:?}").into()),
    }
}
