//! The parts of a message: one pass over its lines, with everything nested kept on a stack of
//! its own, so that neither depth nor number of parts can exhaust anything.
//!
//! `mail-parser` splits messages too, but follows attached messages as deep as a stranger cares
//! to nest them and frees them by recursion; so its field readers and charsets are used, and the
//! splitting is here.

use std::collections::HashMap;

use super::fields::{Fields, is_field, lines};
use super::media::Media;

/// Parts within parts; beyond it a part is a file whose inside nobody looks at.
const DEEPEST: usize = 100;
const MOST_PARTS: usize = 2_000;
/// Beyond this many fields a block is no letter head any more; the rest is passed over.
const MOST_TOP_FIELDS: usize = 2_000;
const MOST_PART_FIELDS: usize = 200;

/// A message taken apart.
#[derive(Debug, Default)]
pub(super) struct Mime<'x> {
    pub(super) top: Fields<'x>,
    /// Its own `Content-Type`.
    pub(super) media: Media,
    /// Everything that is not itself a container, in order.
    pub(super) leaves: Vec<Leaf<'x>>,
    pub(super) defects: Vec<&'static str>,
}

/// One part that holds something.
#[derive(Debug)]
pub(super) struct Leaf<'x> {
    pub(super) fields: Fields<'x>,
    pub(super) media: Media,
    /// Still in its transfer encoding.
    pub(super) raw: &'x [u8],
    /// Which set of alternatives it is one of.
    pub(super) alternative: Option<usize>,
    pub(super) is_related: bool,
    /// Part of a `multipart/report`.
    pub(super) is_report: bool,
    /// The attached message (as its place among the leaves) that this part belongs to.
    pub(super) message: Option<usize>,
    /// For an attached message: its own fields.
    pub(super) inner: Option<Fields<'x>>,
}

impl Leaf<'_> {
    pub(super) fn encoding(&self) -> String {
        self.fields
            .plain("content-transfer-encoding")
            .unwrap_or_default()
    }
}

/// Takes a message apart.
pub(super) fn take_apart(raw: &[u8]) -> Mime<'_> {
    // Programs that write mails as they write files put their mark in front.
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let mut walk = Walk {
        raw,
        ..Walk::default()
    };
    let mut previous_end = 0;
    let mut upcoming = lines(raw).peekable();
    while let Some(line) = upcoming.next() {
        if walk.mime.leaves.len() >= MOST_PARTS {
            walk.notice("more parts than anybody reads");
            break;
        }
        if !walk.frames.is_empty()
            && let Some((depth, is_close)) = walk.boundary(line.text)
        {
            walk.finish(previous_end);
            walk.close_down_to(depth, previous_end);
            if is_close {
                walk.close_down_to(depth.saturating_sub(1), previous_end);
                walk.now = Now::Between;
            } else {
                if let Some(Frame::Multipart { n_parts, .. }) = walk.frames.last_mut() {
                    *n_parts += 1;
                }
                walk.now = Now::Header {
                    start: line.next,
                    n_fields: 0,
                    message: None,
                };
            }
            previous_end = line.next;
            continue;
        }
        let content_end = line.at + line.text.len();
        if let Now::Header {
            start,
            n_fields,
            message,
        } = walk.now
        {
            let is_folded = line
                .text
                .first()
                .is_some_and(|byte| matches!(byte, b' ' | b'\t'));
            if line.text.trim_ascii().is_empty() {
                // Blank lines before the first field are noise of the transport.
                if n_fields > 0 || (!walk.frames.is_empty() && message.is_none()) {
                    walk.end_header(start, line.at, line.next);
                }
            } else if n_fields > 0 && is_folded {
                // The field above goes on.
            } else if is_field(line.text) && !is_mbox_line(line.text) {
                let start = if n_fields == 0 { line.at } else { start };
                walk.now = Now::Header {
                    start,
                    n_fields: n_fields + 1,
                    message,
                };
            } else if n_fields == 0 && is_mbox_line(line.text) {
                walk.now = Now::Header {
                    start: line.next,
                    n_fields,
                    message,
                };
            } else if n_fields > 0 && upcoming.peek().is_some_and(|next| is_field(next.text)) {
                walk.notice("a header line was broken in two");
            } else {
                if n_fields > 0 {
                    walk.notice("no blank line between header and text");
                }
                walk.end_header(start, line.at, line.at);
            }
        }
        previous_end = content_end;
    }
    walk.finish(raw.len());
    walk.close_down_to(0, raw.len());
    walk.mime
}

