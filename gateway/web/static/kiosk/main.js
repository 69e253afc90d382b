/**
 * The kiosk: the stream changes the state, the state goes to the parts, what the guard does goes to the gateway.
 *
 * The parts: band (live/level.js, live/clock.js, tools.js, devices.js) · waiting.js · verdict.js (rush.js) · day.js ·
 * bar.js (hold.js, emergency.js) · one sheet at a time (host.js, sheets.js, sheet.js). Signing on and the lock:
 * sign_on.js, lock.js. What is kept on this machine: storage.js. Without the gateway: offline.js, seal.js, worker.js.
 */

import { ask, Problem } from "../api.js";
import { data, t, texts, timeOfDay, word } from "../i18n.js";
import { follow } from "../stream.js";
import { ClockPart } from "../live/clock.js";
import { LevelPart } from "../live/level.js";
import { BarPart } from "./bar.js";
import { GateDevicesPart } from "./devices.js";
import { HelpPart } from "./help.js";
import { SheetHost } from "./host.js";
import { listenToScanner } from "./scanner.js";
import { keepPage } from "./keep_page.js";
import { Lock } from "./lock.js";
import { OfflineBox } from "./offline.js";
import { SignOnPart } from "./sign_on.js";
import { play, unlockSounds } from "./sounds.js";
import { after, forgetOld, fromSnapshot, withoutLate } from "./state.js";
import { draft, forget } from "./storage.js";
import { ToolsPart } from "./tools.js";
import { Turned } from "./turned.js";
import { VerdictPart } from "./verdict.js";
import { KioskWaitingPart } from "./waiting.js";

/** @typedef {import("./sheet.js").Kiosk} Kiosk */

/** After these the kiosk keeps itself anew, for a reload without the gateway. */
const KEPT_AT = new Set(["snapshot", "waiting", "waiting_closed", "decision", "emergency", "level"]);
const KEEP_AFTER_MS = 400;

const page = data("page");
const portals = new Set(/** @type {{id: string}[]} */ (page.gate.portals).map((one) => one.id));
let state = { ...fromSnapshot(data("state"), null, portals), locked: Boolean(page.locked) };

/** What the gateway's clock showed when it last spoke, when that was here, and how fast it runs on a simulated campus. */
let heardAt = state.heardAt;
let heardHere = Date.now();
let pace = 1;

const now = () => heardAt + (Date.now() - heardHere) * pace;

function hearTime(/** @type {string} */ at) {
  const passed = Date.now() - heardHere;
  const measured = (Date.parse(at) - heardAt) / passed;
  if (passed > 1000) pace = measured > 1.5 && measured < 10000 ? measured : 1;
  heardAt = Date.parse(at);
  heardHere = Date.now();
}

/**
 * @template {HTMLElement} T
 * @param {string} name
 * @param {new () => T} kind
 * @returns {T}
 */
function part(name, kind) {
  const found = document.querySelector(name);
  if (!(found instanceof kind)) throw new Error(`the page has no ${name}`);
  return found;
}

const host = new SheetHost(/** @type {HTMLElement} */ (document.getElementById("sheet")));
/** Another guard has signed on at a post that is handed over: the hand-over opens after the reload. */
const TAKES_OVER = "wg-takes-over";
const cover = /** @type {HTMLElement} */ (document.getElementById("unlock"));
const box = new OfflineBox(page.public_key, () => Date.now(), () => soon());
const turned = new Turned(page.gate.id, page.polite);
const lock = new Lock(Boolean(page.by_card), state.locked, () => state.online === "lost", lockChanged);

/** @type {Kiosk} */
const kiosk = {
  gate: page.gate,
  portals: page.gate.portals,
  rights: page.rights,
  me: { user: page.user, person: page.person },
  now,
  ask: async (method, path, body) => {
    try {
      return await ask(method, path, body);
    } catch (problem) {
      if (problem instanceof Problem && problem.kind === "locked") lock.set(true);
      throw problem;
    }
  },
  open: (name, options) => host.open(kiosk, name, options),
  close: () => host.close(),
  get state() {
    return state;
  },
  draft,
  offline: { box, seal: (registration) => box.seal(registration), waiting: async () => box.count },
  sound: play,
  unlocked: () => {
    if (state.locked) askToUnlock();
    return !state.locked;
  },
};

const parts = {
  level: part("wg-level", LevelPart),
  clock: part("wg-clock", ClockPart),
  devices: part("wg-k-devices", GateDevicesPart),
  tools: part("wg-k-tools", ToolsPart),
  waiting: part("wg-k-waiting", KioskWaitingPart),
  verdict: part("wg-k-verdict", VerdictPart),
  bar: part("wg-k-bar", BarPart),
  help: part("wg-k-help", HelpPart),
};
const own = [parts.help, parts.devices, parts.tools, parts.waiting, parts.verdict, parts.bar];
for (const one of own) one.kiosk = kiosk;
parts.verdict.turn = (tap) => turned.show(tap.answer ?? tap);
parts.tools.byCard = Boolean(page.by_card);
parts.tools.lock = () => void lock.lock();
parts.tools.unlock = () => askToUnlock();
parts.tools.signOff = () => void signOff();
host.unlock = () => askToUnlock();

