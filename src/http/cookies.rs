//! Cookies of pages: no script reads them, no other site sends them along with a form.

use super::call::Call;

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
        let (name, path) = (self.full_name(call), self.path);
        let reach = if is_secure(call) {
            "Path=/; Secure".to_owned()
        } else {
            format!("Path={path}")
        };
        let age = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
        format!("{name}={value}; {reach}; HttpOnly; SameSite=Lax{age}")
    }

    /// The value that takes it away.
    #[must_use]
    pub fn clear(self, call: &Call) -> String {
        self.set(call, "", Some(0))
    }

    /// What the browser sent.
    #[must_use]
    pub fn read(self, call: &Call) -> Option<String> {
        let name = self.full_name(call);
        call.headers
            .get_all("cookie")
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value.to_owned())
    }

    /// With the prefix a browser takes it only over TLS, for this host alone.
    fn full_name(self, call: &Call) -> String {
        let prefix = if is_secure(call) { "__Host-" } else { "" };
        format!("{prefix}reeve_{}", self.name)
    }
}

fn is_secure(call: &Call) -> bool {
    call.front.desk.manners.public_url.starts_with("https://")
}
