//! Pictures without what cameras write beside them: where it was taken, when, with what.
//!
//! Only pieces are left out; what is seen is not decoded and stays byte for byte. Whatever stands
//! behind a picture's end goes too. Which way up it is stays, because it would be shown lying otherwise.

use super::kinds::{HEIC, JPEG, PNG, TIFF, WEBP};

/// Whether a picture of this type can be had without its metadata.
#[must_use]
pub fn can_be_stripped(content_type: &str) -> bool {
    [&JPEG, &PNG, &WEBP]
        .iter()
        .any(|kind| kind.content_type == content_type)
}

/// Whether a file of this type may tell where it was made.
#[must_use]
pub fn tells_where(content_type: &str) -> bool {
    can_be_stripped(content_type)
        || [&HEIC, &TIFF]
            .iter()
            .any(|kind| kind.content_type == content_type)
        || content_type.starts_with("video/")
}

/// The picture without its metadata; nothing when it is not in order, or of a type that is not read here.
#[must_use]
pub fn stripped(content_type: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    if content_type == JPEG.content_type {
        jpeg(bytes)
    } else if content_type == PNG.content_type {
        png(bytes)
    } else if content_type == WEBP.content_type {
        webp(bytes)
    } else {
        None
    }
}

const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
const APP15: u8 = 0xef;
const COMMENT: u8 = 0xfe;
/// How an Exif segment begins.
const EXIF: &[u8] = b"Exif\0\0";

fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    let mut out = Vec::with_capacity(bytes.len());
    out.extend([0xff, 0xd8]);
    let mut is_exif_read = false;
    loop {
        let (marker, after) = next_marker(rest)?;
        if marker == END_OF_IMAGE {
            out.extend([0xff, END_OF_IMAGE]);
            return Some(out);
        }
        let length = usize::from(u16::from_be_bytes(*after.first_chunk::<2>()?));
        let segment = after.get(..length).filter(|_| length >= 2)?;
        let content = segment.get(2..)?;
        rest = after.get(length..)?;
        if !is_exif_read && marker == APP1 && content.starts_with(EXIF) {
            is_exif_read = true;
            if let Some(way_up) = orientation(content).filter(|way_up| *way_up > 1) {
                out.extend(only_way_up(way_up));
            }
        }
        if is_seen(marker, content) {
            out.extend([0xff, marker]);
            out.extend(segment);
        }
        if marker == START_OF_SCAN {
            let n = end_of_scan(rest)?;
            out.extend(rest.get(..n)?);
            rest = rest.get(n..)?;
        }
    }
}

/// The next marker, past fill bytes.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes.strip_prefix(&[0xff])?;
    loop {
        let (marker, after) = rest.split_first()?;
        if *marker != 0xff {
            return Some((*marker, after));
        }
        rest = after;
    }
}

/// Whether a segment belongs to what is seen: all but comments and what programs write for themselves.
/// The colour profile and the two that say how colours are coded stay.
fn is_seen(marker: u8, content: &[u8]) -> bool {
    match marker {
        APP0 => content.starts_with(b"JFIF\0"),
        APP2 => content.starts_with(b"ICC_PROFILE\0"),
        APP14 => content.starts_with(b"Adobe"),
        APP1..=APP15 | COMMENT => false,
        _ => true,
    }
}

/// Where the coded picture ends: at the first marker that is neither a stuffed byte nor a restart.
fn end_of_scan(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| {
        matches!(pair, [0xff, marker] if *marker != 0 && *marker != 0xff && !(0xd0..=0xd7).contains(marker))
    })
}

/// Which way up a picture is, by its Exif segment.
fn orientation(content: &[u8]) -> Option<u8> {
    let tiff = content.strip_prefix(EXIF)?;
    let is_little = match tiff.first_chunk::<4>()? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let two = *tiff.get(at..)?.first_chunk::<2>()?;
        Some(if is_little {
            u16::from_le_bytes(two)
        } else {
            u16::from_be_bytes(two)
        })
    };
    let long = |at: usize| {
        let four = *tiff.get(at..)?.first_chunk::<4>()?;
        let value = if is_little {
            u32::from_le_bytes(four)
        } else {
            u32::from_be_bytes(four)
        };
        usize::try_from(value).ok()
    };
    let directory = long(4)?;
    // A directory may claim more entries than the segment holds; each has twelve bytes.
    let n_entries = usize::from(short(directory)?).min(tiff.len() / 12);
    (0..n_entries).find_map(|n| {
        let entry = directory.checked_add(2)?.checked_add(12 * n)?;
        let value = short(entry.checked_add(8)?)?;
        (short(entry)? == 0x0112)
            .then(|| u8::try_from(value).ok())
            .flatten()
            .filter(|value| (1..=8).contains(value))
    })
}

