//! What a file is, by its content, and how its samples lie in time.

mod mp4;
mod ogg;
mod riff;
mod sniff;

use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::default::formats::{
    AdtsReader, FlacReader, IsoMp4Reader, MkvReader, MpaReader, OggReader, WavReader,
};

use crate::source::Bytes;
use crate::{Error, ErrorKind, Result};

pub(crate) use mp4::Edit;

/// A container that we can take apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Wav,
    Mp3,
    Adts,
    Mp4,
    Flac,
    Ogg,
    Mkv,
}

impl Container {
    /// Name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Mp3 => "MP3",
            Self::Adts => "AAC",
            Self::Mp4 => "MP4",
            Self::Flac => "FLAC",
            Self::Ogg => "Ogg",
            Self::Mkv => "WebM/Matroska",
        }
    }
}

/// An opened container.
pub(crate) struct Opened {
    pub(crate) container: Container,
    pub(crate) reader: Box<dyn FormatReader>,
    /// The container itself says that bytes are missing at its end.
    pub(crate) cut_short: bool,
    /// MP4 only: where the presentation starts and ends within the media.
    pub(crate) edit: Option<Edit>,
    /// Codec name from the container, for formats whose reader does not tell unknown codecs.
    pub(crate) codec_hint: Option<String>,
}

/// Recognises the content and opens its container. Panics of the readers are the caller's to contain.
pub(crate) fn open(mut bytes: Bytes) -> Result<Opened> {
    let found = sniff::sniff(&mut bytes)?;
    let (mut cut_short, mut edit, mut codec_hint) = (false, None, None);
    let mut prefix = Vec::new();
    let (mut start, mut len) = (found.offset, bytes.len() - found.offset);
    let mut claimed = 0;
    match found.container {
        Container::Wav => {
            let layout = riff::layout(&mut bytes)?;
            (prefix, start, len, cut_short) = (layout.header, layout.start, layout.len, layout.cut_short);
        }
        Container::Mp4 => {
            let movie = mp4::scan(&mut bytes)?;
            (edit, codec_hint) = (movie.edit, movie.codec);
            (claimed, cut_short) = (movie.end, movie.end > bytes.len());
        }
        Container::Ogg => {
            ogg::check_codec(&mut bytes)?;
            cut_short = !ogg::has_last_page(&mut bytes)?;
        }
        _ => {}
    }
    let section = bytes.section(prefix, start, len);
    // Where a Matroska file was cut off, its reader gives up on sizes and an index that point past the end; as a stream it
    // reads what is there.
    let section = if found.container == Container::Mkv { section.forward_only() } else { section };
    // The MP4 reader refuses a box that goes on past the end; told the length that there should be, it reads to the cut.
    let section = section.claiming(claimed);
    let stream = MediaSourceStream::new(Box::new(section), MediaSourceStreamOptions::default());
    let options = FormatOptions::default();
    let reader: Result<Box<dyn FormatReader>, _> = match found.container {
        Container::Wav => WavReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Mp3 => MpaReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Adts => AdtsReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Mp4 => IsoMp4Reader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Flac => FlacReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Ogg => OggReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Mkv => MkvReader::try_new(stream, options).map(|r| Box::new(r) as _),
    };
    let reader = reader.map_err(|error| container_error(error, found.container))?;
    Ok(Opened { container: found.container, reader, cut_short, edit, codec_hint })
}

/// Says what a container's error means for the caller.
fn container_error(error: symphonia::core::errors::Error, container: Container) -> Error {
    use symphonia::core::errors::Error as Cause;
    let name = container.name();
    match error {
        Cause::IoError(io) if io.kind() != std::io::ErrorKind::UnexpectedEof => Error::io(io),
        Cause::IoError(_) => Error::new(ErrorKind::NoAudio, format!("{name} file ends before any sound"))
            .in_japanese(format!("{name}、音の前で切れています")),
        Cause::Unsupported(_) => Error::new(ErrorKind::Unsupported, format!("unusual {name} file"))
            .in_japanese(name)
            .with_source(error),
        _ => {
            Error::new(ErrorKind::Damaged, format!("broken {name} file")).in_japanese(name).with_source(error)
        }
    }
}
