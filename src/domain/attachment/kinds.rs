//! What a file is, by its own bytes; and whether that is what it is said to be.

use super::Withheld;
use super::names::extension;

/// One kind of file.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    pub content_type: &'static str,
    /// Endings of names it goes by.
    extensions: &'static [&'static str],
    /// Other types senders call it by.
    aliases: &'static [&'static str],
    family: Family,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Image,
    Media,
    Document,
    /// A zip archive, whatever lies in it.
    Zip,
    Text,
    Other,
}

const fn kind(
    content_type: &'static str,
    family: Family,
    extensions: &'static [&'static str],
    aliases: &'static [&'static str],
) -> Kind {
    Kind {
        content_type,
        extensions,
        aliases,
        family,
    }
}

pub(super) static JPEG: Kind = kind(
    "image/jpeg",
    Family::Image,
    &["jpg", "jpeg", "jpe", "jfif"],
    &["image/jpg", "image/pjpeg"],
);
pub(super) static PNG: Kind = kind("image/png", Family::Image, &["png"], &["image/x-png"]);
static GIF: Kind = kind("image/gif", Family::Image, &["gif"], &[]);
pub(super) static WEBP: Kind = kind("image/webp", Family::Image, &["webp"], &[]);
pub(super) static HEIC: Kind = kind(
    "image/heic",
    Family::Image,
    &["heic", "heif", "hif"],
    &["image/heif", "image/heic-sequence", "image/heif-sequence"],
);
pub(super) static TIFF: Kind = kind("image/tiff", Family::Image, &["tif", "tiff"], &[]);
static PDF: Kind = kind(
    "application/pdf",
    Family::Document,
    &["pdf"],
    &["application/x-pdf"],
);
/// Plain text, and formats that are no more than that to whoever opens them.
static TEXT: Kind = kind(
    "text/plain",
    Family::Text,
    &["txt", "text", "log", "csv", "md", "eml", "ics", "vcf"],
    &[
        "text/csv",
        "text/markdown",
        "text/calendar",
        "text/vcard",
        "text/x-vcard",
        "message/rfc822",
    ],
);
static DOCX: Kind = kind(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Family::Zip,
    &["docx"],
    &[],
);
static XLSX: Kind = kind(
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Family::Zip,
    &["xlsx"],
    &[],
);
static PPTX: Kind = kind(
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    Family::Zip,
    &["pptx"],
    &[],
);
/// An Office document with macros, whatever it is called.
static MACROS: Kind = kind(
    "application/vnd.ms-office.macro-enabled",
    Family::Zip,
    &["docm", "xlsm", "pptm", "dotm", "xltm"],
    &[],
);
static ODT: Kind = kind(
    "application/vnd.oasis.opendocument.text",
    Family::Zip,
    &["odt"],
    &[],
);
static ODS: Kind = kind(
    "application/vnd.oasis.opendocument.spreadsheet",
    Family::Zip,
    &["ods"],
    &[],
);
static OLE: Kind = kind(
    "application/x-ole-storage",
    Family::Document,
    &["doc", "xls", "ppt", "msg"],
    &[
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.ms-outlook",
    ],
);
static RTF: Kind = kind(
    "application/rtf",
    Family::Document,
    &["rtf", "doc"],
    &["text/rtf", "application/msword"],
);
static MP4: Kind = kind(
    "video/mp4",
    Family::Media,
    &["mp4", "m4v", "3gp"],
    &["video/x-m4v", "video/3gpp"],
);
static QUICKTIME: Kind = kind("video/quicktime", Family::Media, &["mov", "qt"], &[]);
static M4A: Kind = kind(
    "audio/mp4",
    Family::Media,
    &["m4a"],
    &["audio/x-m4a", "audio/m4a"],
);
static MP3: Kind = kind("audio/mpeg", Family::Media, &["mp3"], &["audio/mp3"]);
static WAV: Kind = kind(
    "audio/wav",
    Family::Media,
    &["wav"],
    &["audio/x-wav", "audio/wave", "audio/vnd.wave"],
);
static HTML: Kind = kind(
    "text/html",
    Family::Text,
    &["html", "htm", "xhtml"],
    &["application/xhtml+xml"],
);
static SVG: Kind = kind("image/svg+xml", Family::Text, &["svg"], &[]);
static XML: Kind = kind("application/xml", Family::Text, &["xml"], &["text/xml"]);
static SCRIPT: Kind = kind(
    "text/x-script",
    Family::Text,
    &["sh", "py", "pl", "php", "js", "bat", "cmd", "ps1", "vbs"],
    &["application/x-sh", "text/javascript", "application/x-php"],
);
static PROGRAM: Kind = kind(
    "application/x-executable",
    Family::Other,
    &["exe", "dll", "com", "scr", "elf", "so", "bin"],
    &["application/x-msdownload", "application/x-msdos-program"],
);
static ZIP: Kind = kind(
    "application/zip",
    Family::Zip,
    &["zip", "jar", "apk"],
    &["application/x-zip-compressed", "application/java-archive"],
);
static ARCHIVE: Kind = kind(
    "application/x-archive",
    Family::Other,
    &["gz", "tgz", "rar", "7z", "bz2", "xz", "cab", "tar"],
    &[
        "application/gzip",
        "application/vnd.rar",
        "application/x-7z-compressed",
        "application/x-tar",
    ],
);
static UNKNOWN: Kind = kind("application/octet-stream", Family::Other, &[], &[]);

