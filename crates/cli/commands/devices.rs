//! `kikitori devices`

use audio::mic;

use super::templates::{print_json, print_text};
use crate::args::{DevicesArgs, Global};
use crate::failure::Failure;

pub(crate) fn run(args: &DevicesArgs, _global: &Global) -> Result<(), Failure> {
    let devices = mic::input_devices()?;
    if args.json {
        let rows: Vec<_> = devices
            .iter()
            .map(|d| serde_json::json!({ "id": d.id, "name": d.name, "default": d.is_default }))
            .collect();
        return print_json(&serde_json::json!({ "schema_version": 1, "devices": rows }));
    }
    let mut text = String::new();
    for device in &devices {
        let mark = if device.is_default { '*' } else { ' ' };
        text.push_str(&format!("{mark} {}\n", device.name));
        for c in &device.configs {
            text.push_str(&format!(
                "    {} ch, {}–{} Hz, {}\n",
                c.channels, c.min_rate, c.max_rate, c.format
            ));
        }
    }
    print_text(&text)
}
