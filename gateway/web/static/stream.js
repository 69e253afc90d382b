/**
 * The live stream: connects, notices silence, comes back with a growing pause, and says how it stands.
 * The gateway speaks every two seconds; silence for seven is a lost connection, whatever the socket believes.
 */

import { ask, Problem } from "./api.js";

const SILENCE_MS = 7000;
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];
const SIGNED_OUT = 4401;

/**
 * @param {(event: any) => void} onEvent
 * @param {(state: "connecting" | "connected" | "lost") => void} onState
 * @param {{query?: string, signedOut?: () => void}} [options] `query`: of one gate only; `signedOut`: what then
 */
export function follow(onEvent, onState, { query = "", signedOut = () => location.assign("/") } = {}) {
  let tries = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;

  function connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/api/v1/stream${query}`);
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

    heard();
    socket.addEventListener("message", (message) => {
      if (over) return;
      heard();
      const event = JSON.parse(String(message.data));
      if (event.type === "snapshot") {
        tries = 0;
        onState("connected");
      }
      onEvent(event);
    });
    socket.addEventListener("close", (closed) => {
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
}
