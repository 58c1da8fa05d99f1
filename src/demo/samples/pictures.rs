//! Pictures that came with some of the samples: drawn here, a few coloured squares each, and kept like any
//! other attachment.

use std::sync::Arc;

use super::plan::Sample;
use crate::casework::attachments::scanner::Verdict;
use crate::casework::attachments::{self, Sent};
use crate::casework::{Desk, Failure, Moment};
use crate::domain::access::Actor;
use crate::domain::contact::Channel;
use crate::domain::ids::AttachmentId;
use crate::store::Tx;

/// The pictures, on the disk and ready to be kept; none where nobody keeps attachments.
pub type Album = Arc<Vec<Sent>>;

/// Name, matter it belongs to, ground and what stands on it.
type Subject = (&'static str, &'static str, [u8; 3], [u8; 3]);

const SUBJECTS: &[Subject] = &[
    (
        "bags-on-the-verge.png",
        "fly-tip",
        [96, 128, 72],
        [24, 24, 24],
    ),
    (
        "sofa-in-the-lane.png",
        "fly-tip",
        [120, 120, 112],
        [128, 48, 40],
    ),
    (
        "bin-at-the-kerb.png",
        "missed-bin",
        [144, 144, 140],
        [32, 56, 40],
    ),
    (
        "dark-street-light.png",
        "light-out",
        [24, 32, 56],
        [176, 176, 184],
    ),
    ("pothole.png", "pothole", [72, 72, 76], [32, 32, 32]),
];
const SIDE: u32 = 48;

/// Draws the pictures and puts them on the disk.
///
/// # Errors
/// When they cannot be written.
pub async fn draw(desk: &Arc<Desk>) -> Result<Album, Failure> {
    let Ok(keeping) = desk.keeping() else {
        return Ok(Album::default());
    };
    let mut album = Vec::new();
    for (name, _, ground, thing) in SUBJECTS {
        let mut coming = keeping.folder.begin(desk.moment().id()).await?;
        coming.write(&png(*ground, *thing)).await?;
        album.push(Sent {
            came: Arc::new(coming.end().await?),
            name: (*name).to_owned(),
            content_type: "image/png",
            verdict: Verdict::Off,
        });
    }
    Ok(Arc::new(album))
}

/// The pictures that came with a sample: with every other form or call of a matter that can be seen.
pub(super) fn with(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    sample: &Sample,
    album: &[Sent],
) -> Result<Vec<AttachmentId>, Failure> {
    let comes_by = !matches!(
        sample.enquiry.channel,
        Channel::Email | Channel::Councillor | Channel::Open311
    );
    let category = sample.enquiry.category.as_deref();
    let fitting: Vec<&Sent> = SUBJECTS
        .iter()
        .zip(album)
        .filter(|((_, matter, _, _), _)| Some(*matter) == category && comes_by)
        .map(|(_, sent)| sent)
        .collect();
    match fitting.get(sample.number % fitting.len().max(1)) {
        Some(sent) => Ok(vec![attachments::keep(tx, at, actor, sent)?.id]),
        None => Ok(Vec::new()),
    }
}

/// A square of one colour on a ground of another, as PNG without compression.
fn png(ground: [u8; 3], thing: [u8; 3]) -> Vec<u8> {
    let mut rows = Vec::new();
    let middle = SIDE / 4..SIDE - SIDE / 4;
    for y in 0..SIDE {
        rows.push(0);
        for x in 0..SIDE {
            let is_thing = middle.contains(&x) && middle.contains(&y);
            rows.extend(if is_thing { thing } else { ground });
        }
    }
    let mut head = Vec::new();
    head.extend(SIDE.to_be_bytes());
    head.extend(SIDE.to_be_bytes());
    head.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [
        (b"IHDR", head),
        (b"IDAT", stored(&rows)),
        (b"IEND", Vec::new()),
    ] {
        let mut named = name.to_vec();
        named.extend(&content);
        let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
        bytes.extend(length.to_be_bytes());
        bytes.extend(&named);
        bytes.extend(crc(&named).to_be_bytes());
    }
    bytes
}

/// A zlib stream that holds the bytes as they are.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let pieces: Vec<&[u8]> = bytes.chunks(0xffff).collect();
    for (place, piece) in pieces.iter().enumerate() {
        let length = u16::try_from(piece.len()).unwrap_or(u16::MAX);
        out.push(u8::from(place + 1 == pieces.len()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(*piece);
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    out.extend(((high << 16) | low).to_be_bytes());
    out
}

fn crc(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                (sum >> 1) ^ 0xedb8_8320
            } else {
                sum >> 1
            };
        }
    }
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attachment::{Look, judge, stripped};

    #[test]
    fn a_drawn_picture_is_one() {
        let bytes = png([1, 2, 3], [4, 5, 6]);
        let mut look = Look::default();
        look.add(&bytes);
        let kind = judge(&look, "bin.png", None, &["image/png".to_owned()]).unwrap();
        assert_eq!(kind.content_type, "image/png");
        assert_eq!(stripped("image/png", &bytes), Some(bytes));
        assert_eq!(crc(b"IEND"), 0xae42_6082);
        // RFC 1950's own example of a checksum.
        assert!(stored(b"Wikipedia").ends_with(&0x11e6_0398_u32.to_be_bytes()));
    }
}
