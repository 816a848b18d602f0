//! Which cases passed where, as a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{Backend, Framework, Group, ProviderKind, StoreKind};

/// The cases that passed.
#[derive(Debug, Default)]
pub(super) struct Report {
    passed: BTreeMap<(&'static str, Column), BTreeSet<Ran>>,
    /// Those that run wherever sessions are kept.
    kept: BTreeMap<&'static str, BTreeMap<(StoreKind, Framework), usize>>,
    reasons: BTreeMap<(&'static str, String), BTreeSet<(&'static str, &'static str)>>,
}

/// A case, where its visitors signed in, and where their sessions were.
type Ran = (&'static str, ProviderKind, StoreKind);

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Column {
    /// On every framework, and at both honest providers or the one that misbehaves.
    Everywhere(ProviderKind, Framework),
    /// On one framework or at one honest provider only, for a reason.
    OneSide(Framework),
}

impl Report {
    pub(super) fn passed(
        &mut self,
        module: &'static str,
        name: &'static str,
        backend: Backend,
        group: &Group,
    ) {
        let column = match group.because {
            Some(_) => Column::OneSide(backend.framework),
            None => Column::Everywhere(backend.provider, backend.framework),
        };
        let cases = self.passed.entry((module, column)).or_default();
        cases.insert((name, backend.provider, backend.store));
        if group.stores.len() > 1 {
            let kept = self.kept.entry(module).or_default();
            *kept.entry((backend.store, backend.framework)).or_default() += 1;
        }
        if let Some(because) = group.because {
            let side = match group.only {
                Some(framework) => format!("{framework} only"),
                None => format!("{} only", backend.provider),
            };
            let reasons = self.reasons.entry((because, side)).or_default();
            reasons.insert((module, name));
        }
    }

    pub(super) fn table(&self, skipped: u64) -> String {
        let everywhere = ProviderKind::ALL.into_iter().flat_map(|provider| {
            Framework::ALL.map(|framework| Column::Everywhere(provider, framework))
        });
        let columns: Vec<Column> = everywhere
            .chain(Framework::ALL.map(Column::OneSide))
            .collect();
        let mut table = String::from("cases that passed, by what they ran on\n\n");
        let _ = writeln!(
            table,
            "{:<38}{:^18}{:^18}{:^18}{:^18}",
            "", "local tenant", "oidc-provider", "misbehaving", "one side only"
        );
        let _ = writeln!(table, "{:<38}{}", "", "     axum    actix".repeat(4));
        let modules: BTreeSet<&str> = self.passed.keys().map(|(module, _)| *module).collect();
        let mut sums = vec![0; columns.len()];
        let mut row = |name: &str, counts: &[usize]| {
            let _ = write!(table, "{name:<38}");
            for count in counts {
                let _ = write!(table, "{count:>9}");
            }
            table.push('\n');
        };
        for module in modules {
            let count =
                |column: &Column| self.passed.get(&(module, *column)).map_or(0, BTreeSet::len);
            let counts: Vec<usize> = columns.iter().map(count).collect();
            for (sum, count) in sums.iter_mut().zip(&counts) {
                *sum += count;
            }
            row(module, &counts);
        }
        row("all", &sums);
        let _ = writeln!(
            table,
            "\n{} runs passed, {skipped} skipped",
            sums.iter().sum::<usize>()
        );
        self.add_stores(&mut table);
        for ((because, side), cases) in &self.reasons {
            let modules: BTreeSet<&str> = cases.iter().map(|(module, _)| *module).collect();
            let modules: Vec<&str> = modules.into_iter().collect();
            let _ = writeln!(
                table,
                "{side}: {} of {}: {because}",
                cases.len(),
                modules.join(", ")
            );
        }
        table
    }

    fn add_stores(&self, table: &mut String) {
        if self.kept.is_empty() {
            return;
        }
        let _ = write!(table, "\nthose of them by where sessions are\n\n{:<38}", "");
        for store in StoreKind::ALL {
            let _ = write!(table, "{:^18}", store.to_string());
        }
        let _ = writeln!(table, "\n{:<38}{}", "", "     axum    actix".repeat(4));
        for (module, counts) in &self.kept {
            let _ = write!(table, "{module:<38}");
            for store in StoreKind::ALL {
                for framework in Framework::ALL {
                    let count = counts.get(&(store, framework)).unwrap_or(&0);
                    let _ = write!(table, "{count:>9}");
                }
            }
            table.push('\n');
        }
        table.push('\n');
    }
}