/// Every kind that is told from the others.
static ALL: [&Kind; 28] = [
    &JPEG, &PNG, &GIF, &WEBP, &HEIC, &TIFF, &PDF, &TEXT, &DOCX, &XLSX, &PPTX, &MACROS, &ODT, &ODS,
    &OLE, &RTF, &MP4, &QUICKTIME, &M4A, &MP3, &WAV, &HTML, &SVG, &XML, &SCRIPT, &PROGRAM, &ZIP,
    &ARCHIVE,
];

/// Bytes at the beginning that are looked at.
const HEAD: usize = 4 * 1024;
/// Bytes at the end: as far back as the end of a zip archive may lie.
const TAIL: usize = 66 * 1024;

/// What is seen of a file while its bytes go by: how it begins and ends, how long it is, and whether it
/// is all text. Never more of it than that.
#[derive(Debug, Clone, Default)]
pub struct Look {
    head: Vec<u8>,
    tail: Vec<u8>,
    size: u64,
    has_binary: bool,
}

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("The file is empty.")]
    Empty,
    #[error("This file is {found} by its contents, which is not taken. Taken are: {}.", taken.join(", "))]
    NotTaken {
        found: &'static str,
        taken: Vec<String>,
    },
    #[error(
        "The name ends in `.{extension}`, but by its contents the file is {found}. Give it its right name."
    )]
    NameSaysOther {
        extension: String,
        found: &'static str,
    },
    #[error(
        "It was sent as {claimed}, but by its contents the file is {found}. Send it as what it is."
    )]
    ClaimSaysOther {
        claimed: String,
        found: &'static str,
    },
    #[error("The file reads as {found} and as {also} at once. Save it anew and send that.")]
    TwoTypes {
        found: &'static str,
        also: &'static str,
    },
}

impl Unfit {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_file",
            Self::NotTaken { .. } => "type_not_taken",
            Self::NameSaysOther { .. } | Self::ClaimSaysOther { .. } => "type_mismatch",
            Self::TwoTypes { .. } => "two_types",
        }
    }

    /// The same, of a file that came anyway.
    #[must_use]
    pub const fn withheld(&self) -> Withheld {
        match self {
            Self::Empty | Self::NotTaken { .. } => Withheld::TypeNotTaken,
            Self::NameSaysOther { .. } | Self::ClaimSaysOther { .. } => Withheld::TypeMismatch,
            Self::TwoTypes { .. } => Withheld::TwoTypes,
        }
    }
}