listenToScanner(kiosk);

/** The day's column is a part of its own; a kiosk on which it fails still guards the gate. */
const day = /** @type {any} */ (document.querySelector("wg-k-day"));
import("./day.js").then(
  () => {
    day.kiosk = kiosk;
  },
  () => {},
);

/** The vehicle lanes speak where there is something to say of them. */
const lanes = /** @type {any} */ (document.querySelector("wg-k-lanes"));
import("./lanes.js").then(
  () => {
    lanes.kiosk = kiosk;
    void lanes.load();
  },
  () => {},
);

// ---------------------------------------------------------------- painting

function paint() {
  const band = /** @type {HTMLElement} */ (document.getElementById("band"));
  band.dataset.level = String(state.level.level);
  band.dataset.drill = String(state.level.drill);
  document.body.classList.toggle("stale", state.online === "lost");
  document.body.dataset.locked = String(state.locked);
  parts.level.level = state.level;
  for (const one of own) one.requestUpdate();
  host.sheet?.requestUpdate();
  paintNotice();
  paintTime();
}

/** @type {number | undefined} */
let frame;

/** With the next frame: at five hundred taps a minute each is seen at once, and none is painted twice. */
function soon() {
  frame ??= requestAnimationFrame(() => {
    frame = undefined;
    paint();
  });
}

function paintTime() {
  parts.clock.now = now();
  parts.clock.state = state.online;
  parts.clock.heardAt = heardAt;
  parts.waiting.now = now();
  parts.help.now = now();
  lanes?.requestUpdate?.();
}

function paintNotice() {
  const lines = [];
  if (state.online === "lost") {
    lines.push(
      t(
        "The gateway has been out of reach since {time}. Devices decide by their own lists; visitors can be registered and are brought in later.",
        { time: timeOfDay(heardAt) },
      ),
    );
  }
  if (state.away.length && state.online !== "lost") {
    const what = state.away.map((one) => word("away", one)).join(", ");
    lines.push(t("The gateway has lost its {what}. Devices decide by their own lists until it is back.", { what }));
  }
  const notice = /** @type {HTMLElement} */ (document.getElementById("notice"));
  const text = /** @type {HTMLElement} */ (notice.querySelector("span"));
  const button = /** @type {HTMLButtonElement} */ (notice.querySelector("button"));
  if (text.textContent !== lines.join(" ")) text.textContent = lines.join(" ");
  const refused = box.refused.length;
  const kept = refused
    ? t("{count} registrations were not taken", { count: refused })
    : box.count
      ? t("{count} registrations wait", { count: box.count })
      : box.done.length
        ? t("{count} registrations brought in", { count: box.done.length })
        : "";
  if (button.textContent !== kept) button.textContent = kept;
  button.hidden = !kept;
  notice.hidden = lines.length === 0 && !kept;
}

// ---------------------------------------------------------------- hearing

const seen = new Set();

function hear(/** @type {any} */ event) {
  // A silent alarm is the control room's: at the place itself nothing of it shows or sounds, whoever has signed in.
  if (event.silent) return;
  if (event.type === "tick" || event.type === "snapshot") hearTime(event.at);
  const before = state;
  state = after(state, event, portals);
  if (event.type === "decision" && portals.has(event.portal) && !seen.has(event.id)) {
    seen.add(event.id);
    if (seen.size > 1000) seen.delete(seen.values().next().value);
    parts.verdict.show(event);
    turned.tell(event);
    play(event.outcome === "grant" ? "grant" : event.outcome === "deny" ? "refuse" : "wait");
  }
  if (event.type === "waiting_closed") closed(before, event);
  if (event.type === "waiting" && portals.has(event.portal)) announce(event);
  if (event.type === "alarm" && event.state === "unacknowledged") play("alarm");
  if (event.type === "emergency" && !before.emergencies.some((one) => one.id === event.id)) play("alarm");
  if (event.type === "snapshot") void back();
  if (KEPT_AT.has(event.type)) keepSoon();
  day?.hear?.(event);
  lanes?.hear?.(event);
  parts.help.hear(event);
  host.sheet?.hear(event);
  soon();
}

function closed(/** @type {typeof state} */ before, /** @type {any} */ event) {
  const row = before.waiting.find((one) => one.id === event.id);
  if (row === undefined) return;
  const late = event.reason === "guard_timeout" && event.outcome === "deny";
  if (!late) parts.waiting.gone(row, event);
  turned.tell(event);
  play(event.outcome === "grant" ? "grant" : "refuse");
}

/** Whoever cannot see the screen hears of those who wait, and of nothing else: taps are too many to be read out. */
function announce(/** @type {import("../store.js").Waiting} */ one) {
  const line = /** @type {HTMLElement} */ (document.getElementById("said"));
  line.textContent = `${t("Waiting for a person")}: ${one.holder?.name ?? t("nobody known")}, ${texts.places[one.portal] ?? one.portal}`;
}

