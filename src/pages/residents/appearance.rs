//! How a council's own pages look: its colours as a style sheet of a few lines, its logo, and what lets a
//! telephone keep them beside its other programs.

use serde_json::json;

use super::opened;
use crate::domain::catalogue::{Rgb, Theme, colour};
use crate::http::{Answer, Call, Operation, Problem};

/// What pages are made of besides the style sheet everybody has.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        opened("/assets/theme.css", "get_theme", |call| {
            Box::pin(style(call))
        }),
        opened("/assets/logo.svg", "get_logo", |call| Box::pin(logo(call))),
        opened("/manifest.webmanifest", "get_manifest", |call| {
            Box::pin(manifest(call))
        }),
    ]
}

const KEPT: &str = "public, max-age=3600";
const ACCENT: &str = "#005a5b";

async fn style(call: Call) -> Result<Answer, Problem> {
    let council = call.front.desk.council();
    let css = rules(&council.catalogue.council.theme);
    Ok(Answer::bytes(200, "text/css; charset=utf-8", css).with_header("cache-control", KEPT))
}

async fn logo(call: Call) -> Result<Answer, Problem> {
    let council = call.front.desk.council();
    let logo = council.catalogue.council.theme.logo.clone();
    let logo = logo.ok_or_else(Problem::not_found)?;
    Ok(Answer::bytes(200, "image/svg+xml", logo).with_header("cache-control", KEPT))
}

async fn manifest(call: Call) -> Result<Answer, Problem> {
    let council = call.front.desk.council();
    let own = &council.catalogue.council;
    let accent = own.theme.accent.as_deref().unwrap_or(ACCENT);
    let manifest = json!({
        "name": own.name, "short_name": own.name, "lang": "en", "dir": "ltr",
        "id": "/services", "start_url": "/services", "scope": "/", "display": "standalone",
        "background_color": "#ffffff", "theme_color": accent,
        "icons": [{"src": "/favicon.ico", "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
        "shortcuts": [
            {"name": "Follow your report", "url": "/find-my-link"},
            {"name": "Contact us", "url": "/contact-us"},
        ],
    });
    Ok(
        Answer::bytes(200, "application/manifest+json", manifest.to_string())
            .with_header("cache-control", KEPT),
    )
}

/// The colours of a theme in place of those that come along.
fn rules(theme: &Theme) -> String {
    let accent = theme.accent.as_deref().and_then(colour);
    accent.map_or(String::new(), |accent| {
        format!(
            ":root {{ --accent: {}; --accent-dark: {}; }}\n",
            written(accent),
            written(darker(accent))
        )
    })
}

fn written((red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Six tenths as light: under a button, and where a pointer rests on one.
fn darker((red, green, blue): Rgb) -> Rgb {
    let part = |part: u8| part / 5 * 3;
    (part(red), part(green), part(blue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_changes_the_colours_and_can_write_nothing_else() {
        let theme = |accent: &str| Theme {
            accent: Some(accent.to_owned()),
            ..Theme::default()
        };
        assert_eq!(
            rules(&theme("#4c2c92")),
            ":root { --accent: #4c2c92; --accent-dark: #2d1857; }\n"
        );
        assert_eq!(rules(&theme("red; } body { display: none")), "");
        assert_eq!(rules(&Theme::default()), "");
    }
}
