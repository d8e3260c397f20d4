/// Whether this was started by `cargo bench`: `cargo test --all-targets` starts benches too, and has no use for figures.
pub(crate) fn is_asked() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}
