//! `winmail.dat`: the packet in which Outlook hides enclosures from everybody else (TNEF).

/// What was in the packet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Packet {
    /// The plain text, where the packet holds one.
    pub(super) text: String,
    /// Names and contents, in order.
    pub(super) files: Vec<(String, Vec<u8>)>,
}

const SIGNATURE: u32 = 0x223e_9f78;
const BODY: u32 = 0x0002_800c;
const FILE_STARTS: u32 = 0x0006_9002;
const FILE_NAME: u32 = 0x0001_8010;
const FILE_CONTENT: u32 = 0x0006_800f;
const MOST_FILES: usize = 200;

/// Opens a packet; nothing when it is none, or holds neither text nor files we can take out.
pub(super) fn open(bytes: &[u8]) -> Option<Packet> {
    let mut reader = Reader { rest: bytes };
    if reader.word()? != SIGNATURE {
        return None;
    }
    reader.take(2)?;
    let mut packet = Packet::default();
    while let Some((attribute, content)) = reader.attribute() {
        match attribute {
            BODY => packet.text = ended_at_nul(content),
            FILE_STARTS if packet.files.len() < MOST_FILES => {
                packet.files.push((String::new(), Vec::new()))
            }
            FILE_NAME => {
                if let Some((name, _)) = packet.files.last_mut() {
                    *name = ended_at_nul(content);
                }
            }
            FILE_CONTENT => {
                if let Some((_, file)) = packet.files.last_mut() {
                    *file = content.to_vec();
                }
            }
            _ => {}
        }
    }
    (packet != Packet::default()).then_some(packet)
}

struct Reader<'x> {
    rest: &'x [u8],
}

impl<'x> Reader<'x> {
    fn take(&mut self, n: usize) -> Option<&'x [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(taken)
    }

    fn word(&mut self) -> Option<u32> {
        self.take(4)?.try_into().map(u32::from_le_bytes).ok()
    }

    /// Level, name, length, content, checksum.
    fn attribute(&mut self) -> Option<(u32, &'x [u8])> {
        self.take(1)?;
        let name = self.word()?;
        let length = usize::try_from(self.word()?).ok()?;
        let content = self.take(length)?;
        self.take(2)?;
        Some((name, content))
    }
}

fn ended_at_nul(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    super::charset::text(text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(level: u8, name: u32, content: &[u8]) -> Vec<u8> {
        let mut out = vec![level];
        out.extend(name.to_le_bytes());
        out.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        out.extend(content);
        let sum: u32 = content.iter().map(|byte| u32::from(*byte)).sum();
        out.extend(u16::try_from(sum % 65_536).unwrap().to_le_bytes());
        out
    }

    fn packet(attributes: &[Vec<u8>]) -> Vec<u8> {
        let mut out = SIGNATURE.to_le_bytes().to_vec();
        out.extend([1, 0]);
        out.extend(attributes.concat());
        out
    }

    #[test]
    fn the_files_outlook_hid_are_found() {
        let bytes = packet(&[
            attribute(1, BODY, b"See the photo\0"),
            attribute(2, FILE_STARTS, &[0; 14]),
            attribute(2, FILE_NAME, b"bin.jpg\0"),
            attribute(2, FILE_CONTENT, &[1, 2, 3]),
        ]);
        let opened = open(&bytes).unwrap();
        assert_eq!(opened.text, "See the photo");
        assert_eq!(opened.files, vec![("bin.jpg".to_owned(), vec![1, 2, 3])]);
    }

    #[test]
    fn a_packet_cut_short_gives_what_it_has() {
        let whole = packet(&[
            attribute(1, BODY, b"Text\0"),
            attribute(2, FILE_STARTS, &[0; 14]),
        ]);
        for n in 0..whole.len() {
            let opened = open(&whole[..n]);
            assert!(
                opened.is_none_or(|packet| packet.text == "Text" && packet.files.is_empty()),
                "{n}"
            );
        }
        assert_eq!(open(b"not a packet at all"), None);
        assert_eq!(open(&packet(&[])), None);
    }
}
