"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const print = byId("print");
  print.hidden = false;
  print.addEventListener("click", () => window.print());

  const player = byId("player");
  if (!player) return;

  const bytes = (base64) => {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
    const text = atob(base64);
    const out = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) out[i] = text.charCodeAt(i);
    return out;
  };

  const sounds = [...player.querySelectorAll("audio")];
  for (const sound of sounds) {
    const pieces = [];
    for (const piece of document.querySelectorAll(`script[data-audio="${sound.dataset.file}"]`)) {
      pieces.push(bytes(piece.textContent));
      piece.remove();
    }
    sound.src = URL.createObjectURL(new Blob(pieces, { type: sound.dataset.type }));
  }

  const now = byId("now");
  let shown = sounds[0];
  let target = null;
  let queue = [];
  // The span that is being played, in seconds; null while the listener plays freely.
  let span = null;

  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const parse = (text) => text.split(" ").map((one) => {
    const [file, start, end] = one.split(":").map(Number);
    return { file, start: start / 1000, end: end / 1000 };
  });

  const leave = () => {
    span = null;
    queue = [];
    if (target) target.classList.remove("playing");
    target = null;
  };
  const stop = () => {
    leave();
    shown.pause();
    now.value = "停止しました。";
  };
  const next = () => {
    span = queue.shift() ?? null;
    if (!span) {
      stop();
      return;
    }
    for (const sound of sounds) {
      sound.hidden = Number(sound.dataset.file) !== span.file;
      if (sound.hidden) sound.pause();
      else shown = sound;
    }
    shown.currentTime = span.start;
    now.value = `再生中: ${shown.dataset.name} ${clock(span.start)}〜${clock(span.end)}`;
    shown.play().catch(() => { now.value = "この音声は再生できません。"; });
  };
  const play = (element) => {
    leave();
    target = element;
    target.classList.add("playing");
    queue = parse(element.dataset.play);
    next();
  };

  // timeupdate comes four times a second, too seldom for the end of a word.
  setInterval(() => {
    if (span && !shown.paused && shown.currentTime >= span.end) next();
  }, 20);
  for (const sound of sounds) {
    sound.addEventListener("ended", () => { if (span && sound === shown) next(); });
    sound.addEventListener("seeking", () => {
      const left = span && sound === shown && (sound.currentTime < span.start - 0.1 || sound.currentTime > span.end);
      if (left) leave();
    });
    sound.addEventListener("error", () => { now.value = `この音声は再生できません: ${sound.dataset.name}`; });
  }

  for (const element of document.querySelectorAll("[data-play]")) {
    element.setAttribute("role", "button");
    element.tabIndex = 0;
    element.title = "この言葉の音声を再生";
    element.addEventListener("click", () => {
      // A click that ends a selection is for copying.
      if (String(window.getSelection()) === "") play(element);
    });
    element.addEventListener("keydown", (event) => {
      if (event.isComposing || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      play(element);
    });
  }

  byId("stop").addEventListener("click", stop);
  byId("back").addEventListener("click", () => { leave(); shown.currentTime = Math.max(0, shown.currentTime - 3); });
  byId("forward").addEventListener("click", () => { leave(); shown.currentTime += 3; });
  byId("speed").addEventListener("change", (event) => {
    for (const sound of sounds) sound.playbackRate = Number(event.target.value);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) stop();
  });

  const checks = [...new Set([...document.querySelectorAll(".checks a")].map((link) => link.hash.slice(1)))];
  let at = -1;
  byId("next-check").addEventListener("click", () => {
    if (checks.length === 0) return;
    at = (at + 1) % checks.length;
    const row = byId(checks[at]);
    row.focus();
    row.scrollIntoView({ block: "center" });
    const value = row.querySelector("[data-play]");
    if (value) play(value);
  });

  player.hidden = false;
  document.body.classList.add("with-player");
})();
