# Read by CMake while it configures whisper.cpp (`CMAKE_PROJECT_INCLUDE` in .cargo/config.toml), on the copy of the sources
# that the crate whisper-rs-sys makes in its build directory.

# The alignment of tokens runs a graph of six small operations on the backend's default of four threads, whatever
# `n_threads` says. Two sessions of one thread each then put eight threads on two cores, which spin for each other in
# ggml's barrier: 8 % of a transcription on idle cores, and many times that beside a busy program.
set(file "${CMAKE_CURRENT_SOURCE_DIR}/src/whisper.cpp")
if(EXISTS "${file}")
  file(READ "${file}" source)
  set(before "    ggml_backend_ptr backend { ggml_backend_init_by_type(GGML_BACKEND_DEVICE_TYPE_CPU, nullptr) };
    ggml_backend_graph_compute(backend.get(), gf)")
  set(after "    ggml_graph_compute_helper(gf, n_threads, nullptr, nullptr) /* as the caller says */")
  string(FIND "${source}" "${before}" found)
  string(FIND "${source}" "${after}" mended)
  if(NOT found EQUAL -1)
    string(REPLACE "${before}" "${after}" source "${source}")
    file(WRITE "${file}" "${source}")
  elseif(mended EQUAL -1)
    message(FATAL_ERROR "whisper.cpp is another version: is crates/asr/cmake/whisper.cmake still needed?")
  endif()
endif()
