//! A microphone as a source of sound.

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{Data, FromSample, SampleFormat, SizedSample, StreamConfig, SupportedStreamConfig};

use super::{Capture, CaptureSignals, CaptureSink, CaptureSource, Trouble, ring};
use crate::guard::guarded;
use crate::mic::{InputDevice, input_devices};
use crate::resample::RATES;
use crate::{Error, ErrorKind, Result};

/// How long the sound system may take to set up a stream.
const SETUP: std::time::Duration = std::time::Duration::from_secs(2);

/// One microphone, by its identifier, so that opening it again never takes another.
#[derive(Clone, Debug)]
pub struct Microphone {
    id: String,
    name: String,
}

impl Microphone {
    /// The default microphone, or the one that `wanted` names: an id, a name, or a part of exactly one name.
    ///
    /// # Errors
    /// [`ErrorKind::NoDevice`] where there is none or none of that name, [`ErrorKind::Device`] where asking failed.
    pub fn find(wanted: Option<&str>) -> Result<Self> {
        let devices = input_devices()?;
        let found = match wanted {
            None => devices.first(),
            Some(wanted) => choose(&devices, wanted),
        };
        found.map(|device| Self { id: device.id.clone(), name: device.name.clone() }).ok_or_else(|| {
            let known: Vec<&str> = devices.iter().map(|d| d.name.as_str()).collect();
            let known = known.join(", ");
            Error::new(ErrorKind::NoDevice, format!("no such microphone, or several (known: {known})"))
                .in_japanese(format!("この名前のマイクがないか、複数あります。使えるもの: {known}"))
        })
    }
}

fn choose<'d>(devices: &'d [InputDevice], wanted: &str) -> Option<&'d InputDevice> {
    let lower = wanted.to_lowercase();
    let mut parts = devices.iter().filter(|d| d.name.to_lowercase().contains(&lower));
    let exact = devices.iter().find(|d| d.id == wanted).or(devices.iter().find(|d| d.name == wanted));
    exact.or_else(|| parts.next().filter(|_| parts.next().is_none()))
}

impl CaptureSource for Microphone {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> Result<Capture> {
        // This thread is the caller's for this alone (`open_within`): the messages of alsa-lib are kept off the screen.
        #[cfg(target_os = "linux")]
        let _messages = alsa::Output::local_error_handler();
        guarded(|| self.start()).map_err(|error| match error.kind() {
            ErrorKind::Damaged => Error::new(ErrorKind::Device, "the sound system failed")
                .in_japanese("音声の機能が異常終了しました"),
            _ => error,
        })
    }
}

impl Microphone {
    fn start(&self) -> Result<Capture> {
        let gone = || Error::new(ErrorKind::NoDevice, format!("the microphone is not there: {}", self.name));
        let id = self.id.parse().map_err(|e: cpal::Error| gone().with_source(e))?;
        let host_id = cpal::available_hosts().into_iter().next().ok_or_else(gone)?;
        let host = cpal::host_from_id(host_id).map_err(|e| gone().with_source(e))?;
        let device = host.device_by_id(&id).ok_or_else(gone)?;
        let chosen = config(&device)?;
        let config: StreamConfig = chosen.config();
        let (sink, signals, reader) = ring(config.sample_rate, config.channels);
        let stream = build(&device, config, chosen.sample_format(), sink, signals)?;
        stream.play().map_err(refused)?;
        Ok(Capture::new(reader, Box::new(stream)))
    }
}

fn refused(error: cpal::Error) -> Error {
    let (kind, en, ja) = match error.kind() {
        cpal::ErrorKind::DeviceNotAvailable | cpal::ErrorKind::HostUnavailable => {
            (ErrorKind::NoDevice, "the microphone is not there", "接続を確かめてください")
        }
        cpal::ErrorKind::DeviceBusy => (
            ErrorKind::Device,
            "another program uses the microphone",
            "ほかのプログラムがマイクを使っています",
        ),
        cpal::ErrorKind::PermissionDenied => (
            ErrorKind::Device,
            "the system does not allow the microphone",
            "マイクの使用がシステムで許可されていません",
        ),
        cpal::ErrorKind::UnsupportedConfig => {
            (ErrorKind::Device, "the microphone refuses its own format", "マイクの形式に対応していません")
        }
        _ => (ErrorKind::Device, "the microphone cannot be opened", "マイクを開けません"),
    };
    Error::new(kind, en).in_japanese(ja).with_source(error)
}

/// The device's own format where it can be used, else the first that can.
fn config(device: &cpal::Device) -> Result<SupportedStreamConfig> {
    let usable = |c: &SupportedStreamConfig| is_pcm(c.sample_format()) && RATES.contains(&c.sample_rate());
    let own = device.default_input_config();
    if let Ok(config) = &own
        && usable(config)
    {
        return Ok(*config);
    }
    let offered = device.supported_input_configs().map_err(refused)?;
    let mut usable_ones = offered
        .filter_map(|range| {
            let rate = range.max_sample_rate().min(48_000).max(range.min_sample_rate());
            range.try_with_sample_rate(rate)
        })
        .filter(usable);
    usable_ones.next().ok_or_else(|| {
        let detail = "the microphone offers no format that can be used";
        let error = Error::new(ErrorKind::Device, detail).in_japanese("使える形式がありません");
        match own {
            Err(cause) => error.with_source(cause),
            Ok(_) => error,
        }
    })
}

