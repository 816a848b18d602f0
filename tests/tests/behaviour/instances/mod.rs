//! Two instances of one application, on one framework each, as processes behind a load
//! balancer: one Redis, and nothing else between them.

pub(crate) mod process;
pub(crate) mod sharing;
pub(crate) mod shops;
pub(crate) mod trouble;

use ciam_tests::visitor::Page;
use ciam_tests::{Balancer, Framework, Port, Process, Redis, Visitor};
use http::{HeaderMap, Method, StatusCode};

use self::process::Settings;

/// Both, and what is in front of them.
struct Instances {
    balancer: Balancer,
    /// That of axum, and that of actix-web.
    settings: [Settings; 2],
    processes: [Option<Process>; 2],
    _ports: [Port; 2],
}

impl Instances {
    /// Starts both at the provider that is made from the public address.
    async fn start(
        redis: &Redis,
        scopes: &str,
        authority: impl AsyncFnOnce(&str) -> String,
    ) -> Self {
        let ports = [Port::reserve(), Port::reserve()];
        let numbers = [ports[0].number(), ports[1].number()];
        let balancer = Balancer::start(&numbers).await;
        let base_url = balancer.base_url();
        let authority = authority(&base_url).await;
        let settings = numbers.map(|port| Settings {
            on_axum: port == numbers[0],
            port,
            authority: authority.clone(),
            base_url: base_url.clone(),
            store: redis.address(),
            scopes: scopes.to_owned(),
        });
        let processes = [
            Some(settings[0].start().await),
            Some(settings[1].start().await),
        ];
        Self {
            balancer,
            settings,
            processes,
            _ports: ports,
        }
    }

    /// An address of whichever takes the connection.
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.balancer.base_url())
    }

    /// An address of one of them, past the balancer.
    fn url_of(&self, framework: Framework, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port_of(framework))
    }

    fn port_of(&self, framework: Framework) -> u16 {
        self.settings[index(framework)].port
    }

    /// Ends one in the middle of whatever it does.
    fn kill(&mut self, framework: Framework) {
        self.processes[index(framework)] = None;
    }

    /// What each tells a script of this visitor, the one on axum first.
    async fn ask_both(&self, visitor: &Visitor, path: &str) -> [Page; 2] {
        let [one, other] = Framework::ALL.map(|framework| {
            let mut browser = visitor.clone().on_a_new_connection();
            let url = self.url_of(framework, path);
            async move {
                let here = page_at(&url);
                browser.fetch(&here, Method::GET, &url).await
            }
        });
        tokio::join!(one, other).into()
    }
}

/// A page of this origin: nothing is loaded.
fn page_at(url: &str) -> Page {
    Page {
        url: url.parse().expect("an address"),
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: String::new(),
    }
}

const fn index(framework: Framework) -> usize {
    match framework {
        Framework::Axum => 0,
        Framework::Actix => 1,
    }
}

const fn other(framework: Framework) -> Framework {
    match framework {
        Framework::Axum => Framework::Actix,
        Framework::Actix => Framework::Axum,
    }
}
