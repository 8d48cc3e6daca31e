// What makes pages easier and is needed by none: focus on what is wrong, drafts that survive, printing.
"use strict";

(function () {
  const wrong = document.querySelector("[data-focus]");
  if (wrong) wrong.focus();

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // What belongs to one choice of a group is shown for that choice only.
  for (const part of document.querySelectorAll("[data-shown-for]")) {
    const [name, value] = part.dataset.shownFor.split("=");
    const choices = [...document.querySelectorAll(`input[name="${name}"]`)];
    const show = () => { part.hidden = !choices.some((one) => one.checked && one.value === value); };
    for (const one of choices) one.addEventListener("change", show);
    show();
  }

  // A list of things that may be ticked: all at once, or none.
  for (const bar of document.querySelectorAll("[data-pick-all]")) {
    bar.hidden = false;
    for (const button of bar.querySelectorAll("[data-pick]")) {
      button.addEventListener("click", () => {
        for (const one of bar.closest("form").querySelectorAll("input[type=checkbox]")) one.checked = button.dataset.pick === "all";
      });
    }
  }

  // The score that a checklist proposes, as it is ticked: the highest of the scale that its points reach.
  for (const list of document.querySelectorAll("[data-checklist]")) {
    const scale = list.dataset.scale.split(",").map(Number), boxes = [...list.querySelectorAll("[data-points]")];
    const sum = (some) => some.reduce((total, one) => total + Number(one.dataset.points), 0);
    const tell = () => {
      const earned = sum(boxes.filter((one) => one.checked)) * scale[scale.length - 1];
      const reached = scale.filter((one) => one * sum(boxes) <= earned);
      list.querySelector("[data-proposed]").textContent = reached.length ? reached[reached.length - 1] : scale[0];
      list.querySelector("[data-proposed-line]").hidden = false;
    };
    list.addEventListener("change", tell);
    tell();
  }

  const KEY = "radap:";
  const stored = {
    get(key) { try { return JSON.parse(localStorage.getItem(KEY + key) || "null"); } catch (_) { return null; } },
    set(key, value) { try { localStorage.setItem(KEY + key, JSON.stringify(value)); } catch (_) { /* full, or none: the form itself still works */ } },
    remove(key) { try { localStorage.removeItem(KEY + key); } catch (_) { /* there is none */ } },
  };

  for (const done of document.querySelectorAll("[data-draft-done]")) stored.remove(done.dataset.draftDone);
  for (const form of document.querySelectorAll("form[data-draft]")) keep(form);
  const list = document.querySelector("[data-drafts]");
  if (list) showDrafts(list);

  // A form with data-draft keeps in this browser what is typed, until it is sent; one with data-autosave sends
  // it to the server as well. After a sent form came back with a fault its own fields are newer: they stay.
  function keep(form) {
    const key = form.dataset.draft;
    const fields = [...form.querySelectorAll("textarea, input[type=text]")];
    const note = form.querySelector("[data-saved-note]");
    const kept = stored.get(key);
    const fresh = fields.every((one) => one.value === one.defaultValue && !document.querySelector(".govuk-error-summary"));
    if (kept && fresh && !form.dataset.autosave) {
      for (const one of fields) if (one.value === "" && kept.fields[one.name]) one.value = kept.fields[one.name];
    }
    let timer = 0, sent = "";
    const typed = () => Object.fromEntries(fields.map((one) => [one.name, one.value]));
    form.addEventListener("input", () => {
      stored.set(key, { title: document.title, path: location.pathname, fields: typed(), at: new Date().toISOString() });
      if (form.dataset.autosave) { clearTimeout(timer); timer = setTimeout(save, 2500); }
    });
    form.addEventListener("submit", () => { clearTimeout(timer); if (!form.dataset.autosave) stored.remove(key); });
    async function save() {
      const body = new URLSearchParams(typed());
      if (body.toString() === sent) return;
      body.set("token", form.elements.token.value);
      try {
        const answer = await fetch(form.dataset.autosave, { method: "POST", body, redirect: "error" });
        if (!answer.ok) return;
        const said = await answer.json();
        body.delete("token");
        sent = body.toString();
        if (note) note.textContent = said.saved;
      } catch (_) { /* offline: it lies in this browser, and the next letter tries again */ }
    }
  }

  // Without a connection: what was typed in this browser and not sent yet, to be copied or gone back to.
  function showDrafts(list) {
    for (const key of Object.keys(localStorage).filter((one) => one.startsWith(KEY)).sort()) {
      const kept = stored.get(key.slice(KEY.length));
      const texts = kept && kept.fields ? Object.values(kept.fields).filter((one) => one.trim()) : [];
      if (!texts.length) continue;
      const item = document.createElement("li"), title = document.createElement("a");
      title.href = kept.path;
      title.className = "govuk-link";
      title.textContent = kept.title;
      item.append(title);
      for (const text of texts) {
        const shown = document.createElement("p");
        shown.className = "govuk-body radap-narrative";
        shown.textContent = text;
        item.append(shown);
      }
      list.append(item);
      list.hidden = false;
    }
  }

  if ("serviceWorker" in navigator && document.documentElement.dataset.worker) {
    navigator.serviceWorker.register(document.documentElement.dataset.worker).catch(() => { /* only a convenience */ });
  }
})();
