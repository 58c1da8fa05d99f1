//! The bytes of a file as one plain text: no byte order mark, every line end as LF, and no row without
//! end, whatever wrote it.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// The longest row, in bytes. The longest body fits four times.
const ROW_LIMIT: u64 = 2 * 1024 * 1024;

/// How far a file has been read.
#[derive(Debug, Default)]
pub(super) struct Progress {
    n_bytes: Cell<u64>,
    n_line_ends: Cell<u64>,
    row_began_at: Cell<u64>,
    is_too_long: Cell<bool>,
}

/// A file, read as plain text.
#[derive(Debug)]
pub(super) struct Plain<R> {
    inner: R,
    progress: Rc<Progress>,
    is_after_return: bool,
    /// What stands behind the last byte of the file.
    ending: &'static [u8],
}

/// What a file begins with that is no text we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Foreign {
    /// Two bytes for each letter: Excel's "Unicode text".
    Utf16,
    /// A workbook, which is a ZIP archive.
    Workbook,
}

impl Progress {
    /// The line that is being read, counted from 1. Exact where bytes are asked for one by one.
    pub(super) fn line(&self) -> u64 {
        self.n_line_ends.get() + 1
    }

    /// A row begins: from here on its length is measured.
    pub(super) fn row_begins(&self) {
        self.row_began_at.set(self.n_bytes.get());
    }

    /// Whether a row was longer than any may be.
    pub(super) fn is_too_long(&self) -> bool {
        self.is_too_long.get()
    }

    fn note(&self, text: &[u8]) -> io::Result<()> {
        let n = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let n_ends = text.iter().filter(|byte| **byte == b'\n').count();
        self.n_bytes.set(self.n_bytes.get().saturating_add(n));
        self.n_line_ends
            .set(self.n_line_ends.get() + u64::try_from(n_ends).unwrap_or(u64::MAX));
        if self.n_bytes.get().saturating_sub(self.row_began_at.get()) > ROW_LIMIT {
            self.is_too_long.set(true);
            return Err(io::Error::other("a row has no end"));
        }
        Ok(())
    }
}

impl<R: BufRead> Plain<R> {
    /// Begins to read a file; behind its last byte comes `ending`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn of(
        mut inner: R,
        ending: &'static [u8],
        progress: &Rc<Progress>,
    ) -> io::Result<Result<Self, Foreign>> {
        let head = inner.fill_buf()?;
        if head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]) {
            return Ok(Err(Foreign::Utf16));
        }
        if head.starts_with(b"PK\x03\x04") {
            return Ok(Err(Foreign::Workbook));
        }
        if head.starts_with(&[0xEF, 0xBB, 0xBF]) {
            inner.consume(3);
        }
        Ok(Ok(Self {
            inner,
            progress: Rc::clone(progress),
            is_after_return: false,
            ending,
        }))
    }

    /// CRLF and a CR alone are one line end.
    fn unified(&mut self, raw: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(raw.len());
        for byte in raw {
            match *byte {
                b'\n' if self.is_after_return => self.is_after_return = false,
                b'\r' => {
                    self.is_after_return = true;
                    text.push(b'\n');
                }
                other => {
                    self.is_after_return = false;
                    text.push(other);
                }
            }
        }
        text
    }
}

impl<R: BufRead> Read for Plain<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let n = self.inner.read(buffer)?;
            let text = if n == 0 {
                let (now, later) = self.ending.split_at(self.ending.len().min(buffer.len()));
                self.ending = later;
                now.to_vec()
            } else {
                let raw: Vec<u8> = buffer.iter().take(n).copied().collect();
                self.unified(&raw)
            };
            if n > 0 && text.is_empty() {
                continue;
            }
            for (place, byte) in buffer.iter_mut().zip(&text) {
                *place = *byte;
            }
            self.progress.note(&text)?;
            return Ok(text.len());
        }
    }
}
