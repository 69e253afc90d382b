/**
 * What the kiosk keeps on this machine (IndexedDB): drafts and lists, encrypted; and sealed registrations.
 *
 * Drafts and lists are encrypted with a key that this browser keeps and gives to no script (AES-GCM, not extractable),
 * so that no document number lies readable in a file of the disk. Signing off throws the key away, and with it
 * whatever it encrypted. Sealed registrations stay: only the gateway can read them (seal.js).
 *
 * Promises: never throws at a guard. Where the browser keeps nothing (private windows, a full disk) drafts live in
 * memory until the page is loaded anew. Leaves to others: what is a draft.
 */

const NAME = "wardgate-kiosk";
const STORES = ["keys", "kept", "sealed"];

/** @type {Promise<IDBDatabase | null> | undefined} */
let opened;
/** @type {Promise<CryptoKey | null> | undefined} */
let key;
/** @type {Map<string, any>} */
const memory = new Map();

/** @returns {Promise<IDBDatabase | null>} */
function database() {
  opened ??= new Promise((resolve) => {
    try {
      const asked = indexedDB.open(NAME, 1);
      asked.onupgradeneeded = () => {
        for (const store of STORES) asked.result.createObjectStore(store);
      };
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => resolve(null);
      asked.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return opened;
}

/**
 * One request to one store; null if it could not be done.
 * @param {string} store
 * @param {"readonly" | "readwrite"} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act
 * @returns {Promise<any>}
 */
async function inStore(store, mode, act) {
  const db = await database();
  if (db === null) return null;
  return new Promise((resolve) => {
    try {
      const transaction = db.transaction(store, mode, { durability: "strict" });
      const request = act(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result ?? null);
      transaction.onabort = transaction.onerror = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}

/** The key of this machine, made when it is first needed. */
function ownKey() {
  key ??= (async () => {
    const known = await inStore("keys", "readonly", (store) => store.get("own"));
    if (known instanceof CryptoKey) return known;
    try {
      const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
      return (await inStore("keys", "readwrite", (store) => store.put(made, "own"))) === null ? null : made;
    } catch {
      return null;
    }
  })();
  return key;
}

/** What is written is written in turn: an older value never comes after a newer one, nor after it was cleared. */
let turn = Promise.resolve();
/** Names whose newest value waits to be written; typing on meanwhile adds nothing. @type {Map<string, Promise<void>>} */
const pending = new Map();

/** @returns {Promise<void>} */
function inTurn(/** @type {() => Promise<void>} */ work) {
  const done = turn.then(work);
  turn = done.catch(() => {});
  return done;
}

function save(/** @type {string} */ name, /** @type {any} */ value) {
  memory.set(name, structuredClone(value));
  const waiting = pending.get(name);
  if (waiting !== undefined) return waiting;
  const done = inTurn(async () => {
    pending.delete(name);
    await write(name);
  });
  pending.set(name, done);
  return done;
}

/** The newest value of that name, unless it was cleared meanwhile. */
async function write(/** @type {string} */ name) {
  const own = await ownKey();
  if (own === null || !memory.has(name)) return;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(memory.get(name)));
  const box = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, own, plain);
  await inStore("kept", "readwrite", (store) => store.put({ iv, box }, name));
}

async function load(/** @type {string} */ name) {
  if (memory.has(name)) return structuredClone(memory.get(name));
  const found = await inStore("kept", "readonly", (store) => store.get(name));
  const own = found === null ? null : await ownKey();
  if (own === null) return null;
  try {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: found.iv }, own, found.box);
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    return null; // of another key: of whoever was signed on before
  }
}

async function clear(/** @type {string} */ name) {
  memory.delete(name);
  await inTurn(async () => {
    await inStore("kept", "readwrite", (store) => store.delete(name));
  });
}

/** @returns {import("./sheet.js").Draft} */
export function draft(/** @type {string} */ name) {
  return { load: () => load(name), save: (value) => save(name, value), clear: () => clear(name) };
}

/** Somebody signs off: nothing of theirs can be read here any more. Sealed registrations stay. */
export async function forget() {
  memory.clear();
  await inTurn(async () => {
    key = undefined;
    await inStore("kept", "readwrite", (store) => store.clear());
    await inStore("keys", "readwrite", (store) => store.clear());
  });
}

/** @typedef {{key: string, box: string, at: number, state?: string, errors?: {field: string, message: string}[]}} SealedBox */

/** The sealed registrations, the oldest first. @returns {Promise<SealedBox[]>} */
export async function sealedBoxes() {
  const found = /** @type {SealedBox[]} */ ((await inStore("sealed", "readonly", (store) => store.getAll())) ?? []);
  return found.sort((a, b) => a.at - b.at);
}

/** False if it could not be kept: then it is nowhere but on the screen. */
export async function keepSealed(/** @type {SealedBox} */ one) {
  return (await inStore("sealed", "readwrite", (store) => store.put(one, one.key))) !== null;
}

export async function dropSealed(/** @type {string} */ name) {
  await inStore("sealed", "readwrite", (store) => store.delete(name));
}
