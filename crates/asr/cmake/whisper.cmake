# Read by CMake while it configures whisper.cpp (`CMAKE_PROJECT_INCLUDE` in .cargo/config.toml), on the copy of the sources
# that the crate whisper-rs-sys makes in its build directory.

# Replaces `before` by `after` in a file, unless that is done; anything else is another version of whisper.cpp.
function(mend name before after)
  set(file "${CMAKE_CURRENT_SOURCE_DIR}/${name}")
  file(READ "${file}" source)
  string(FIND "${source}" "${after}" done)
  if(done EQUAL -1)
    string(FIND "${source}" "${before}" found)
    if(found EQUAL -1)
      message(FATAL_ERROR "whisper.cpp is another version: is crates/asr/cmake/whisper.cmake still needed?\n${before}")
    endif()
    string(REPLACE "${before}" "${after}" source "${source}")
    file(WRITE "${file}" "${source}")
  endif()
endfunction()

if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/src/whisper.cpp")
  # In a debug build the crate asks for -O2, symbols that nobody reads, and a debug line for every token. Tests are to run
  # what is released, and as fast.
  set(CMAKE_BUILD_TYPE Release)
  string(REPLACE "-DWHISPER_DEBUG" "" CMAKE_CXX_FLAGS "${CMAKE_CXX_FLAGS}")

  # The alignment of tokens runs a graph of six small operations on the backend's default of four threads, whatever
  # `n_threads` says. Two sessions of one thread each then put eight threads on two cores, which spin for each other in
  # ggml's barrier: 8 % of a transcription on idle cores, and many times that beside a busy program.
  mend(src/whisper.cpp
"    ggml_backend_ptr backend { ggml_backend_init_by_type(GGML_BACKEND_DEVICE_TYPE_CPU, nullptr) };
    ggml_backend_graph_compute(backend.get(), gf)"
"    ggml_graph_compute_helper(gf, n_threads, nullptr, nullptr) /* as the caller says */")

  # The decoder multiplies every token of a prompt, and every token of the text that is aligned, with the whole vocabulary,
  # although only the last row is read, and in the alignment none: 13 GFLOP and 80 MB for a full window of `base`.
  mend(src/whisper.cpp
"    //cur = ggml_view_2d(ctx0, cur, cur->ne[0], 1, cur->nb[1], (cur->ne[1] - 1)*cur->nb[1]);
"
"    int n_unread = 0; /* leading tokens whose logits nobody reads */
    while (n_unread < n_tokens - 1 && batch.logits[n_unread] == 0) { n_unread++; }
    cur = ggml_view_2d(ctx0, cur, cur->ne[0], n_tokens - n_unread, cur->nb[1], n_unread*cur->nb[1]);
")
  mend(src/whisper.cpp
"    logits_out.resize(n_tokens*n_vocab);
    for (int i = 0; i < n_tokens; i++) {
        if (batch.logits[i] == 0) {
            continue;
        }
        ggml_backend_tensor_get(logits, logits_out.data() + (n_vocab*i), sizeof(float)*(n_vocab*i), sizeof(float)*n_vocab);
    }"
"    const int n_read   = save_alignment_heads_QKs ? 0 : n_tokens; /* the alignment reads no logits */
    const int n_unread = n_tokens - logits->ne[1];
    logits_out.resize(n_read*n_vocab);
    for (int i = n_unread; i < n_read; i++) {
        if (batch.logits[i] == 0) {
            continue;
        }
        ggml_backend_tensor_get(logits, logits_out.data() + (n_vocab*i), sizeof(float)*(n_vocab*(i - n_unread)), sizeof(float)*n_vocab);
    }")

  # Threads of one session wait for each other by spinning. Where another program needs a core, the one that spins keeps
  # from it the very thread that it waits for, and a second thread made a transcription seven times slower.
  mend(ggml/src/ggml-cpu/ggml-cpu.c
"    // wait for other threads
    while (atomic_load_explicit(&tp->n_barrier_passed, memory_order_relaxed) == n_passed) {
        ggml_thread_cpu_relax();
    }"
"    // wait for other threads
    for (int spins = 0; atomic_load_explicit(&tp->n_barrier_passed, memory_order_relaxed) == n_passed; ++spins) {
        if (spins < 2000) { ggml_thread_cpu_relax(); } else { sched_yield(); }
    }")
endif()