/** The gateway speaks (again). */
async function back() {
  await lock.ask();
  if (page.shell) await askWhoAmI();
  if (kiosk.rights.includes("register_visits")) await box.bringIn();
}

/** This page came from the browser's own keep: who is signed on, the gateway says. */
async function askWhoAmI() {
  try {
    await ask("GET", "me");
    if (host.sheet === null) location.reload();
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) location.reload();
  }
}

function online(/** @type {"connecting" | "connected" | "lost"} */ to) {
  const changed = state.online !== to;
  state = { ...state, online: to };
  if (changed) tellParts();
  soon();
}

/** Something that no event tells: the lock, the connection. */
function tellParts() {
  const event = { type: "kiosk", locked: state.locked, online: state.online };
  day?.hear?.(event);
  day?.requestUpdate?.();
  host.sheet?.hear(event);
}

// ---------------------------------------------------------------- the lock

function lockChanged(/** @type {boolean} */ locked) {
  state = { ...state, locked };
  if (locked && host.line?.records) askToUnlock();
  if (!locked) {
    cover.replaceChildren();
    cover.hidden = true;
    void host.goOn(kiosk);
  }
  tellParts();
  paint();
}

/** The form that unlocks, over the records; while the gateway is away a touch has to do. */
function askToUnlock() {
  if (!cover.hidden) return;
  cover.hidden = false;
  if (state.online === "lost") {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "k-big main";
    button.textContent = t("Show the lists: no PIN can be looked at without the gateway");
    button.addEventListener("click", () => lock.open());
    cover.replaceChildren(button, closeCover());
    button.focus();
    return;
  }
  const form = document.createElement("wg-k-sign-on");
  if (!(form instanceof SignOnPart)) return;
  form.mode = "unlock";
  form.gate = page.gate.id;
  form.done = (answer) => {
    if (answer.me.user !== page.user) {
      if (page.gate.post?.sign_on) sessionStorage.setItem(TAKES_OVER, "1");
      void forget().then(() => location.reload());
      return;
    }
    lock.open();
  };
  cover.replaceChildren(form, closeCover());
  void form.updateComplete.then(() => form.input("card").focus());
}

/** Back to the board, with the records locked. */
function closeCover() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "k-close";
  button.textContent = t("Back to the board");
  button.addEventListener("click", () => {
    host.next = null;
    cover.replaceChildren();
    cover.hidden = true;
    if (host.line?.records) {
      host.place.hidden = true;
    }
  });
  return button;
}

async function signOff() {
  await forget();
  sessionStorage.clear();
  try {
    await ask("DELETE", "session");
  } finally {
    location.reload();
  }
}

// ---------------------------------------------------------------- starting

document.addEventListener("wg-act", (event) => {
  const act = /** @type {CustomEvent<any>} */ (event).detail;
  if (act.act !== "forget_late") return;
  state = withoutLate(state, act.id);
  soon();
});
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-open]") : null;
  if (button instanceof HTMLElement) void kiosk.open(String(button.dataset.open));
});

async function start() {
  if (page.shell) await fromHere();
  follow(hear, online, {
    query: `?gate=${encodeURIComponent(page.gate.id)}`,
    resumes: false, // what the kiosk did by itself meanwhile is told to the gateway, and the lists come anew
    signedOut: () => void forget().then(() => location.reload()),
  });
  unlockSounds();
  keepPage();
  await host.again(kiosk);
  setInterval(() => {
    const later = forgetOld(state, now());
    if (later !== state) {
      state = later;
      soon();
    }
    paintTime();
  }, 1000);
  document.body.dataset.ready = "true";
  if (sessionStorage.getItem(TAKES_OVER)) {
    sessionStorage.removeItem(TAKES_OVER);
    await kiosk.open("shift");
  }
}

/** The page without the gateway: who was signed on here, and the lists as they were. */
async function fromHere() {
  const kept = await draft("kiosk").load();
  if (kept === null) {
    lock.set(true);
    return;
  }
  kiosk.rights = kept.rights;
  kiosk.me = kept.me;
  page.user = kept.me.user;
  heardAt = kept.heardAt;
  heardHere = Date.now();
  state = { ...state, ...kept.state, online: "lost", heardAt };
  lock.byCard = kept.byCard;
  paint();
}

/** @type {number | undefined} */
let keeping;

/** Not with each of five hundred taps a minute. */
function keepSoon() {
  keeping ??= window.setTimeout(() => {
    keeping = undefined;
    void keepHere();
  }, KEEP_AFTER_MS);
}

/** For a reload without the gateway: names and verdicts, no card, no document. */
async function keepHere() {
  if (state.online !== "connected") return;
  const { waiting, late, taps, devices, level, emergencies } = state;
  const kept = { waiting, late, taps: taps.slice(0, 12), devices, level, emergencies };
  await draft("kiosk").save({ rights: kiosk.rights, me: kiosk.me, byCard: page.by_card, heardAt, state: kept });
}

paint();
void start();
