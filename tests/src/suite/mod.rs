//! The behaviour suite: each case is written once and runs on every framework, and
//! against every kind of provider that it makes sense with.
//!
//! A module lists its cases in [`cases!`](crate::cases), so that the list is its table
//! of contents; a case that is not in the list does not compile (it is never used).

mod report;

use std::fmt;
use std::fs;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Trial};

use self::report::Report;
use crate::store::end_servers;
use crate::workspace;

/// A framework with an adapter.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[allow(clippy::exhaustive_enums)] // tests name them all
pub enum Framework {
    /// axum.
    Axum,
    /// actix-web.
    Actix,
}

/// A kind of provider that people sign in at.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[allow(clippy::exhaustive_enums)] // tests name them all
pub enum ProviderKind {
    /// `ciam-tenant`.
    LocalTenant,
    /// npm `oidc-provider`.
    OidcProvider,
    /// One that lies or fails as it is told.
    Misbehaving,
}

/// Where an application keeps its sessions.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[allow(clippy::exhaustive_enums)] // tests name them all
pub enum StoreKind {
    /// In sealed cookies.
    Cookie,
    /// In its process.
    Memory,
    /// In the Redis of this run.
    Redis,
    /// In the PostgreSQL of this run.
    Postgres,
}

/// What a case runs on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Backend {
    /// The application's framework.
    pub framework: Framework,
    /// Where its visitors sign in.
    pub provider: ProviderKind,
    /// Where their sessions are.
    pub store: StoreKind,
}

/// Cases that run on the same sides.
#[derive(Clone, Copy)]
#[allow(clippy::exhaustive_structs)] // made by `cases!`
pub struct Group {
    /// The only framework they make sense on; otherwise all.
    pub only: Option<Framework>,
    /// The providers.
    pub providers: &'static [ProviderKind],
    /// Where sessions are.
    pub stores: &'static [StoreKind],
    /// Why not on all frameworks, or not at both honest providers.
    pub because: Option<&'static str>,
    /// Their names and functions.
    pub cases: &'static [(&'static str, Run)],
}

/// A module and its cases.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)] // made by `cases!`
pub struct Module {
    /// Its path.
    pub path: &'static str,
    /// Its cases.
    pub groups: &'static [Group],
}

/// One case, begun.
pub type Run = fn(Backend) -> Pin<Box<dyn Future<Output = ()>>>;

/// Lists the cases of a module, as `pub(crate) const CASES`.
///
/// ```text
/// cases! {
///     at LocalTenant and OidcProvider: two_tabs_can_sign_in_at_once, …;
///     at LocalTenant and OidcProvider in every store: a_script_can_sign_out, …;
///     at OidcProvider, because "the local tenant signs with RS256 only": …;
///     on Axum at LocalTenant, because "only axum has optional extractors of its own": …;
/// }
/// ```
///
/// A case takes a [`Backend`], or a [`Framework`] where there is one kind of provider.
/// Sessions are in cookies, where nothing is said; `in kept store` leaves those out.
#[macro_export]
macro_rules! cases {
    ($(
        $(on $framework:ident)? at $($provider:ident)and+ $(in $stores:ident store)?
        $(, because $why:literal)? :
        $($case:ident),+ $(,)? ;
    )+) => {
        pub(crate) const CASES: $crate::suite::Module = $crate::suite::Module {
            path: module_path!(),
            groups: &[$($crate::suite::Group {
                only: $crate::cases!(@option $($crate::suite::Framework::$framework)?),
                providers: &[$($crate::suite::ProviderKind::$provider),+],
                stores: $crate::cases!(@stores $($stores)?),
                because: $crate::cases!(@option $($why)?),
                cases: &[$((stringify!($case), |backend| Box::pin($case(backend.into())))),+],
            }),+],
        };
    };
    (@stores) => { &$crate::suite::StoreKind::ALL.split_at(1).0 };
    (@stores every) => { &$crate::suite::StoreKind::ALL };
    (@stores kept) => { &$crate::suite::StoreKind::ALL.split_at(1).1 };
    (@option) => { None };
    (@option $value:expr) => { Some($value) };
}

/// Runs all cases, or those that the arguments of `cargo test` choose, and prints
/// which ran where: to `target/behaviour.txt` too, which `tests/run` ends with.
pub fn run(modules: &[Module]) -> ExitCode {
    let arguments = Arguments::from_args();
    let report = Arc::new(Mutex::new(Report::default()));
    let mut trials = Vec::new();
    for module in modules {
        for group in module.groups {
            group.check(module.path);
            for (name, run) in group.cases {
                trials.extend(group.trials(module.path, name, *run, &report));
            }
        }
    }
    let listed = arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    end_servers();
    if !listed {
        let report = report.lock().unwrap_or_else(PoisonError::into_inner);
        let table = report.table(conclusion.num_ignored);
        println!("{table}");
        let directory = workspace().join("target");
        fs::create_dir_all(&directory).expect("a folder");
        fs::write(directory.join("behaviour.txt"), table).expect("a file");
    }
    conclusion.exit_code()
}

impl Framework {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Axum, Self::Actix];

    /// The package of its shop.
    pub const fn shop(self) -> &'static str {
        match self {
            Self::Axum => "axum-shop",
            Self::Actix => "actix-shop",
        }
    }
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Axum => "axum",
            Self::Actix => "actix",
        })
    }
}

impl ProviderKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::LocalTenant, Self::OidcProvider, Self::Misbehaving];
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LocalTenant => "local tenant",
            Self::OidcProvider => "oidc-provider",
            Self::Misbehaving => "misbehaving",
        })
    }
}

impl StoreKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cookie, Self::Memory, Self::Redis, Self::Postgres];
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cookie => "cookie",
            Self::Memory => "memory",
            Self::Redis => "Redis",
            Self::Postgres => "PostgreSQL",
        })
    }
}

impl From<Backend> for Framework {
    fn from(backend: Backend) -> Self {
        backend.framework
    }
}

impl Group {
    /// One side only, and a reason for it: always both or neither.
    fn check(&self, module: &str) {
        let honest = [ProviderKind::LocalTenant, ProviderKind::OidcProvider];
        let one_sided = self.only.is_some()
            || honest.iter().any(|p| self.providers.contains(p))
                && !self.providers.starts_with(&honest);
        let first = self.cases[0].0;
        assert_eq!(
            one_sided,
            self.because.is_some(),
            "{module}: {first} and those with it run everywhere, or say why not"
        );
    }

    fn trials(
        &'static self,
        module: &'static str,
        name: &'static str,
        run: Run,
        report: &Arc<Mutex<Report>>,
    ) -> Vec<Trial> {
        let module = module.split_once("::").map_or(module, |(_, rest)| rest);
        let frameworks = Framework::ALL.into_iter();
        let frameworks = frameworks.filter(|framework| self.only.is_none_or(|o| o == *framework));
        let backends = frameworks.flat_map(|framework| {
            let at = self.providers.iter();
            at.flat_map(move |provider| {
                self.stores.iter().map(move |store| Backend {
                    framework,
                    provider: *provider,
                    store: *store,
                })
            })
        });
        let trial = |backend: Backend| {
            let report = Arc::clone(report);
            let mut place = format!("{} at {}", backend.framework, backend.provider);
            if self.stores.len() > 1 {
                place = format!("{place}, {}", backend.store);
            }
            Trial::test(format!("{module}::{name}"), move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                runtime?.block_on(run(backend));
                let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
                report.passed(module, name, backend, self);
                Ok(())
            })
            .with_kind(place)
        };
        backends.map(trial).collect()
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.cases.iter().map(|(name, _)| name))
            .finish()
    }
}
