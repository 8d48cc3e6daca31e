// Keeps one page for when there is no connection, with its style; nothing that is anybody's is kept.
"use strict";

const KEPT = "radap-offline";
const pages = new URL(self.location).searchParams.getAll("keep");

self.addEventListener("install", (event) => {
  // Without cookies: what is kept in every language must not change the one that was chosen.
  const asked = pages.map((one) => new Request(one, { credentials: "omit" }));
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(asked)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  // A form that is sent without a connection as well: what was typed into it is on the page.
  if (event.request.mode === "navigate") {
    event.respondWith(fetch(event.request).catch(offline));
  } else if (event.request.method === "GET" && pages.some((one) => new URL(one, self.location).href === event.request.url)) {
    event.respondWith(caches.match(event.request).then((kept) => kept || fetch(event.request)));
  }
});

// The page in the language that the pages before spoke: each of them leaves its own here.
async function offline() {
  const cache = await caches.open(KEPT), said = await cache.match("/language");
  const language = said ? await said.text() : "";
  return cache.match(pages.find((one) => one.endsWith("lang=" + language)) || pages[0]);
}
