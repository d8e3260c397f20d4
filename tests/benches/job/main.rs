//! What deriving a window costs: CPU a span (`cpu`, which is the default), and memory (`memory SPANS [three-span]`).
//!
//! The engine is the embedded one on a thread of its own, and its `Date` is set forward when everything is written, so
//! that the window is closed at once.

#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench prints, with two digits")]

#[path = "../shared/asked.rs"]
mod asked;
mod cpu;
mod memory;
mod service;
#[path = "../shared/thread_cpu.rs"]
mod thread_cpu;
mod work_cpu;

use jaeger_dynamodb_loadgen::Workload;
use jaeger_dynamodb_tests::AnyError;
use tokio::runtime;

use self::asked::is_asked;

fn main() -> Result<(), AnyError> {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    // The bench starts itself to derive in a process of its own.
    if !is_asked() && arguments.first() != Some(&memory::DERIVE) {
        return Ok(());
    }
    // What is measured runs on this thread.
    let here = runtime::Builder::new_current_thread().enable_all().build()?;
    match arguments.as_slice() {
        [] | ["cpu"] => here.block_on(cpu::measure()),
        ["memory", spans] => memory::measure("demo", Workload::demo(1), spans.parse()?),
        ["memory", spans, "three-span"] => {
            memory::measure("traces of 3 spans", Workload::three_span_traces(1), spans.parse()?)
        }
        [memory::DERIVE, directory, job_memory] => {
            here.block_on(memory::derive(directory.as_ref(), job_memory.parse()?))
        }
        _ => Err("give nothing, cpu, or memory and a number of spans".into()),
    }
}
