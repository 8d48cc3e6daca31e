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

  const keys = () => Object.keys(localStorage).filter((one) => one.startsWith(KEY)).sort().map((one) => one.slice(KEY.length));
  // A form that was sent is done with once a page says so; until then the connection or the session may have ended.
  if (document.querySelector("[data-draft-done], .govuk-notification-banner--success")) {
    for (const key of keys()) if ((stored.get(key) || {}).sent) stored.remove(key);
  }
  for (const done of document.querySelectorAll("[data-draft-done]")) stored.remove(done.dataset.draftDone);
  for (const form of document.querySelectorAll("form[data-draft]")) keep(form);
  const list = document.querySelector("[data-drafts]");
  if (list) showDrafts(list);

  // A form with data-draft, which names its person, keeps in this browser what is typed, until it was taken; one
  // with data-autosave sends it to the server as well. After it came back with a fault its own fields are newer.
  function keep(form) {
    const key = form.dataset.draft + " " + location.pathname;
    const fields = [...form.querySelectorAll("textarea, input[type=text]")];
    const note = form.querySelector("[data-saved-note]");
    const typed = () => Object.fromEntries(fields.map((one) => [one.name, one.value]));
    const put = (kept) => { for (const one of fields) if (kept[one.name] !== undefined) one.value = kept[one.name]; };
    const remember = (more) => stored.set(key, { title: document.title, path: location.pathname, fields: typed(), ...more });
    const kept = stored.get(key);
    if (kept && !document.querySelector(".govuk-error-summary")) offer(kept.fields);
    let timer = 0, sent = "";
    form.addEventListener("input", () => {
      remember({});
      if (form.dataset.autosave) { clearTimeout(timer); timer = setTimeout(save, 2500); }
    });
    form.addEventListener("submit", () => { clearTimeout(timer); if (stored.get(key)) remember({ sent: true }); });

    // Into a form that is as empty as it was; beside one in which something else stands.
    function offer(fresh) {
      const block = document.querySelector("[data-kept]");
      const differs = fields.filter((one) => fresh[one.name] && fresh[one.name] !== one.value);
      if (!differs.length) return stored.remove(key);
      if (!block) { for (const one of differs) if (one.value === "") one.value = fresh[one.name]; return undefined; }
      block.querySelector("[data-kept-words]").textContent = differs.map((one) => fresh[one.name]).join("\n");
      block.querySelector("[data-kept-take]").addEventListener("click", () => { put(fresh); block.hidden = true; fields[0].focus(); });
      block.querySelector("[data-kept-forget]").addEventListener("click", () => { stored.remove(key); block.hidden = true; fields[0].focus(); });
      block.hidden = false;
      return undefined;
    }

    async function save() {
      const body = new URLSearchParams(typed()), now = body.toString();
      if (now === sent) return;
      body.set("token", form.elements.token.value);
      try {
        const answer = await fetch(form.dataset.autosave, { method: "POST", body, redirect: "error" });
        if (!answer.ok) throw answer;
        const said = await answer.json();
        sent = now;
        if (note) note.textContent = said.saved;
        // The server has it: this browser need not keep what may be read by who uses it next.
        if (new URLSearchParams(typed()).toString() === sent) stored.remove(key);
      } catch (_) {
        // No connection, or nobody is signed in any more: it lies in this browser, and the next letter tries again.
        if (note) note.textContent = form.dataset.keptNote;
      }
    }
  }

  // Without a connection: what was typed in this browser and not sent yet, to be copied or gone back to.
  function showDrafts(list) {
    for (const key of keys()) {
      const kept = stored.get(key);
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
      list.closest("[data-drafts-part]").hidden = false;
    }
  }

  if ("serviceWorker" in navigator && document.documentElement.dataset.worker) {
    navigator.serviceWorker.register(document.documentElement.dataset.worker).catch(() => { /* only a convenience */ });
    // In which language the worker answers when there is no connection.
    caches.open("radap-offline").then((cache) => cache.put("/language", new Response(document.documentElement.lang))).catch(() => { /* then in the first */ });
  }
})();
