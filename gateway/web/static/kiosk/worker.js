/**
 * The kiosk's service worker, served as /kiosk-sw.js with its list of files before it (self.KEPT).
 *
 * Promises: the network first, always; what is kept here serves only while the gateway cannot be reached, so nobody is
 * shown yesterday's page. Kept are exactly the files of the kiosk's pages, and of the page itself a form without
 * anybody's data, in both languages. The API is never touched.
 */

const worker = /** @type {any} */ (self);
const FILES = new Set(/** @type {string[]} */ (worker.KEPT.files));
const NAME = `wardgate-kiosk-${worker.KEPT.version}`;
const PAGES = "wardgate-kiosk-pages";
/** A gateway that takes longer is as good as away; a guard does not look at a white page. */
const PATIENCE_MS = 4000;
const LANGUAGES = ["en", "zh"];

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(
    caches
      .open(NAME)
      .then((cache) => cache.addAll([...FILES]))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith("wardgate-kiosk-") && name !== NAME && name !== PAGES))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== worker.location.origin) return;
  if (event.request.mode === "navigate" && (url.pathname === "/kiosk" || url.pathname === "/kiosk/facing")) {
    event.respondWith(page(event, url));
  } else if (FILES.has(url.pathname)) {
    event.respondWith(file(event.request, url.pathname));
  }
});

/** A file as the gateway has it now, else as it was. */
async function file(/** @type {Request} */ request, /** @type {string} */ path) {
  try {
    const answer = await patiently(request);
    if (answer.ok) {
      const cache = await caches.open(NAME);
      await cache.put(path, answer.clone());
    }
    return answer;
  } catch (error) {
    const kept = await caches.match(path);
    if (kept) return kept;
    throw error;
  }
}

/** The page as the gateway makes it now; else the form of it that was kept, in the language that was last shown. */
async function page(/** @type {any} */ event, /** @type {URL} */ url) {
  try {
    const answer = await patiently(event.request);
    if (answer.status < 500) {
      event.waitUntil(keep(url, answer.headers.get("Content-Language") ?? "en"));
      return answer;
    }
  } catch {
    // Out of reach: below.
  }
  const cache = await caches.open(PAGES);
  const last = await (await cache.match("/language"))?.text();
  const language = url.searchParams.get("lang") ?? last ?? "en";
  const kept = (await cache.match(address(url, language))) ?? (await cache.match(address(url, "en")));
  return kept ?? Response.error();
}

/** Keep the page without data, in each language, for the gate at which this kiosk stands. */
async function keep(/** @type {URL} */ url, /** @type {string} */ shown) {
  const cache = await caches.open(PAGES);
  await cache.put("/language", new Response(shown.startsWith("zh") ? "zh" : "en"));
  for (const language of LANGUAGES) {
    const answer = await fetch(address(url, language), { credentials: "same-origin" });
    if (answer.ok) await cache.put(address(url, language), answer);
  }
}

function address(/** @type {URL} */ url, /** @type {string} */ language) {
  const gate = encodeURIComponent(url.searchParams.get("gate") ?? "");
  return `${url.pathname === "/kiosk" ? "/kiosk/shell" : url.pathname}?gate=${gate}&lang=${language}`;
}

function patiently(/** @type {Request} */ request) {
  return new Promise((/** @type {(answer: Response) => void} */ resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("too slow")), PATIENCE_MS);
    fetch(request).then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
