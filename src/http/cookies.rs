//! Cookies of pages: no script reads them, no other site sends them along with a form.

use actix_web::http::header::HeaderMap;

use super::call::Call;
use super::front::Front;

/// One cookie of ours, by what it is for.
#[derive(Debug, Clone, Copy)]
pub struct Cookie {
    /// `track` is `__Host-reeve_track` to browsers.
    pub name: &'static str,
    /// Where it is sent. Over TLS everywhere: that is what the prefix of its name asks for.
    pub path: &'static str,
}

impl Cookie {
    /// The value that sets it. Without seconds it ends with the browser: many use a shared computer.
    #[must_use]
    pub fn set(self, call: &Call, value: &str, seconds: Option<i64>) -> String {
        let (name, path) = (self.full_name(&call.front), self.path);
        let reach = if is_secure(&call.front) {
            "Path=/; Secure".to_owned()
        } else {
            format!("Path={path}")
        };
        let age = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
        format!("{name}={value}; {reach}; HttpOnly; SameSite=Lax{age}")
    }

    /// The same for an answer that is made later, of a value that is known then.
    pub fn setter(
        self,
        call: &Call,
        seconds: Option<i64>,
    ) -> impl Fn(&str) -> String + Send + 'static {
        let pattern = self.set(call, "", seconds);
        let (name, rest) = pattern
            .split_once('=')
            .map_or((pattern.clone(), String::new()), |(name, rest)| {
                (name.to_owned(), rest.to_owned())
            });
        move |value| format!("{name}={value}{rest}")
    }

    /// The value that takes it away.
    #[must_use]
    pub fn clear(self, call: &Call) -> String {
        self.set(call, "", Some(0))
    }

    /// What the browser sent.
    #[must_use]
    pub fn read(self, call: &Call) -> Option<String> {
        self.read_from(&call.front, &call.headers)
    }

    /// The same where there is no call yet, or none any more.
    #[must_use]
    pub fn read_from(self, front: &Front, headers: &HeaderMap) -> Option<String> {
        let name = self.full_name(front);
        headers
            .get_all("cookie")
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value.to_owned())
    }

    /// With the prefix a browser takes it only over TLS, for this host alone.
    fn full_name(self, front: &Front) -> String {
        let prefix = if is_secure(front) { "__Host-" } else { "" };
        format!("{prefix}reeve_{}", self.name)
    }
}

fn is_secure(front: &Front) -> bool {
    front.desk.manners.public_url.starts_with("https://")
}
