/** Lets the service worker keep this page for when the gateway is away (worker.js). */

const AFTER_MS = 1500;

export function keepPage() {
  if (!("serviceWorker" in navigator)) return;
  /** @type {any} */
  const types = /** @type {any} */ (globalThis).trustedTypes;
  const address = "/kiosk-sw.js";
  const policy = types?.createPolicy("wardgate-kiosk", {
    createScriptURL: (/** @type {string} */ url) => (url === address ? url : ""),
  });
  const url = policy === undefined ? address : policy.createScriptURL(address);
  // The guard's page comes first: keeping a copy of it can wait a moment.
  setTimeout(() => {
    void navigator.serviceWorker.register(url, { scope: "/kiosk", updateViaCache: "none" }).catch(() => {});
  }, AFTER_MS);
}
