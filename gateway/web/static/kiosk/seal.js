/**
 * Seals for the gateway alone: an ephemeral key pair on P-256, HKDF-SHA256 over what it shares with the gateway's public
 * key, AES-256-GCM. The private half is never kept, so this machine cannot open what it has sealed. The gateway's side
 * is `gateway/web/sealed.py`; both change together.
 */

const FOR_BOX = new TextEncoder().encode("wardgate offline registration");
const CURVE = { name: "ECDH", namedCurve: "P-256" };

/**
 * @param {string} publicKey the gateway's, as an uncompressed point in base64
 * @param {string} name bound to the box: it opens under no other
 * @param {any} value
 * @returns {Promise<string>} base64
 */
export async function seal(publicKey, name, value) {
  const theirs = bytes(publicKey);
  const gateway = await crypto.subtle.importKey("raw", theirs, CURVE, false, []);
  const pair = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const mine = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: gateway }, pair.privateKey, 256);
  const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const under = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: joined(mine, theirs), info: FOR_BOX },
    base,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt"],
  );
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = new TextEncoder().encode(name);
  const plain = new TextEncoder().encode(JSON.stringify(value));
  const box = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, under, plain));
  return base64(joined(mine, iv, box));
}

function joined(/** @type {Uint8Array[]} */ ...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function bytes(/** @type {string} */ text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function base64(/** @type {Uint8Array} */ raw) {
  return btoa(Array.from(raw, (byte) => String.fromCharCode(byte)).join(""));
}
