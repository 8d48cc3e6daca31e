// Sends the files of a form piece by piece, and goes on where it broke off; without it the field is a plain one.
"use strict";

(function () {
  const PIECE = 1024 * 1024;
  const PAUSES = [1, 2, 4, 8, 16, 30]; // seconds before the next try, after which a person is asked
  const DAY = 24 * 3600 * 1000;
  const FINAL = new Set([403, 409, 413, 422]);

  for (const input of document.querySelectorAll("input[type=file][data-upload]")) begin(input);

  function begin(input) {
    const words = input.dataset;
    const group = input.closest(".govuk-form-group");
    const list = group.querySelector("[data-uploads]");
    const said = group.querySelector("[data-uploads-said]");
    const open = new Set(); // rows that are not whole yet
    let queue = Promise.resolve();
    let wanted = null; // the button that was pressed while something was under way

    // The browser's own button speaks the browser's language: one of ours stands for it.
    const chooser = element("label", "govuk-button govuk-button--secondary radap-chooser", words.choose);
    chooser.htmlFor = input.id;
    input.classList.add("govuk-visually-hidden");
    input.after(chooser);

    input.addEventListener("change", () => {
      const files = [...input.files];
      input.value = ""; // the form is not to send them once more
      for (const file of files) add(file);
    });

    input.form.addEventListener("submit", (event) => {
      if (!open.size) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const stuck = [...open].find((one) => one.again);
      if (stuck) {
        tell(stuck.note.textContent);
        stuck.again.focus();
        return;
      }
      wanted = event.submitter;
      tell(words.unfinished);
      for (const one of open) one.note.textContent = words.unfinished;
    }, true);

    function tell(sentence) {
      said.textContent = "";
      said.textContent = sentence;
    }

    function add(file) {
      const one = { file, id: null, stopped: new AbortController(), row: element("li", "radap-upload") };
      one.bar = element("progress", "radap-upload__bar");
      one.bar.max = 100;
      one.bar.value = 0;
      one.bar.setAttribute("aria-label", file.name);
      one.note = element("span", "radap-muted", words.waiting);
      one.row.append(element("span", "radap-upload__name", file.name), one.bar, one.note);
      one.row.append(button(words.remove, file.name, () => remove(one)));
      list.append(one.row);
      open.add(one);
      enqueue(one);
    }

    function enqueue(one) {
      queue = queue.then(() => send(one)).catch(() => {});
    }

    async function remove(one) {
      one.stopped.abort();
      open.delete(one);
      wanted = null;
      one.row.remove();
      input.focus();
      forget(one.file);
      if (one.id) await ask("DELETE", "/" + one.id).catch(() => {});
    }

    async function send(one) {
      if (one.stopped.signal.aborted) return;
      for (let tries = 0; ; ) {
        try {
          let state = await place(one);
          while (!state.whole) {
            show(one, state);
            const piece = one.file.slice(state.offset, state.offset + PIECE);
            const next = await ask("PATCH", "/" + one.id, piece, state.offset, one.stopped.signal);
            if (next.offset > state.offset) tries = 0;
            state = next;
          }
          return done(one, state);
        } catch (error) {
          if (one.stopped.signal.aborted) return;
          if (error.status === 404) forget(one.file);
          if (error.final || tries >= PAUSES.length) return fail(one, error);
          if (error.offset === undefined) {
            one.note.textContent = words.broken;
            await pause(PAUSES[tries]);
          }
          tries += 1;
        }
      }
    }

    // Where it goes on: what the server has of it, if it was begun before, here or before the page was loaded anew.
    async function place(one) {
      one.id = one.id || remembered(one.file);
      if (one.id) {
        try {
          const state = await ask("GET", "/" + one.id);
          if (state.size === one.file.size) return state;
        } catch (error) {
          if (error.status !== 404) throw error;
        }
      }
      const form = new URLSearchParams({ name: one.file.name, size: one.file.size });
      const state = await ask("POST", "", form);
      one.id = state.id;
      remember(one.file, one.id);
      return state;
    }

    function show(one, state) {
      const percent = Math.floor((100 * state.offset) / state.size);
      const before = Math.floor(one.bar.value / 25);
      one.bar.value = percent;
      one.note.textContent = percent === 100 ? words.checking : percent + " %";
      if (Math.floor(percent / 25) !== before || !percent) {
        tell(words.sending.replace("%n", one.file.name).replace("%p", percent));
      }
    }

    function done(one, state) {
      open.delete(one);
      const field = element("input", "");
      field.type = "hidden";
      field.name = "upload";
      field.value = one.id;
      one.bar.value = 100;
      one.row.querySelector(".radap-upload__name").textContent = state.name;
      one.note.textContent = words.done.replace("%n", state.name);
      one.row.append(field);
      tell(one.note.textContent);
      if (wanted && !open.size) input.form.requestSubmit(wanted);
    }

    function fail(one, error) {
      wanted = null; // somebody has to look first
      const sentence = (error.sentences || [words.failed.replace("%n", one.file.name)]).join(" ");
      one.note.className = "govuk-error-message";
      one.note.textContent = sentence;
      tell(sentence);
      if (error.refused) {
        // It will never be taken: it keeps nobody from sending the form.
        open.delete(one);
        one.bar.remove();
        forget(one.file);
        return;
      }
      one.again = button(words.again, one.file.name, () => {
        one.again.remove();
        one.again = null;
        one.note.className = "radap-muted";
        one.note.textContent = words.waiting;
        enqueue(one);
      });
      one.row.append(one.again);
    }

    async function ask(method, path, body, offset, signal) {
      const headers = { "x-radap-token": words.token };
      if (offset !== undefined) {
        headers["Upload-Offset"] = String(offset);
        headers["Content-Type"] = "application/octet-stream";
      }
      const answer = await fetch(words.upload + path, { method, headers, body, signal });
      if (answer.redirected) throw { final: true, sentences: [words.signedOut] };
      if (answer.status === 204) return {};
      const said = await answer.json().catch(() => ({}));
      if (answer.ok) return said;
      const refused = FINAL.has(answer.status) && said.offset === undefined;
      throw { status: answer.status, final: refused, refused, ...said };
    }
  }

  function element(name, style, text) {
    const made = document.createElement(name);
    if (style) made.className = style;
    if (text) made.textContent = text;
    return made;
  }

  function button(words, name, act) {
    const made = element("button", "govuk-button govuk-button--secondary radap-upload__button", words);
    made.type = "button";
    made.append(element("span", "govuk-visually-hidden", " " + name));
    made.addEventListener("click", act);
    return made;
  }

  function pause(seconds) {
    return new Promise((go) => setTimeout(go, seconds * 1000));
  }

  // -- what is remembered of a file in this browser, for as long as the server keeps it ------------------------

  function key(file) {
    return "radap-upload:" + [file.name, file.size, file.lastModified].join("/");
  }

  function remembered(file) {
    try {
      const kept = JSON.parse(localStorage.getItem(key(file)) || "null");
      return kept && Date.now() - kept.at < DAY ? kept.id : null;
    } catch (_) {
      return null;
    }
  }

  function remember(file, id) {
    try {
      for (const one of Object.keys(localStorage)) {
        if (!one.startsWith("radap-upload:")) continue;
        if (Date.now() - JSON.parse(localStorage.getItem(one)).at > DAY) localStorage.removeItem(one);
      }
      localStorage.setItem(key(file), JSON.stringify({ id, at: Date.now() }));
    } catch (_) { /* no storage: it is sent from the beginning again */ }
  }

  function forget(file) {
    try { localStorage.removeItem(key(file)); } catch (_) { /* nothing was remembered */ }
  }
})();
