// The matrix while it is looked at: what somebody moves meanwhile is fetched, marked and said. Needed by nobody:
// a reload shows the same.
"use strict";

(function () {
  const place = document.querySelector("[data-live]");
  if (!place || !window.EventSource) return;
  const waiting = new Set();
  let timer = 0;
  new EventSource(place.dataset.live).addEventListener("message", (event) => {
    for (const id of JSON.parse(event.data)) waiting.add(id);
    clearTimeout(timer);
    timer = setTimeout(fetchAgain, 300);
  });

  async function fetchAgain() {
    const ids = [...waiting];
    waiting.clear();
    let text;
    try {
      const answer = await fetch(location.href, { redirect: "error" });
      if (!answer.ok) return;
      text = await answer.text();
    } catch (_) { return; /* offline: the next change fetches this one as well */ }
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const said = ids.map((id) => replace(document.getElementById(`i${id}`), fresh.getElementById(`i${id}`))).filter(Boolean);
    const drawings = fresh.querySelector(".radap-drawings");
    if (drawings) document.querySelector(".radap-drawings").replaceWith(drawings);
    if (said.length) place.textContent = `${place.dataset.changed} ${said.join(" · ")}`;
  }

  // The new cell in the place of the old one; who stands in it with the keyboard stays there.
  function replace(old, found) {
    if (!old || !found) return "";
    const stood = old.contains(document.activeElement);
    found.classList.add("radap-changed");
    old.replaceWith(found);
    if (stood) found.querySelector("a").focus();
    const row = found.closest("tr").querySelector("th");
    const head = found.closest(".radap-matrix") && found.closest("table").rows[0].cells[found.cellIndex];
    return [row, head, found].filter(Boolean).map((one) => one.textContent.replace(/\s+/g, " ").trim()).join(" ");
  }
})();