impl Look {
    /// The next bytes of the file.
    pub fn add(&mut self, bytes: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len());
        self.head
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        let last = bytes
            .get(bytes.len().saturating_sub(TAIL)..)
            .unwrap_or(bytes);
        let over = (self.tail.len() + last.len()).saturating_sub(TAIL);
        self.tail.drain(..over.min(self.tail.len()));
        self.tail.extend_from_slice(last);
        self.size = self
            .size
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.has_binary |= bytes.iter().any(|byte| is_binary(*byte));
    }

    /// Bytes so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// What the file is.
    #[must_use]
    pub fn kind(&self) -> &'static Kind {
        let head = self.head.as_slice();
        let begins = |with: &[u8]| head.starts_with(with);
        let at = |place: usize, with: &[u8]| {
            head.get(place..).is_some_and(|rest| rest.starts_with(with))
        };
        if begins(b"\xff\xd8\xff") {
            &JPEG
        } else if begins(b"\x89PNG\r\n\x1a\n") {
            &PNG
        } else if begins(b"GIF87a") || begins(b"GIF89a") {
            &GIF
        } else if begins(b"RIFF") && at(8, b"WEBP") {
            &WEBP
        } else if begins(b"RIFF") && at(8, b"WAVE") {
            &WAV
        } else if begins(b"II*\0") || begins(b"MM\0*") {
            &TIFF
        } else if at(4, b"ftyp") {
            by_brand(head.get(8..12).unwrap_or_default())
        } else if begins(b"%PDF-") {
            &PDF
        } else if begins(b"PK\x03\x04") {
            self.kind_of_zip()
        } else if begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            &OLE
        } else if begins(b"{\\rtf") {
            &RTF
        } else if begins(b"ID3") || begins(b"\xff\xfb") || begins(b"\xff\xf3") {
            &MP3
        } else if is_program(head) {
            &PROGRAM
        } else if is_archive(head) {
            &ARCHIVE
        } else if !self.has_binary && self.size > 0 {
            kind_of_text(head)
        } else {
            &UNKNOWN
        }
    }

    /// What else it could be read as, by programs that look elsewhere than at its beginning.
    fn second_kind(&self, kind: &Kind) -> Option<&'static Kind> {
        let pdf_within = self.head.get(..1024).unwrap_or(&self.head);
        if *kind != PDF && contains(pdf_within, b"%PDF-") {
            return Some(&PDF);
        }
        if kind.family != Family::Zip && ends_as_zip(&self.tail) {
            return Some(&ZIP);
        }
        if kind.family != Family::Zip
            && [b"Rar!\x1a\x07".as_slice(), b"7z\xbc\xaf\x27\x1c"]
                .iter()
                .any(|mark| contains(&self.tail, mark))
        {
            return Some(&ARCHIVE);
        }
        let is_picture = matches!(kind.family, Family::Image | Family::Media);
        (is_picture && (holds_markup(&self.head) || holds_markup(&self.tail))).then_some(&HTML)
    }

    /// The first entry of an archive says what it is for; the list at its end, what lies in it.
    fn kind_of_zip(&self) -> &'static Kind {
        let listed = |name: &[u8]| contains(&self.tail, name) || contains(&self.head, name);
        let first = first_entry(&self.head);
        if first.starts_with(b"mimetype") {
            let said = self.head.get(30 + 8..).unwrap_or_default();
            return [&ODT, &ODS]
                .into_iter()
                .find(|kind| {
                    let name = kind.content_type.as_bytes();
                    // A template's type begins alike and goes on.
                    said.starts_with(name) && said.get(name.len()).is_none_or(|next| *next != b'-')
                })
                .unwrap_or(&ZIP);
        }
        let is_office = [b"[Content_Types].xml".as_slice(), b"_rels/", b"docProps/"]
            .iter()
            .any(|name| first.starts_with(name));
        if !is_office || !listed(b"[Content_Types].xml") {
            &ZIP
        } else if listed(b"vbaProject") {
            &MACROS
        } else if listed(b"word/document") {
            &DOCX
        } else if listed(b"xl/workbook") {
            &XLSX
        } else if listed(b"ppt/presentation") {
            &PPTX
        } else {
            &ZIP
        }
    }
}

