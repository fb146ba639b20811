//! Microphones of this machine.

use cpal::traits::{DeviceTrait, HostTrait};

use crate::guard::guarded;
use crate::{Error, ErrorKind, Result};

/// A device that sound can be recorded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputDevice {
    /// The sound system's identifier, stable over restarts where the system has such: `alsa:plughw:CARD=0,DEV=0`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The system's default input.
    pub is_default: bool,
    /// What the device offers; not empty.
    pub configs: Vec<InputConfig>,
}

/// A format that an input device offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputConfig {
    /// Number of channels, at least 1.
    pub channels: u16,
    /// Lowest sample rate in Hz.
    pub min_rate: u32,
    /// Highest sample rate in Hz.
    pub max_rate: u32,
    /// Sample format: `i16`, `f32` and so on.
    pub format: String,
}

/// Lists the input devices that can be opened, the default first.
///
/// The list is made on a thread of its own: on Linux, alsa-lib reports each device that it cannot open to stderr, and its
/// per-thread error handler is the safe way to keep that off the caseworker's screen.
///
/// # Errors
/// [`ErrorKind::NoDevice`] where there is no sound system or no input, [`ErrorKind::Device`] where asking failed.
pub fn input_devices() -> Result<Vec<InputDevice>> {
    let list = std::thread::Builder::new().name("input-devices".into()).spawn(|| {
        // Held until the list is complete; dropping it would bring the messages back.
        #[cfg(target_os = "linux")]
        let _messages = alsa::Output::local_error_handler();
        guarded(list).map_err(|error| match error.kind() {
            ErrorKind::Damaged => Error::new(ErrorKind::Device, "the sound system failed"),
            _ => error,
        })
    });
    let list =
        list.map_err(|e| Error::new(ErrorKind::Device, "no thread for the sound system").with_source(e))?;
    list.join().unwrap_or_else(|_| Err(Error::new(ErrorKind::Device, "the sound system failed")))
}

fn list() -> Result<Vec<InputDevice>> {
    let no_system = || Error::new(ErrorKind::NoDevice, "no sound system");
    let host_id = cpal::available_hosts().into_iter().next().ok_or_else(no_system)?;
    let host = cpal::host_from_id(host_id).map_err(|e| no_system().with_source(e))?;
    let default_id = host.default_input_device().and_then(|device| device.id().ok());
    let devices = host.devices().map_err(|error| match error.kind() {
        cpal::ErrorKind::HostUnavailable => no_system().with_source(error),
        _ => Error::new(ErrorKind::Device, "the sound system gave no list of devices").with_source(error),
    })?;
    let mut found: Vec<InputDevice> = devices
        .filter_map(|device| {
            let id = device.id().ok()?;
            if is_plumbing(id.id()) {
                return None;
            }
            let configs: Vec<InputConfig> =
                device.supported_input_configs().ok()?.map(|config| config_of(&config)).collect();
            let name =
                device.description().map_or_else(|_| id.id().to_owned(), |about| about.name().to_owned());
            let is_default = default_id.as_ref() == Some(&id);
            (!configs.is_empty()).then(|| InputDevice { id: id.to_string(), name, is_default, configs })
        })
        .collect();
    if found.is_empty() {
        return Err(Error::new(ErrorKind::NoDevice, "no input device"));
    }
    found.sort_by_key(|device| !device.is_default);
    Ok(found)
}

fn config_of(config: &cpal::SupportedStreamConfigRange) -> InputConfig {
    InputConfig {
        channels: config.channels(),
        min_rate: config.min_sample_rate(),
        max_rate: config.max_sample_rate(),
        format: config.sample_format().to_string(),
    }
}

/// ALSA names each card a dozen times. The names that remain (`default`, `pulse`, `pipewire`, `sysdefault:…`,
/// `plughw:…`) convert formats and can be shared; `null` records silence for ever.
fn is_plumbing(id: &str) -> bool {
    const PREFIXES: [&str; 16] = [
        "null",
        "hw:",
        "front:",
        "rear:",
        "center_lfe:",
        "side:",
        "surround",
        "iec958:",
        "spdif:",
        "hdmi:",
        "dmix:",
        "dsnoop:",
        "usbstream:",
        "lavrate",
        "samplerate",
        "speexrate",
    ];
    cfg!(target_os = "linux") && PREFIXES.iter().any(|prefix| id.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use record::{Explain as _, Lang};

    use super::*;

    #[test]
    fn a_machine_has_inputs_or_says_clearly_that_it_has_none() {
        match input_devices() {
            Ok(devices) => {
                assert!(devices.iter().all(|d| !d.configs.is_empty() && !d.name.is_empty()));
                assert!(devices.iter().skip(1).all(|d| !d.is_default || devices[0].is_default));
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NoDevice, "{error}");
                assert_eq!(error.explain(Lang::Ja), "マイクが見つかりません");
                assert!(error.hint(Lang::Ja).unwrap().contains("マイク"));
            }
        }
    }

    #[test]
    fn listing_is_silent() {
        const CHILD: &str = "AUDIO_MIC_TEST_CHILD";
        if std::env::var_os(CHILD).is_some() {
            let _ = input_devices();
            return;
        }
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "mic::tests::listing_is_silent", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert!(output.status.success());
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}
