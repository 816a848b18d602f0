//! Child processes whose output is kept, and which end with their owner.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// A running program. Dropping it kills it with all the processes it started.
///
/// Threads read its output, so that it outlives the runtime of one test.
pub struct Process {
    name: String,
    child: Child,
    output: Arc<Mutex<Output>>,
    readers: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Output {
    stdout: Vec<String>,
    all: String,
}

impl Output {
    fn keep(&mut self, line: &str) {
        self.all.push_str(line);
        self.all.push('\n');
    }
}

impl Process {
    /// Starts a program; `name` is what it is called in failures.
    pub fn start(name: &str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own, so that its children can be ended with it.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start ({error}): run tests/run"));
        let output = Arc::<Mutex<Output>>::default();
        let stdout = child.stdout.take().expect("standard output is piped");
        let stderr = child.stderr.take().expect("standard error is piped");
        let readers = vec![
            read_lines(stdout, &output, |output, line| {
                output.keep(&line);
                output.stdout.push(line);
            }),
            read_lines(stderr, &output, |output, line| output.keep(&line)),
        ];
        Self {
            name: name.to_owned(),
            child,
            output,
            readers,
        }
    }

    /// Writes one line to its standard input.
    pub fn tell(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("standard input is piped");
        if let Err(error) = writeln!(stdin, "{line}").and_then(|()| stdin.flush()) {
            self.fail(&format!("does not listen ({error})"));
        }
    }

    /// Its number; that of its group as well.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it, and what it has started, a signal.
    pub fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let sent = kill_process_group(group.expect("a process"), signal);
        sent.unwrap_or_else(|error| panic!("{}: {signal:?}: {error}", self.name));
    }

    /// Everything it has printed so far, on both streams.
    pub fn log(&self) -> String {
        self.output
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .all
            .clone()
    }

    /// The line of standard output with this index, when it is there.
    pub async fn stdout_line(&mut self, index: usize, limit: Duration) -> String {
        self.until(limit, "print its next line", |process| {
            let output = process
                .output
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            output.stdout.get(index).cloned()
        })
        .await
    }

    /// Waits until `ready` gives a value; fails when the process ends first.
    pub async fn until<T>(
        &mut self,
        limit: Duration,
        what: &str,
        mut ready: impl FnMut(&Self) -> Option<T>,
    ) -> T {
        let start = Instant::now();
        loop {
            let ended = self.ended();
            if let Some(value) = ready(self) {
                return value;
            }
            if let Some(status) = ended {
                self.fail(&format!("ended ({status}) before it could {what}"));
            }
            if start.elapsed() > limit {
                self.fail(&format!("did not {what} within {limit:?}"));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// How it ended, once it has and all it printed is read.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let status = self
            .child
            .try_wait()
            .expect("the state of a child process")?;
        for reader in self.readers.drain(..) {
            reader.join().expect("the reader of a child process");
        }
        Some(status)
    }

    /// Waits until it ends by itself.
    pub async fn end(&mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            if start.elapsed() > limit {
                self.fail(&format!("did not end within {limit:?}"));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn fail(&self, what: &str) -> ! {
        panic!("{} {what}; it printed:\n{}", self.name, self.log())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // Fails only when the whole group has ended already.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Process({}, {})", self.name, self.child.id())
    }
}

fn read_lines(
    stream: impl Read + Send + 'static,
    output: &Arc<Mutex<Output>>,
    keep: impl Fn(&mut Output, String) + Send + 'static,
) -> JoinHandle<()> {
    let output = Arc::clone(output);
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            keep(
                &mut output.lock().unwrap_or_else(PoisonError::into_inner),
                line,
            );
        }
    })
}

const POLL: Duration = Duration::from_millis(10);
