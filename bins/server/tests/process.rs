//! The built binary, as an operator sees it.

use std::{
    error::Error,
    io::{BufRead as _, BufReader},
    process::{Command, Output, Stdio},
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn server(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jaeger-dynamodb-server"));
    command.env_clear().env("HOME", "/nonexistent").env("AWS_EC2_METADATA_DISABLED", "true");
    command
        .args(["--listen=127.0.0.1:0", "--archive-listen=127.0.0.1:0", "--http-listen=127.0.0.1:0"])
        .args(flags);
    command
}

fn stderr_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn faults_of_the_configuration_exit_with_2_and_a_block_of_all_of_them() -> Outcome {
    let output = server(&["--window", "soon"]).env("JAEGER_DYNAMODB_RETENTON", "7d").output()?;
    let stderr = stderr_of(&output);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.starts_with("error: the configuration has 2 faults\n"), "{stderr}");
    assert!(stderr.contains("did you mean JAEGER_DYNAMODB_RETENTION?"), "{stderr}");
    assert!(stderr.contains("--window \"soon\": expects a duration"), "{stderr}");
    Ok(())
}

#[test]
fn the_configuration_is_printed_on_stdout() -> Outcome {
    let output = server(&["--print-config", "--data-dir", ":memory:"]).output()?;
    assert!(output.status.success(), "{}", stderr_of(&output));
    let stdout = String::from_utf8(output.stdout)?;
    assert!(stdout.contains("data_dir: \":memory:\"\n") && stdout.contains("window: 30s\n"), "{stdout}");
    Ok(())
}

#[test]
fn a_missing_region_is_told_with_its_remedy() -> Outcome {
    let output = server(&["--storage", "aws"]).output()?;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr_of(&output).contains("no AWS region found: set AWS_REGION"), "{}", stderr_of(&output));
    Ok(())
}

#[test]
fn missing_credentials_for_a_local_engine_are_told_with_their_remedy() -> Outcome {
    let flags = ["--storage", "aws", "--endpoint-url", "http://127.0.0.1:9"];
    let output = server(&flags).env("AWS_REGION", "local").output()?;
    assert_eq!(output.status.code(), Some(1));
    let stderr = stderr_of(&output);
    assert!(stderr.contains("set AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local"), "{stderr}");
    assert!(stderr.contains("http://127.0.0.1:9"), "{stderr}");
    Ok(())
}

#[test]
fn sigterm_and_sigint_end_a_ready_server_with_0() -> Outcome {
    for signal in ["-TERM", "-INT"] {
        let mut child = server(&["--data-dir", ":memory:"]).stderr(Stdio::piped()).spawn()?;
        let stderr = child.stderr.take().ok_or("no stderr")?;
        let mut log = String::new();
        for line in BufReader::new(stderr).lines() {
            log.push_str(&line?);
            log.push('\n');
            if log.contains(" ready ") {
                Command::new("kill").args([signal, &child.id().to_string()]).status()?;
                log = log.replace(" ready ", " ready: ");
            }
        }
        assert_eq!(child.wait()?.code(), Some(0), "{signal}: {log}");
        let places = ["shutdown requested", " stopped"].map(|text| log.find(text));
        assert!(places[0].is_some() && places[0] < places[1], "{signal}: {log}");
    }
    Ok(())
}
