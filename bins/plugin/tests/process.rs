//! The built binary, as Jaeger and an operator see it.

use std::{
    error::Error,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn by_hand(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jaeger-dynamodb-plugin"));
    command.env_clear().env("HOME", "/nonexistent").env("AWS_EC2_METADATA_DISABLED", "true").args(arguments);
    command
}

/// As Jaeger starts it.
fn hosted(arguments: &[&str]) -> Command {
    let mut command = by_hand(arguments);
    command.env("STORAGE_PLUGIN", "jaeger").env("PLUGIN_PROTOCOL_VERSIONS", "1");
    command
}

fn stderr_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The one error line that the host is told, and the code that the process ends with. Nothing is on stdout.
fn refused(output: &Output) -> (String, Option<i32>) {
    let stderr = stderr_of(output);
    let errors: Vec<_> = stderr.lines().filter(|line| line.contains("\"@level\":\"error\"")).collect();
    assert!(errors.len() == 1 && output.stdout.is_empty(), "{output:?}");
    (errors.concat(), output.status.code())
}

fn write(path: &Path, text: &str) -> Outcome<String> {
    std::fs::write(path, text)?;
    Ok(path.display().to_string())
}

/// Starts the plugin and waits for its handshake line.
fn started(command: &mut Command) -> Outcome<(Child, String)> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
    Ok((child, line))
}

fn terminate(mut child: Child) -> Outcome {
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
    assert_eq!(child.wait()?.code(), Some(0));
    Ok(())
}

#[test]
fn started_by_hand_it_says_one_sentence() -> Outcome {
    let output = by_hand(&[]).output()?;
    assert_eq!(output.status.code(), Some(1));
    let stderr = stderr_of(&output);
    assert!(stderr.lines().count() == 1 && stderr.contains("STORAGE_PLUGIN"), "{stderr}");
    Ok(())
}

#[test]
fn by_hand_it_tells_about_itself_and_its_settings() -> Outcome {
    for (flag, text) in [
        ("--help", "--wipe-on-start"),
        ("--version", "jaeger-dynamodb-plugin "),
        ("--print-config", "v1_unspecified_kind: unspecified"),
    ] {
        let output = by_hand(&[flag]).output()?;
        let stdout = String::from_utf8(output.stdout)?;
        assert!(output.status.success() && stdout.contains(text), "{flag}: {stdout}");
    }
    Ok(())
}

#[test]
fn by_hand_it_installs_itself() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().display().to_string();
    for _ in 0..2 {
        assert!(by_hand(&["install", &path]).status()?.success());
    }
    let names: Vec<_> = std::fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()?;
    assert_eq!(names, ["jaeger-dynamodb-plugin"]);
    let copied =
        Command::new(folder.path().join("jaeger-dynamodb-plugin")).env_clear().arg("--version").status()?;
    assert!(copied.success());
    let output = by_hand(&["install", "/nonexistent"]).output()?;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr_of(&output).contains("cannot copy this program to /nonexistent"));
    Ok(())
}

#[test]
fn without_a_configuration_it_serves_its_host() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (child, line) = started(hosted(&["--config", ""]).current_dir(&folder))?;
    assert!(line.starts_with("1|1|unix|/") && line.ends_with("|grpc|\n"), "{line:?}");
    assert!(folder.path().join("jaeger-dynamodb-data").is_dir());
    terminate(child)
}

#[test]
fn probes_and_metrics_are_served_where_that_is_asked_for() -> Outcome {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let (child, _) = started(&mut hosted(&["--data-dir", ":memory:", "--http-listen", &address]))?;
    for (path, text) in [("/ready", "HTTP/1.1 200"), ("/metrics", "jaeger_dynamodb_commits_total 0")] {
        let mut stream = TcpStream::connect(&address)?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: plugin\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        assert!(answer.contains(text), "{path}: {answer}");
    }
    terminate(child)
}

#[test]
fn it_takes_the_servers_configuration() -> Outcome {
    let folder = tempfile::tempdir()?;
    let text = "listen: 0.0.0.0:17271\narchive_listen: \"off\"\ndata_dir: \":memory:\"\nenable_streaming_writer: true\nlog_format: json\nretention: 3d\n";
    let path = write(&folder.path().join("config.yaml"), text)?;
    let (child, line) = started(&mut hosted(&["--config", &path]))?;
    assert!(line.starts_with("1|1|unix|"), "{line:?}");
    terminate(child)
}

#[test]
fn faults_of_the_configuration_are_one_line_in_the_hosts_log() -> Outcome {
    let folder = tempfile::tempdir()?;
    let former = write(
        &folder.path().join("former.yaml"),
        "dynamodb:\n  endpoint: http://localhost:8000\n  recreateTables: true\n",
    )?;
    let unreadable = write(&folder.path().join("unreadable.yaml"), "storage: [aws\n")?;
    let locked = write(&folder.path().join("typo.yaml"), "storge: aws\n")?;
    for (path, text) in [
        (former.as_str(), "write storage: aws, endpoint_url: URL"),
        (unreadable.as_str(), "is not a flat YAML mapping of settings"),
        (locked.as_str(), "did you mean storage?"),
        ("/nonexistent.yaml", "--config /nonexistent.yaml: cannot be read"),
    ] {
        let (error, code) = refused(&hosted(&["--config", path]).output()?);
        assert!(error.contains(text) && code == Some(2), "{error}");
    }
    Ok(())
}

#[test]
fn what_keeps_it_from_serving_is_told_with_its_remedy() -> Outcome {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").display().to_string();
    let (owner, _) = started(&mut hosted(&["--data-dir", &data]))?;
    let (error, code) = refused(&hosted(&["--data-dir", &data]).output()?);
    assert!(error.contains("cannot open the embedded storage") && error.contains("storage: aws"), "{error}");
    assert_eq!(code, Some(1));
    terminate(owner)?;
    let (error, code) = refused(&hosted(&["--storage", "aws"]).output()?);
    assert!(error.contains("set AWS_REGION") && code == Some(1), "{error}");
    let (error, code) = refused(&hosted(&["--max-message-size", "5GiB"]).output()?);
    assert!(error.contains("between 1 byte and 4GiB") && code == Some(2), "{error}");
    let wipe = ["--storage", "aws", "--wipe-on-start"];
    let (error, code) = refused(&hosted(&wipe).output()?);
    assert!(error.contains("refused on AWS") && code == Some(2), "{error}");
    Ok(())
}

#[test]
fn the_hosts_level_counts_for_more_than_our_own() -> Outcome {
    for (level, logs) in [("error", false), ("info", true), ("nonsense", true), ("", true)] {
        let mut command = hosted(&["--data-dir", ":memory:"]);
        let mut child = command
            .env("GRPC_STORAGE_PLUGIN_LOG_LEVEL", level)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut String::new())?;
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
        let stderr = stderr_of(&child.wait_with_output()?);
        assert_eq!(stderr.contains("serving Jaeger"), logs, "{level}: {stderr}");
        assert_eq!(stderr.contains("is no level"), level == "nonsense", "{level}: {stderr}");
    }
    Ok(())
}
