//! What the server binary takes: spans a second as fast as it can, memory at a steady rate, and spans that come one a
//! call. It and the load
//! generator, `jaeger-dynamodb-loadgen`, are the binaries that lie beside this bench; they share the machine.

#![expect(clippy::print_stdout, reason = "a bench prints")]

#[path = "../shared/asked.rs"]
mod asked;
mod processes;
mod unary;

use jaeger_dynamodb_tests::AnyError;

use self::asked::is_asked;
use self::processes::{Server, Storage, send};

/// Spans in a request, requests in flight, and seconds of the demo at 10 000 spans a second.
const AS_FAST_AS_POSSIBLE: [(u32, u32, u32); 4] = [(10, 8, 30), (10, 64, 45), (512, 8, 60), (8_192, 8, 60)];

const STEADY_SECONDS: u32 = 60;

fn main() -> Result<(), AnyError> {
    if !is_asked() {
        return Ok(());
    }
    if std::env::args().all(|argument| argument != "unary") {
        print_exports()?;
        println!();
    }
    println!("One span a call, as Jaeger v1 writes: {} callers.\n", unary::CALLERS);
    unary::print_rows()
}

fn print_exports() -> Result<(), AnyError> {
    println!(
        "| storage | spans a request | requests in flight | spans/s | p50 | p99 | CPU of the server a span | peak memory |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for storage in [Storage::Memory, Storage::File] {
        for (batch, in_flight, seconds) in AS_FAST_AS_POSSIBLE {
            let load = [
                "--as-fast-as-possible".to_owned(),
                format!("--batch-spans={batch}"),
                format!("--max-in-flight={in_flight}"),
                format!("--duration={seconds}s"),
            ];
            print_row(storage, &batch.to_string(), &in_flight.to_string(), &load)?;
        }
    }
    let load = [format!("--duration={STEADY_SECONDS}s")];
    print_row(Storage::File, "as a collector sends them, 10 000 spans/s for 60 s", "at most 8", &load)
}

/// Sends the load to a server that has nothing else.
fn print_row(storage: Storage, batch: &str, in_flight: &str, load: &[String]) -> Result<(), AnyError> {
    let server = Server::start(storage)?;
    let sent = send(&server, load)?;
    let cpu = server.cpu()?.as_secs_f64() * 1e6 / sent.spans;
    println!(
        "| {} | {batch} | {in_flight} | {} | {} ms | {} ms | {cpu:.1} us | {:.0} MiB |",
        storage.name(),
        sent.spans_per_second,
        sent.p50,
        sent.p99,
        server.peak_memory()?,
    );
    Ok(())
}
