//! The devices that whisper.cpp was compiled for and finds here.

use whisper_rs::whisper_rs_sys as sys;

use super::copy_bytes;
use super::log::install_log_hook;
use crate::Gpu;

/// The graphics processors in whisper.cpp's own order, by which it numbers them.
pub(in crate::whisper) fn gpus() -> Vec<Gpu> {
    install_log_hook();
    // SAFETY: takes nothing; the list of devices is made once, at the first call.
    let count = unsafe { sys::ggml_backend_dev_count() };
    let device = |index| {
        // SAFETY: the index is below the count, and devices are never freed.
        let (device, kind) = unsafe {
            let device = sys::ggml_backend_dev_get(index);
            (device, sys::ggml_backend_dev_type(device))
        };
        let is_integrated = match kind {
            sys::ggml_backend_dev_type_GGML_BACKEND_DEVICE_TYPE_GPU => false,
            sys::ggml_backend_dev_type_GGML_BACKEND_DEVICE_TYPE_IGPU => true,
            _ => return None,
        };
        // SAFETY: a terminated string that lives as long as the device.
        let name = unsafe { copy_bytes(sys::ggml_backend_dev_description(device)) };
        Some(Gpu { name: String::from_utf8_lossy(&name).into_owned(), is_integrated })
    };
    (0..count).filter_map(device).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cores_are_no_graphics_processor() {
        let is_built_for_one = cfg!(any(feature = "cuda", feature = "metal", feature = "vulkan"));
        assert!(gpus().is_empty() || is_built_for_one, "{:?}", gpus());
    }
}