/// An Exif segment that says which way up, and nothing else.
fn only_way_up(way_up: u8) -> Vec<u8> {
    let mut segment = vec![0xff, APP1, 0, 34];
    segment.extend(b"Exif\0\0MM\0*\0\0\0\x08");
    segment.extend([0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, way_up, 0, 0]);
    segment.extend([0, 0, 0, 0]);
    segment
}

/// What a PNG is drawn by; whatever else stands in it is said, not seen.
const PNG_KEPT: &[&[u8; 4]] = &[
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP",
    b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    let mut rest = bytes.strip_prefix(SIGNATURE)?;
    let mut out = Vec::with_capacity(bytes.len());
    out.extend(SIGNATURE);
    loop {
        let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk::<4>()?)).ok()?;
        let name = *rest.get(4..)?.first_chunk::<4>()?;
        let whole = length.checked_add(12)?;
        let chunk = rest.get(..whole)?;
        if PNG_KEPT.contains(&&name) {
            out.extend(chunk);
        }
        if name == *b"IEND" {
            return Some(out);
        }
        rest = rest.get(whole..)?;
    }
}

/// Flags of a WebP header: it has Exif, it has XMP.
const WEBP_TELLS: u8 = 0x08 | 0x04;

fn webp(bytes: &[u8]) -> Option<Vec<u8>> {
    let head = bytes.strip_prefix(b"RIFF")?;
    let size = usize::try_from(u32::from_le_bytes(*head.first_chunk::<4>()?)).ok()?;
    let mut rest = head.get(4..)?.get(..size)?.strip_prefix(b"WEBP")?;
    let mut chunks: Vec<u8> = b"WEBP".to_vec();
    while !rest.is_empty() {
        let name = *rest.first_chunk::<4>()?;
        let length =
            usize::try_from(u32::from_le_bytes(*rest.get(4..)?.first_chunk::<4>()?)).ok()?;
        // A chunk of odd length has a byte behind it that is not counted.
        let whole = length.checked_add(8)?.checked_add(length % 2)?;
        let chunk = rest.get(..whole)?;
        rest = rest.get(whole..)?;
        match &name {
            b"VP8X" => {
                let mut chunk = chunk.to_vec();
                if let Some(flags) = chunk.get_mut(8) {
                    *flags &= !WEBP_TELLS;
                }
                chunks.extend(chunk);
            }
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" | b"ICCP" => chunks.extend(chunk),
            _ => {}
        }
    }
    let mut out = b"RIFF".to_vec();
    out.extend(u32::try_from(chunks.len()).ok()?.to_le_bytes());
    out.extend(chunks);
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0xff, marker];
        bytes.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
        bytes.extend(content);
        bytes
    }

    /// As a telephone writes it: lying on its side, with the place and a small picture in it.
    fn exif() -> Vec<u8> {
        let mut tiff = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
        tiff.extend([2, 0]);
        tiff.extend([0x0f, 0x01, 2, 0, 4, 0, 0, 0, b'C', b'a', b'm', 0]);
        tiff.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
        tiff.extend(b"\0\0\0\0GPS 51.5N 0.1W");
        segment(APP1, &tiff)
    }

    fn photograph() -> Vec<u8> {
        [
            vec![0xff, 0xd8],
            segment(APP0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            exif(),
            segment(APP1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta GPS/>"),
            segment(APP2, b"ICC_PROFILE\0\x01\x01colours"),
            segment(0xed, b"Photoshop GPS"),
            segment(COMMENT, b"taken at GPS 51.5"),
            segment(0xdb, &[1; 65]),
            segment(0xc0, b"\x08\0\x01\0\x01\x01\x01\x11\0"),
            segment(START_OF_SCAN, b"\x01\x01\0\0\x3f\0"),
            vec![0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56],
            segment(START_OF_SCAN, b"\x01\x01\0\0\x3f\0"),
            vec![0x78],
            vec![0xff, 0xd9],
            b"behind it: GPS".to_vec(),
        ]
        .concat()
    }

    #[test]
    fn a_photograph_no_longer_tells_where_it_was_taken_and_still_stands_upright() {
        let clean = stripped("image/jpeg", &photograph()).unwrap();
        let text = String::from_utf8_lossy(&clean);
        assert!(!text.contains("GPS") && !text.contains("Cam"), "{text}");
        assert!(
            text.contains("ICC_PROFILE") && text.contains("JFIF"),
            "{text}"
        );
        assert!(clean.ends_with(&[0x78, 0xff, 0xd9]));
        let coded: &[u8] = &[0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56];
        assert!(clean.windows(coded.len()).any(|window| window == coded));
        let turned = only_way_up(6);
        assert!(clean.windows(turned.len()).any(|window| window == turned));
        assert_eq!(orientation(turned.get(4..).unwrap()), Some(6));
        assert_eq!(
            stripped("image/jpeg", &clean).unwrap(),
            clean,
            "once is enough"
        );
    }

    #[test]
    fn a_directory_is_believed_no_further_than_its_segment_goes() {
        let said = |head: &[u8]| {
            let way_up = [0x12_u8, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0];
            [EXIF, head, &[8, 0, 0, 0, 0xff, 0xff], &way_up].concat()
        };
        assert_eq!(orientation(&said(b"II*\0")), Some(6));
        assert_eq!(orientation(&said(b"II\0*")), None, "no TIFF");
        let without = [EXIF, b"II*\0\x08\0\0\0\xff\xff".as_slice()].concat();
        assert_eq!(orientation(&without), None);
        let two = [
            vec![0xff, 0xd8],
            segment(APP1, &without),
            segment(APP1, &said(b"II*\0")),
            vec![0xff, 0xd9],
        ]
        .concat();
        let clean = stripped("image/jpeg", &two).unwrap();
        assert_eq!(clean, [0xff, 0xd8, 0xff, 0xd9], "the first one counts");
    }

    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut bytes = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(name);
        bytes.extend(content);
        bytes.extend([0; 4]);
        bytes
    }

    #[test]
    fn of_a_png_only_what_is_drawn_stays() {
        let bytes = [
            b"\x89PNG\r\n\x1a\n".to_vec(),
            chunk(b"IHDR", &[0; 13]),
            chunk(b"eXIf", b"GPS"),
            chunk(b"tEXt", b"Comment\0GPS"),
            chunk(b"iTXt", b"XML:com.adobe.xmp\0GPS"),
            chunk(b"IDAT", b"drawing"),
            chunk(b"IEND", b""),
            b"GPS behind".to_vec(),
        ]
        .concat();
        let clean = stripped("image/png", &bytes).unwrap();
        let text = String::from_utf8_lossy(&clean);
        assert!(!text.contains("GPS") && text.contains("drawing"), "{text}");
    }

    #[test]
    fn a_webp_says_no_longer_that_it_has_what_it_has_not() {
        let piece = |name: &[u8; 4], content: &[u8]| {
            let mut bytes = name.to_vec();
            bytes.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
            bytes.extend(content);
            bytes.extend(vec![0; content.len() % 2]);
            bytes
        };
        let chunks = [
            b"WEBP".to_vec(),
            piece(b"VP8X", &[0x2c, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            piece(b"VP8 ", b"odd"),
            piece(b"EXIF", b"GPS"),
            piece(b"XMP ", b"GPS!"),
        ]
        .concat();
        let mut bytes = b"RIFF".to_vec();
        bytes.extend(u32::try_from(chunks.len()).unwrap().to_le_bytes());
        bytes.extend(chunks);
        bytes.extend(b"GPS behind");
        let clean = stripped("image/webp", &bytes).unwrap();
        assert!(!String::from_utf8_lossy(&clean).contains("GPS"));
        assert_eq!(
            clean.get(20),
            Some(&0x20),
            "the colour profile's flag stays"
        );
        assert_eq!(
            u32::from_le_bytes(clean[4..8].try_into().unwrap()),
            u32::try_from(clean.len() - 8).unwrap()
        );
    }

    #[test]
    fn what_is_not_in_order_is_not_guessed_at() {
        let whole = photograph();
        for n in 0..whole.len() - b"\xff\xd9behind it: GPS".len() {
            assert_eq!(stripped("image/jpeg", &whole[..n]), None, "{n}");
        }
        assert_eq!(
            stripped("image/png", b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR"),
            None
        );
        assert_eq!(stripped("application/pdf", b"%PDF-"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0usize..160) {
            for (kind, head) in [("image/jpeg", photograph()), ("image/png", b"\x89PNG\r\n\x1a\n".to_vec()), ("image/webp", b"RIFF\x90\0\0\0WEBP".to_vec())] {
                let mut all = head[..cut.min(head.len())].to_vec();
                all.extend(&bytes);
                drop(stripped(kind, &all));
            }
        }
    }
}
