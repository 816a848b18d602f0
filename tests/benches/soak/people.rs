//! Who is signed in, with many sessions each.

use ciam_tests::visitor::Visitor;

use crate::instances::Instances;
use crate::provider::{PASSWORD, PEOPLE, email};

pub(crate) struct People {
    /// The number of the user, and the session's cookie.
    sessions: Vec<(usize, String)>,
}

impl People {
    /// Each user signs in once, and the tenant remembers the browser for the other times.
    pub(crate) async fn sign_in(instances: &Instances, sessions: usize) -> Self {
        let login = format!("{}/auth/login", instances.base_url());
        let mut begun = Vec::with_capacity(sessions);
        for number in 0..PEOPLE.min(sessions) {
            let mut visitor = Visitor::new();
            let page = visitor.go(&login).await;
            let form = page.form_with("password");
            let form = form
                .fill("email", &email(number))
                .fill("password", PASSWORD);
            visitor.submit(&form).await;
            begun.push((number, take_cookie(&mut visitor)));
            while begun.len() < (number + 1) * sessions / PEOPLE.min(sessions) {
                visitor.go(&login).await;
                begun.push((number, take_cookie(&mut visitor)));
            }
        }
        Self { sessions: begun }
    }

    /// A request of one of them, and what is wrong with its answer.
    pub(crate) async fn ask(
        &self,
        instances: &Instances,
        client: &reqwest::Client,
        number: u64,
    ) -> Result<(), String> {
        let (user, cookie) = &self.sessions[self.turn(number)];
        let request = client.get(instances.url("/token")).header("cookie", cookie);
        let before = instances.now();
        let response = request.send().await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response.text().await.map_err(|error| error.to_string())?;
        if status != 200 {
            return Err(format!("{status} for {}: {body}", email(*user)));
        }
        let (name, until) = body.split_once('\n').ok_or("no two lines")?;
        if name != format!("User {user}") {
            return Err(format!("{name} in place of {}", email(*user)));
        }
        let until: u64 = until.parse().map_err(|_| "no time")?;
        if until <= before {
            return Err(format!("a token that ended {} s ago", before - until));
        }
        Ok(())
    }

    /// Every second request is of one of a hundredth, which are in use all the time.
    fn turn(&self, number: u64) -> usize {
        let all = self.sessions.len() as u64;
        let busy = (all / 100).max(1);
        // Far apart in the list, so that neighbours are of different users.
        let place = if number.is_multiple_of(2) {
            number / 2 % busy * 100
        } else {
            (number / 2).wrapping_mul(7919)
        };
        (place % all) as usize
    }
}

/// The tenant's session stays.
fn take_cookie(visitor: &mut Visitor) -> String {
    let kept = visitor.cookie("ciam-session-").expect("signed in");
    let name = kept.cookie.name().to_owned();
    let pair = format!("{name}={}", kept.cookie.value());
    visitor.forget_cookie(&name);
    pair
}