impl Kind {
    /// Whether this type is one that files are told by.
    #[must_use]
    pub fn is_known(content_type: &str) -> bool {
        ALL.iter().any(|kind| kind.content_type == content_type)
    }
}

/// What a file is, when it is what it is said to be and is among the types that are taken.
///
/// # Errors
/// [`Unfit`], in words that say what to do.
pub fn judge(
    look: &Look,
    name: &str,
    claimed: Option<&str>,
    taken: &[String],
) -> Result<&'static Kind, Unfit> {
    if look.size == 0 {
        return Err(Unfit::Empty);
    }
    let kind = look.kind();
    let found = kind.content_type;
    if !taken.iter().any(|one| one == found) {
        return Err(Unfit::NotTaken {
            found,
            taken: taken.to_vec(),
        });
    }
    if let Some(extension) = extension(name)
        && !kind.extensions.contains(&extension.as_str())
        && is_ending(&extension)
    {
        return Err(Unfit::NameSaysOther { extension, found });
    }
    let claimed = claimed
        .and_then(|text| text.split(';').next())
        .map(|text| text.trim().to_ascii_lowercase())
        .filter(|text| !text.is_empty() && text != "application/octet-stream");
    if let Some(claimed) = claimed
        && claimed != found
        && !kind.aliases.contains(&claimed.as_str())
    {
        return Err(Unfit::ClaimSaysOther { claimed, found });
    }
    match look.second_kind(kind) {
        Some(also) => Err(Unfit::TwoTypes {
            found,
            also: also.content_type,
        }),
        None => Ok(kind),
    }
}

/// "Mill Lane no. 4" ends in no ending.
fn is_ending(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

fn by_brand(brand: &[u8]) -> &'static Kind {
    match brand {
        b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1" => &HEIC,
        b"qt  " => &QUICKTIME,
        b"M4A " | b"M4B " => &M4A,
        b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V "
        | b"MSNV" | b"dash" | b"3gp4" | b"3gp5" | b"3gp6" => &MP4,
        _ => &UNKNOWN,
    }
}

fn is_program(head: &[u8]) -> bool {
    [
        b"MZ".as_slice(),
        b"\x7fELF",
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"\0asm",
        b"L\0\0\0\x01\x14\x02\0",
    ]
    .iter()
    .any(|mark| head.starts_with(mark))
}

fn is_archive(head: &[u8]) -> bool {
    [
        b"\x1f\x8b".as_slice(),
        b"Rar!\x1a\x07",
        b"7z\xbc\xaf\x27\x1c",
        b"BZh",
        b"\xfd7zXZ\0",
        b"MSCF",
    ]
    .iter()
    .any(|mark| head.starts_with(mark))
        || head
            .get(257..)
            .is_some_and(|rest| rest.starts_with(b"ustar"))
}

/// Text is what a browser would make of it: a page, a drawing, a script, or nothing but words.
fn kind_of_text(head: &[u8]) -> &'static Kind {
    let text = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start()
        .to_ascii_lowercase();
    if text.starts_with(b"#!") || text.starts_with(b"<?php") || text.starts_with(b"@echo off") {
        return &SCRIPT;
    }
    if contains(&text, b"<svg") {
        return &SVG;
    }
    if holds_markup(&text) || text.starts_with(b"<!--") {
        return &HTML;
    }
    if text.starts_with(b"<?xml") {
        return &XML;
    }
    let is_tag = text.first() == Some(&b'<') && text.get(1).is_some_and(u8::is_ascii_alphabetic);
    if is_tag { &HTML } else { &TEXT }
}