#[derive(Default)]
struct Walk<'x> {
    raw: &'x [u8],
    mime: Mime<'x>,
    frames: Vec<Frame<'x>>,
    /// Which open frames have this boundary, innermost last.
    boundaries: HashMap<Vec<u8>, Vec<usize>>,
    now: Now,
    n_alternatives: usize,
}

/// A container that is open.
enum Frame<'x> {
    Multipart {
        boundary: Vec<u8>,
        kind: Kind,
        n_parts: usize,
        start: usize,
        fields: Fields<'x>,
    },
    /// The leaf that stands for the attached message, and where the message starts.
    Message { leaf: usize, start: usize },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Mixed,
    Alternative(usize),
    Related,
    Report,
    Digest,
}

/// What the current line is part of.
#[derive(Clone, Copy)]
enum Now {
    Header {
        start: usize,
        n_fields: usize,
        /// Set while the header of an attached message is read.
        message: Option<usize>,
    },
    /// The content of this leaf.
    Body { leaf: usize, start: usize },
    /// Before the first part, or after the last.
    Between,
}

impl Default for Now {
    fn default() -> Self {
        Self::Header {
            start: 0,
            n_fields: 0,
            message: None,
        }
    }
}

impl<'x> Walk<'x> {
    fn notice(&mut self, defect: &'static str) {
        if !self.mime.defects.contains(&defect) {
            self.mime.defects.push(defect);
        }
    }

    /// Which open multipart a line is the boundary of (its place from 1), and whether it closes it.
    fn boundary(&self, line: &[u8]) -> Option<(usize, bool)> {
        let line = line.strip_prefix(b"--")?.trim_ascii_end();
        let innermost = |name: &[u8]| {
            self.boundaries
                .get(name)
                .and_then(|depths| depths.last().copied())
        };
        innermost(line)
            .map(|depth| (depth, false))
            .or_else(|| innermost(line.strip_suffix(b"--")?).map(|depth| (depth, true)))
    }

    /// Ends whatever the lines so far were part of.
    fn finish(&mut self, end: usize) {
        match self.now {
            Now::Header {
                start,
                n_fields,
                message,
            } => {
                if n_fields > 0 || (message.is_none() && !self.frames.is_empty()) {
                    self.end_header(start, end, end);
                    self.finish_body(end);
                }
            }
            Now::Body { .. } => self.finish_body(end),
            Now::Between => {}
        }
        self.now = Now::Between;
    }

    fn finish_body(&mut self, end: usize) {
        if let Now::Body { leaf, start, .. } = self.now
            && let Some(leaf) = self.mime.leaves.get_mut(leaf)
        {
            leaf.raw = self.raw.get(start..end.max(start)).unwrap_or_default();
        }
    }

    /// Closes the containers deeper than `depth`.
    fn close_down_to(&mut self, depth: usize, end: usize) {
        while self.frames.len() > depth {
            match self.frames.pop() {
                Some(Frame::Multipart {
                    boundary,
                    n_parts,
                    start,
                    fields,
                    ..
                }) => {
                    if let Some(depths) = self.boundaries.get_mut(&boundary) {
                        depths.pop();
                    }
                    if n_parts == 0 {
                        // The boundary it announced never came: what stands there is its text.
                        self.notice("a multipart without parts");
                        let raw = self.raw.get(start..end.max(start)).unwrap_or_default();
                        let leaf = self.leaf(fields, Media::default().renamed("text/plain"), raw);
                        self.mime.leaves.push(leaf);
                    }
                }
                Some(Frame::Message { leaf, start }) => {
                    if let Some(leaf) = self.mime.leaves.get_mut(leaf) {
                        leaf.raw = self.raw.get(start..end.max(start)).unwrap_or_default();
                    }
                }
                None => {}
            }
        }
    }

