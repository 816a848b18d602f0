//! The tenant, in a process of its own: the memory that is measured is the applications'.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use ciam_core::Timestamp;
use ciam_tenant::{Application, NewUser, Rotation, Tenant, TokenPolicy};

/// The other process, as this one speaks to it: a line, and a line back.
pub(crate) struct Provider {
    pub(crate) authority: String,
    line: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    child: Child,
}

impl Provider {
    /// For an application at this address.
    pub(crate) fn start(base_url: &str) -> Self {
        let mut child = Command::new(env::current_exe().expect("this program"))
            .args([TENANT, base_url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it can be started twice");
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let line = (
            input.expect("piped"),
            BufReader::new(output.expect("piped")),
        );
        let mut provider = Self {
            authority: String::new(),
            line: Mutex::new(line),
            child,
        };
        provider.authority = provider.ask("authority");
        provider
    }

    /// Lets a second pass, and says what time it is.
    pub(crate) fn advance(&self) -> Timestamp {
        let now = self.ask("advance");
        Timestamp::from_unix(now.parse().expect("seconds"))
    }

    pub(crate) fn rotate_keys(&self) {
        self.ask("rotate");
    }

    pub(crate) fn refreshes(&self) -> u64 {
        self.ask("refreshes").parse().expect("a number")
    }

    fn ask(&self, what: &str) -> String {
        let mut line = self.line.lock().expect("nobody panics");
        let (input, output) = &mut *line;
        writeln!(input, "{what}").expect("it listens");
        let mut answer = String::new();
        output.read_line(&mut answer).expect("it answers");
        answer.trim().to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the other process does, if this is it.
pub(crate) async fn serve() -> bool {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() != Some(TENANT) {
        return false;
    }
    let base_url = arguments.next().expect("the address of the application");
    let tenant = tenant(&base_url).await;
    let answering = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lines() {
            let answer = match line.expect("text").as_str() {
                "authority" => tenant.authority(),
                "advance" => {
                    tenant.advance(Duration::from_secs(1));
                    let now = tenant.now().duration_since(SystemTime::UNIX_EPOCH);
                    now.expect("after 1970").as_secs().to_string()
                }
                "rotate" => {
                    tenant.rotate_keys();
                    "done".to_owned()
                }
                "refreshes" => tenant.token_requests().refresh_token.to_string(),
                other => panic!("{other}?"),
            };
            println!("{answer}");
        }
    });
    answering.await.expect("it does not panic");
    true
}

async fn tenant(base_url: &str) -> Tenant {
    let policy = TokenPolicy::default()
        .access_token_lifetime(LIFETIME)
        .rotation(Rotation::Once);
    let tenant = Tenant::builder().token_policy(policy).start().await;
    let tenant = tenant.expect("loopback has a free port");
    for number in 0..PEOPLE {
        let user = NewUser::new(email(number), PASSWORD).display_name(format!("User {number}"));
        tenant.add_user(user).await.expect("a new account");
    }
    let application = Application::web("Soak")
        .client_id(CLIENT_ID)
        .client_secret(CLIENT_SECRET)
        .redirect_uri(format!("{base_url}/auth/callback"));
    tenant.register(application).expect("valid addresses");
    tenant
}

pub(crate) fn email(number: usize) -> String {
    format!("user{number}@example.com")
}

/// Five seconds, sixty times as fast.
const LIFETIME: Duration = Duration::from_secs(300);

const TENANT: &str = "--tenant";

pub(crate) const PEOPLE: usize = 100;
pub(crate) const PASSWORD: &str = "Correct-horse-7";
pub(crate) const CLIENT_ID: &str = "00000000-0000-4000-8000-00000000506b";
pub(crate) const CLIENT_SECRET: &str = "a secret of the soak";