/// Marks of a page or a script, wherever they stand.
fn holds_markup(bytes: &[u8]) -> bool {
    let bytes = bytes.to_ascii_lowercase();
    [
        b"<script".as_slice(),
        b"<html",
        b"<!doctype html",
        b"<svg ",
        b"<svg>",
        b"<iframe",
        b"<?php",
        b"<body",
    ]
    .iter()
    .any(|mark| contains(&bytes, mark))
}

/// An archive ends in a record that says how much follows it.
fn ends_as_zip(tail: &[u8]) -> bool {
    tail.windows(22).enumerate().any(|(place, record)| {
        let Some((record, _)) = record.split_first_chunk::<22>() else {
            return false;
        };
        let [b'P', b'K', 5, 6, .., low, high] = *record else {
            return false;
        };
        place + 22 + usize::from(u16::from_le_bytes([low, high])) == tail.len()
    })
}

/// The name of an archive's first entry.
fn first_entry(head: &[u8]) -> &[u8] {
    let length = match head.get(26..28) {
        Some([low, high]) => usize::from(u16::from_le_bytes([*low, *high])),
        _ => 0,
    };
    head.get(30..30 + length).unwrap_or_default()
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

/// What stands in no text of any encoding that extends ASCII.
const fn is_binary(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(bytes: &[u8]) -> Look {
        let mut look = Look::default();
        // However it is cut on its way.
        for chunk in bytes.chunks(7) {
            look.add(chunk);
        }
        look
    }

    fn taken() -> Vec<String> {
        [
            "image/jpeg",
            "image/png",
            "image/gif",
            "application/pdf",
            "text/plain",
            DOCX.content_type,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn said(bytes: &[u8], name: &str, claimed: &str) -> Result<&'static str, &'static str> {
        judge(&look(bytes), name, Some(claimed), &taken())
            .map(|kind| kind.content_type)
            .map_err(|unfit| unfit.code())
    }

    const A_JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9";

    fn zip_entry(name: &str, content: &[u8]) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend([0; 4]);
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        bytes.extend(length);
        bytes.extend(length);
        bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(name.as_bytes());
        bytes.extend(content);
        bytes
    }

    fn end_of_zip(comment: &[u8]) -> Vec<u8> {
        let mut bytes = b"PK\x05\x06".to_vec();
        bytes.extend([0; 16]);
        bytes.extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
        bytes.extend(comment);
        bytes
    }

    #[test]
    fn what_is_what_it_says_is_taken() {
        assert_eq!(said(A_JPEG, "bin.JPG", "image/jpeg"), Ok("image/jpeg"));
        assert_eq!(
            said(A_JPEG, "bin", "application/octet-stream"),
            Ok("image/jpeg")
        );
        assert_eq!(
            said(A_JPEG, "bin.jpeg", "image/pjpeg; q=1"),
            Ok("image/jpeg")
        );
        assert_eq!(said(b"%PDF-1.7\n", "a.pdf", ""), Ok("application/pdf"));
        assert_eq!(
            said("Annwyl gyngor â".as_bytes(), "llythyr.txt", "text/plain"),
            Ok("text/plain")
        );
        assert_eq!(said(b"Latin \xe9", "a.txt", "text/plain"), Ok("text/plain"));
        assert_eq!(
            said(A_JPEG, "Mill Lane no. 4", "image/jpeg"),
            Ok("image/jpeg")
        );
        let mut docx = zip_entry("[Content_Types].xml", b"x");
        docx.extend(zip_entry("word/document.xml", b"y"));
        docx.extend(end_of_zip(b""));
        assert_eq!(said(&docx, "letter.docx", ""), Ok(DOCX.content_type));
    }

    #[test]
    fn a_picture_that_is_a_page_is_refused_whatever_it_is_called() {
        for bytes in [
            b"<html><script>alert(1)</script></html>".as_slice(),
            b"\xef\xbb\xbf  <!DOCTYPE html><p>",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"<?xml version='1.0'?>\n<svg/>",
            b"<a onclick=x>",
            b"<!-- x --><img>",
            b"#!/bin/sh\nrm -rf /",
            b"<?php system($_GET[0]);",
            b"MZ\x90\0\x03\0\0\0",
            b"\x7fELF\x02\x01\x01\0",
            b"PK\x03\x04nothing known",
            b"\x1f\x8b\x08\0\0\0\0\0",
            b"\0\x01\x02\x03 no kind at all",
        ] {
            for (name, claimed) in [
                ("bin.jpg", "image/jpeg"),
                ("bin", ""),
                ("bin.html", "text/html"),
            ] {
                assert_eq!(
                    said(bytes, name, claimed),
                    Err("type_not_taken"),
                    "{name} {bytes:?}"
                );
            }
        }
    }

    #[test]
    fn a_name_or_a_claim_that_says_otherwise_is_refused() {
        assert_eq!(said(A_JPEG, "bin.png", "image/jpeg"), Err("type_mismatch"));
        assert_eq!(said(A_JPEG, "bin.jpg.exe", ""), Err("type_mismatch"));
        assert_eq!(said(A_JPEG, "bin.jpg", "image/png"), Err("type_mismatch"));
        assert_eq!(said(A_JPEG, "bin.jpg", "text/html"), Err("type_mismatch"));
        assert_eq!(
            said(b"words", "run.bat", "text/plain"),
            Err("type_mismatch")
        );
        assert_eq!(said(b"", "bin.jpg", "image/jpeg"), Err("empty_file"));
    }

    #[test]
    fn what_reads_as_two_things_is_refused() {
        let with = |more: &[u8]| [A_JPEG, more].concat();
        let check = |bytes: &[u8], what: &str| {
            assert_eq!(
                said(bytes, "bin.jpg", "image/jpeg"),
                Err("two_types"),
                "{what}"
            );
        };
        check(&with(&end_of_zip(b"")), "a zip behind a picture");
        check(&with(&end_of_zip(b"with a comment")), "with a comment");
        check(
            &with(b"<script>alert(1)</script>"),
            "a page behind a picture",
        );
        check(&with(b"%PDF-1.4"), "a document within the first bytes");
        check(&with(b"Rar!\x1a\x07\0"), "another archive");
        check(
            b"\xff\xd8\xff\xfe\0\x20<svg onload=alert(1)>",
            "markup in a comment",
        );
        let far = [A_JPEG, &vec![7; 3 * TAIL], &end_of_zip(b"far")].concat();
        check(&far, "however far behind");
        assert_eq!(
            said(b"GIF89a/*<script>*/", "a.gif", "image/gif"),
            Err("two_types")
        );
        // The letters alone, with no record that ends where the file does.
        assert_eq!(
            said(&with(b"PK\x05\x06 and so on, for long"), "bin.jpg", ""),
            Ok("image/jpeg")
        );
    }

    #[test]
    fn a_document_with_macros_is_no_document() {
        let mut bytes = zip_entry("[Content_Types].xml", b"x");
        bytes.extend(zip_entry("word/document.xml", b"y"));
        bytes.extend(zip_entry("word/vbaProject.bin", b"z"));
        bytes.extend(end_of_zip(b""));
        assert_eq!(said(&bytes, "letter.docx", ""), Err("type_not_taken"));
        assert_eq!(look(&bytes).kind().content_type, MACROS.content_type);
    }

    #[test]
    fn of_a_large_file_little_is_remembered() {
        let mut look = Look::default();
        for _ in 0..300 {
            look.add(&[7; 64 * 1024]);
        }
        assert_eq!(look.size(), 300 * 64 * 1024);
        assert!(look.head.len() <= HEAD && look.tail.len() <= TAIL);
    }

    #[test]
    fn every_kind_can_be_named_in_the_settings() {
        for kind in ALL {
            assert!(Kind::is_known(kind.content_type));
        }
        assert!(!Kind::is_known("image/gif2"));
    }
}