    /// The fields of a part are complete: decide what the lines below are.
    fn end_header(&mut self, start: usize, end: usize, body: usize) {
        let is_top = self.frames.is_empty();
        let most = if is_top {
            MOST_TOP_FIELDS
        } else {
            MOST_PART_FIELDS
        };
        let fields = Fields::read(self.raw.get(start..end).unwrap_or_default(), most);
        let fallback = match self.frames.last() {
            Some(Frame::Multipart {
                kind: Kind::Digest, ..
            }) => "message/rfc822",
            _ => "text/plain",
        };
        let mut media = fields.media("content-type").unwrap_or_default();
        media = match media.name.split_once('/') {
            Some((family, kind)) if !family.is_empty() && !kind.is_empty() => media,
            Some(("image" | "audio" | "video" | "application", _)) => {
                media.renamed("application/octet-stream")
            }
            // "Content-Type: text" and worse.
            _ => media.renamed(fallback),
        };
        if fields.is_cut {
            self.notice("more header fields than anybody reads");
        }
        if is_top {
            self.mime.top = fields.clone();
            self.mime.media = media.clone();
        }
        if let Now::Header {
            message: Some(leaf),
            ..
        } = self.now
            && let Some(leaf) = self.mime.leaves.get_mut(leaf)
        {
            leaf.inner = Some(fields.clone());
        }
        let is_full = self.frames.len() >= DEEPEST;
        if is_full {
            self.notice("parts nested deeper than anybody reads");
        }
        if media.is_of("multipart") && !is_full {
            match media.param("boundary") {
                Some(boundary) if !boundary.is_empty() => {
                    let boundary = boundary.trim_end().as_bytes().to_vec();
                    let kind = self.kind(&media);
                    self.frames.push(Frame::Multipart {
                        boundary: boundary.clone(),
                        kind,
                        n_parts: 0,
                        start: body,
                        fields,
                    });
                    self.boundaries
                        .entry(boundary)
                        .or_default()
                        .push(self.frames.len());
                    self.now = Now::Between;
                    return;
                }
                _ => {
                    self.notice("a multipart without a boundary");
                    media = media.renamed("text/plain");
                }
            }
        }
        let place = self.mime.leaves.len();
        let is_message = matches!(media.name.as_str(), "message/rfc822" | "message/global");
        let leaf = self.leaf(fields, media, self.raw.get(body..).unwrap_or_default());
        let is_encoded = matches!(
            leaf.encoding().to_ascii_lowercase().as_str(),
            "base64" | "quoted-printable"
        );
        self.mime.leaves.push(leaf);
        if is_message && !is_encoded && !is_full {
            self.frames.push(Frame::Message {
                leaf: place,
                start: body,
            });
            self.now = Now::Header {
                start: body,
                n_fields: 0,
                message: Some(place),
            };
        } else {
            self.now = Now::Body {
                leaf: place,
                start: body,
            };
        }
    }

    fn kind(&mut self, media: &Media) -> Kind {
        match media.name.as_str() {
            "multipart/alternative" => {
                self.n_alternatives += 1;
                Kind::Alternative(self.n_alternatives)
            }
            "multipart/related" => Kind::Related,
            "multipart/report" => Kind::Report,
            "multipart/digest" => Kind::Digest,
            _ => Kind::Mixed,
        }
    }

    fn leaf(&self, fields: Fields<'x>, media: Media, raw: &'x [u8]) -> Leaf<'x> {
        let mut leaf = Leaf {
            fields,
            media,
            raw,
            alternative: None,
            is_related: false,
            is_report: false,
            message: None,
            inner: None,
        };
        for frame in self.frames.iter().rev() {
            match frame {
                Frame::Message { leaf: place, .. } => {
                    leaf.message = Some(*place);
                    break;
                }
                Frame::Multipart {
                    kind: Kind::Alternative(number),
                    ..
                } => {
                    leaf.alternative = leaf.alternative.or(Some(*number));
                }
                Frame::Multipart {
                    kind: Kind::Related,
                    ..
                } => leaf.is_related = true,
                Frame::Multipart {
                    kind: Kind::Report, ..
                } => leaf.is_report = true,
                Frame::Multipart { .. } => {}
            }
        }
        leaf
    }
}

/// The separator of mailbox files, which some gateways leave in front of a message.
fn is_mbox_line(line: &[u8]) -> bool {
    line.starts_with(b"From ") || line.starts_with(b">From ")
}
