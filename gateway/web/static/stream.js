/**
 * The live stream: connects, notices silence, comes back with a growing pause, and says how it stands.
 * The gateway speaks every two seconds; silence for seven is a lost connection, whatever the socket believes.
 * Each event has a number (`event_id`). The newest one goes along with the next connection, which then goes on after it
 * ("resumed") or begins anew with a snapshot; an event that was heard already is not handed on a second time.
 */

import { ask, Problem } from "./api.js";

const SILENCE_MS = 7000;
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];
const SIGNED_OUT = 4401;

/** An id is "<run of the gateway>-<number>". @returns {[string, number]} */
function parted(/** @type {string} */ id) {
  const dash = id.lastIndexOf("-");
  return [id.slice(0, dash), Number(id.slice(dash + 1))];
}

/** Which events of a stream are new: its memory over all its connections. */
export class Heard {
  /** @param {string} after the id up to which the page has everything already; "" if it has nothing */
  constructor(after = "") {
    this.last = after;
  }

  /** True if this was not heard yet; from now on it was. What has no number is always new. */
  isNew(/** @type {{type: string, event_id?: string}} */ event) {
    const id = event.event_id;
    if (id === undefined) return true;
    if (event.type !== "snapshot" && this.last) {
      const [run, number] = parted(id);
      const [before, last] = parted(this.last);
      if (run === before && number <= last) return false;
    }
    this.last = id;
    return true;
  }
}

/**
 * @param {(event: any) => void} onEvent
 * @param {(state: "connecting" | "connected" | "lost") => void} onState
 * @param {{query?: string | (() => string), after?: string, resumes?: boolean, signedOut?: () => void}} [options]
 *   `query`: of one gate only, or of what; a function is asked at each connection. `after`: the `event_id` of the
 *   snapshot that the page has already. `resumes`: false begins with a snapshot each time. `signedOut`: what then
 * @returns {() => void} ends it: for a part of a page that goes away
 */
export function follow(
  onEvent,
  onState,
  { query = "", after = "", resumes = true, signedOut = () => location.assign("/") } = {},
) {
  const known = new Heard(after);
  let tries = 0;
  let ended = false;
  /** Lets go of the connection of now. */
  let letGo = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;

  function connect() {
    if (ended) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const asked = new URLSearchParams(typeof query === "string" ? query : query());
    if (resumes && known.last) asked.set("after", known.last);
    const words = asked.size ? `?${asked}` : "";
    const socket = new WebSocket(`${scheme}//${location.host}/api/v1/stream${words}`);
    let over = false;

    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(lose, SILENCE_MS);
    };
    const lose = () => {
      if (over) return;
      over = true;
      clearTimeout(silence);
      socket.close();
      onState("lost");
      const pause = PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)] ?? 8000;
      tries += 1;
      setTimeout(() => void again(), pause * (0.75 + Math.random() / 2));
    };

    letGo = () => {
      over = true;
      clearTimeout(silence);
      socket.close();
    };

    heard();
    socket.addEventListener("message", (message) => {
      if (over) return;
      heard();
      // Several that came at once are a list.
      for (const event of [JSON.parse(String(message.data))].flat()) {
        if (event.type === "snapshot" || event.type === "resumed") {
          tries = 0;
          onState("connected");
        }
        if (known.isNew(event)) onEvent(event);
      }
    });
    socket.addEventListener("close", (closed) => {
      if (over) return;
      if (closed.code === SIGNED_OUT) signedOut();
      else lose();
    });
    socket.addEventListener("error", lose);
  }

  /** A refused handshake tells nothing: ask whether we are still signed in before trying for ever. */
  async function again() {
    try {
      await ask("GET", "me");
    } catch (problem) {
      if (problem instanceof Problem && problem.status === 401) {
        signedOut();
        return;
      }
    }
    connect();
  }

  connect();
  return () => {
    ended = true;
    letGo();
  };
}
