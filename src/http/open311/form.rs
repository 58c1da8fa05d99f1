//! The fields of a form, urlencoded or in parts.

use actix_web::web::Bytes;
use multer::{Constraints, Multipart, SizeLimit};

use crate::channels::open311::form::{File, Form};
use crate::domain::attachment::file_name;
use crate::http::{Call, Problem};

/// What was sent: the form, and the files it lists, in its order.
#[derive(Debug, Default)]
pub struct Posted {
    pub form: Form,
    pub files: Vec<PostedFile>,
}

/// A file as it was sent.
#[derive(Debug)]
pub struct PostedFile {
    /// The field it stood in: `photo1`.
    pub field: String,
    /// Made safe.
    pub name: String,
    /// The type its sender gave it.
    pub claimed: Option<String>,
    pub bytes: Bytes,
}

/// More fields than any form has.
const MOST_FIELDS: usize = 1_000;

/// Reads what was sent.
///
/// # Errors
/// 400 when it is not what its content type says, or not UTF-8.
pub async fn read(call: &Call) -> Result<Posted, Problem> {
    let content_type = call.header("content-type").unwrap_or_default();
    let is_in_parts = content_type
        .split(';')
        .next()
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(super::IN_PARTS));
    let posted = if is_in_parts {
        in_parts(content_type, &call.body).await?
    } else {
        let form = Form {
            pairs: call.form()?,
            files: Vec::new(),
        };
        Posted {
            form,
            files: Vec::new(),
        }
    };
    let form = &posted.form;
    if form.pairs.len() + form.files.len() > MOST_FIELDS {
        return Err(Problem::unreadable(
            "malformed_form",
            format!("At most {MOST_FIELDS} fields."),
        ));
    }
    Ok(posted)
}

async fn in_parts(content_type: &str, body: &[u8]) -> Result<Posted, Problem> {
    let unreadable = |why: multer::Error| {
        Problem::unreadable(
            "malformed_form",
            format!("The parts of the form cannot be told apart: {why}."),
        )
    };
    let boundary = multer::parse_boundary(content_type).map_err(unreadable)?;
    let whole = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(whole));
    let mut parts = Multipart::with_reader_with_constraints(body, boundary, limits);
    let mut form = Form::default();
    let mut files = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let name = part.name().unwrap_or_default().to_owned();
        let called = part.file_name().map(file_name);
        let kind = part.content_type().map(ToString::to_string);
        let bytes = part.bytes().await.map_err(unreadable)?;
        if let Some(called) = called {
            // A browser sends an empty file where none was chosen.
            if !bytes.is_empty() {
                form.files.push(File {
                    field: name.clone(),
                    content_type: kind.clone().unwrap_or_default(),
                    size: bytes.len(),
                });
                files.push(PostedFile {
                    field: name,
                    name: called,
                    claimed: kind,
                    bytes,
                });
            }
        } else {
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| Problem::unreadable("malformed_form", "The form is not UTF-8."))?;
            form.pairs.push((name, text.to_owned()));
        }
        if form.pairs.len() + form.files.len() > MOST_FIELDS {
            break;
        }
    }
    Ok(Posted { form, files })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=xYzZY";

    #[actix_web::test]
    async fn fields_and_photographs_are_told_apart() {
        let body = "--xYzZY\r\nContent-Disposition: form-data; name=\"attribute[size]\"\r\n\r\nvan\r\n\
                    --xYzZY\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\nLlŷn\r\n--x\r\n\r\n\
                    --xYzZY\r\nContent-Disposition: form-data; name=\"photo1\"; filename=\"a.jpeg\"\r\n\
                    Content-Type: image/jpeg\r\n\r\n\u{1}\u{2}\u{3}\r\n\
                    --xYzZY\r\nContent-Disposition: form-data; name=\"photo2\"; filename=\"\"\r\n\
                    Content-Type: application/octet-stream\r\n\r\n\r\n--xYzZY--\r\n";
        let Posted { form, files } = in_parts(TYPE, body.as_bytes()).await.unwrap();
        let [photograph] = files.as_slice() else {
            panic!("one file: {files:?}")
        };
        assert_eq!(
            (photograph.name.as_str(), &photograph.bytes[..]),
            ("a.jpeg", &[1_u8, 2, 3][..])
        );
        assert_eq!(form.get("attribute[size]"), Some("van"));
        assert_eq!(form.get("description"), Some("Llŷn\r\n--x\r\n"));
        assert_eq!(
            form.files,
            [File {
                field: "photo1".to_owned(),
                content_type: "image/jpeg".to_owned(),
                size: 3,
            }]
        );
    }

    #[actix_web::test]
    async fn what_cannot_be_told_apart_is_refused() {
        for (kind, body) in [
            ("multipart/form-data", "--x--\r\n"),
            (TYPE, "nonsense"),
            (
                TYPE,
                "--xYzZY\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb",
            ),
        ] {
            let refused = in_parts(kind, body.as_bytes()).await.unwrap_err();
            assert_eq!(
                (refused.status, refused.code),
                (400, "malformed_form"),
                "{kind} {body}"
            );
        }
        let latin =
            b"--xYzZY\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xe9\r\n--xYzZY--\r\n";
        assert_eq!(in_parts(TYPE, latin).await.unwrap_err().status, 400);
    }
}