fn is_pcm(format: SampleFormat) -> bool {
    !matches!(format, SampleFormat::DsdU8 | SampleFormat::DsdU16 | SampleFormat::DsdU32)
}

fn build(
    device: &cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    mut sink: CaptureSink,
    signals: CaptureSignals,
) -> Result<cpal::Stream> {
    let on_data = move |data: &Data, _: &cpal::InputCallbackInfo| take(&mut sink, data);
    let on_error = move |error: cpal::Error| note(&signals, error.kind());
    device.build_input_stream_raw(config, format, on_data, on_error, Some(SETUP)).map_err(refused)
}

/// What the callback does with a block of whatever format.
fn take(sink: &mut CaptureSink, data: &Data) {
    fn of<T: SizedSample>(sink: &mut CaptureSink, data: &Data)
    where
        f32: FromSample<T>,
    {
        if let Some(samples) = data.as_slice::<T>() {
            sink.push(samples, f32::from_sample_);
        }
    }
    match data.sample_format() {
        SampleFormat::I8 => of::<i8>(sink, data),
        SampleFormat::I16 => of::<i16>(sink, data),
        SampleFormat::I24 => of::<cpal::I24>(sink, data),
        SampleFormat::I32 => of::<i32>(sink, data),
        SampleFormat::I64 => of::<i64>(sink, data),
        SampleFormat::U8 => of::<u8>(sink, data),
        SampleFormat::U16 => of::<u16>(sink, data),
        SampleFormat::U24 => of::<cpal::U24>(sink, data),
        SampleFormat::U32 => of::<u32>(sink, data),
        SampleFormat::U64 => of::<u64>(sink, data),
        SampleFormat::F32 => of::<f32>(sink, data),
        SampleFormat::F64 => of::<f64>(sink, data),
        // Refused before the stream was built.
        _ => {}
    }
}

fn note(signals: &CaptureSignals, kind: cpal::ErrorKind) {
    match kind {
        cpal::ErrorKind::Xrun => signals.overrun(),
        cpal::ErrorKind::RealtimeDenied => {}
        cpal::ErrorKind::DeviceChanged => signals.trouble(Trouble::Switched),
        cpal::ErrorKind::DeviceNotAvailable | cpal::ErrorKind::HostUnavailable => {
            signals.trouble(Trouble::Lost);
        }
        _ => signals.trouble(Trouble::Broken),
    }
}

#[cfg(test)]
mod tests {
    use cpal::{I24, U24};

    use super::*;

    fn device(id: &str, name: &str) -> InputDevice {
        InputDevice { id: id.into(), name: name.into(), is_default: false, configs: Vec::new() }
    }

    #[test]
    fn a_microphone_is_named_by_id_name_or_an_unambiguous_part() {
        let devices =
            [device("alsa:a", "USB Headset"), device("alsa:b", "USB Camera"), device("alsa:c", "Line")];
        let found = |wanted| choose(&devices, wanted).map(|d| d.id.as_str());
        assert_eq!(found("alsa:b"), Some("alsa:b"));
        assert_eq!(found("Line"), Some("alsa:c"));
        assert_eq!(found("headset"), Some("alsa:a"));
        assert_eq!(found("usb"), None, "two of them");
        assert_eq!(found("Bluetooth"), None);
    }

    /// What arrives of half of full scale in both directions, as the callback would bring it.
    fn heard<T: SizedSample + FromSample<f32>>(channels: u16) -> Vec<f32>
    where
        f32: FromSample<T>,
    {
        let (mut sink, _, mut reader) = ring(44_100, channels);
        let frame = |value: f32| std::iter::repeat_n(T::from_sample(value), usize::from(channels));
        let samples: Vec<T> = [0.0, 0.5, -0.5].into_iter().flat_map(frame).collect();
        sink.push(&samples, f32::from_sample_);
        let mut out = Vec::new();
        reader.read(&mut out);
        out
    }

    #[test]
    fn every_sample_format_is_converted() {
        for channels in [1, 2, 8] {
            let all = [
                heard::<i8>(channels),
                heard::<i16>(channels),
                heard::<I24>(channels),
                heard::<i32>(channels),
                heard::<i64>(channels),
                heard::<u8>(channels),
                heard::<u16>(channels),
                heard::<U24>(channels),
                heard::<u32>(channels),
                heard::<u64>(channels),
                heard::<f32>(channels),
                heard::<f64>(channels),
            ];
            for (format, out) in all.iter().enumerate() {
                assert_eq!(out.len(), 3, "format {format}, {channels} channels");
                for (found, expected) in out.iter().zip([0.0, 0.5, -0.5]) {
                    assert!((found - expected).abs() < 0.01, "format {format}: {out:?}");
                }
            }
        }
    }

    #[test]
    fn the_systems_errors_are_told_apart() {
        let trouble = |kind| {
            let (_, signals, reader) = ring(16_000, 1);
            note(&signals, kind);
            (reader.trouble(), reader.take_overruns())
        };
        assert_eq!(trouble(cpal::ErrorKind::Xrun), (None, 1));
        assert_eq!(trouble(cpal::ErrorKind::RealtimeDenied), (None, 0));
        assert_eq!(trouble(cpal::ErrorKind::DeviceNotAvailable), (Some(Trouble::Lost), 0));
        assert_eq!(trouble(cpal::ErrorKind::DeviceChanged), (Some(Trouble::Switched), 0));
        assert_eq!(trouble(cpal::ErrorKind::StreamInvalidated), (Some(Trouble::Broken), 0));
    }
}
