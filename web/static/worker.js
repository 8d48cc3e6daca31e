// Keeps one page for when there is no connection, with its style; nothing that is anybody's is kept.
"use strict";

const KEPT = "radap-offline";
const pages = new URL(self.location).searchParams.getAll("keep");

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(pages)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  // A form that is sent without a connection as well: what was typed into it is on the page.
  if (event.request.mode === "navigate") {
    event.respondWith(fetch(event.request).catch(() => caches.match(pages[0])));
  } else if (event.request.method === "GET" && pages.some((one) => new URL(one, self.location).href === event.request.url)) {
    event.respondWith(caches.match(event.request).then((kept) => kept || fetch(event.request)));
  }
});
