/**
 * Signing by phone: the order that waits, what it changes, sign or refuse. One question per screen, the answer under the
 * thumb, from 320 px, without the browser libraries.
 *
 * Promises: nothing is signed by one touch; the second screen names the consequence in numbers. Somebody else's act in
 * between is said, with how the order stands by now. The address names an order and holds no secret.
 */

import { ask, Problem } from "../api.js";
import { COMMA, headline, lines, pastInWords, withoutEffect } from "../control/level/preview_lines.js";
import { data, place, t, word } from "../i18n.js";
import { button, el, show } from "../host/paint.js";
import { problem, tell } from "../host/views.js";
import { said } from "../slips/times.js";
import "../shell.js";

/** @typedef {import("../control/level/signs.js").Order} Order */
/** @typedef {import("../control/level/preview_lines.js").Preview} Preview */
/** @typedef {"sign" | "countersign" | "confirm"} Act */

const page = /** @type {{user: string | null, rights: string[]}} */ (data("state"));
const here = /** @type {HTMLElement} */ (document.getElementById("sign"));
const wanted = new URLSearchParams(location.search).get("order") ?? "";
const LOOK_MS = 1500;
/** After so long the page looks no more by itself: who wants to know more presses. */
const LOOKS = 60;

const may = (/** @type {string} */ right) => page.rights.includes(right);

/** @param {...(Node | null | false | "")} children */
function screen(...children) {
  show(here, .../** @type {Node[]} */ (children.filter(Boolean)));
}

/** What this user is asked to do with an order; null if nothing. @returns {Act | null} */
function asked(/** @type {Order} */ order) {
  const mine = order.requested_by === page.user;
  if (order.state === "requested" && may("sign_orders") && !mine) return "sign";
  if (order.lacks.includes("countersignature") && may("sign_orders") && !mine) return "countersign";
  if (order.lacks.includes("confirmation") && may("raise_orally") && order.signed_by === page.user) return "confirm";
  return null;
}

// ---------------------------------------------------------------- signing in

function signIn() {
  const wrong = problem();
  const field = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ type, /** @type {string} */ auto) =>
    /** @type {const} */ ([
      el("label.field", { for: name }, label),
      el("input", { id: name, name, type, autocomplete: auto, autocapitalize: "off", spellcheck: "false", required: true }),
    ]);
  const submit = el("button.main", { type: "submit" }, t("Sign in"));
  const form = /** @type {HTMLFormElement} */ (
    el(
      "form",
      {
        submit: async (/** @type {Event} */ event) => {
          event.preventDefault();
          if (submit.getAttribute("aria-busy") === "true") return;
          const given = new FormData(form);
          submit.setAttribute("aria-busy", "true");
          wrong.hidden = true;
          try {
            await ask("POST", "session", { user: String(given.get("user")).trim(), password: String(given.get("password")) });
            location.reload();
          } catch (error) {
            tell(wrong, inWords(error));
          } finally {
            submit.removeAttribute("aria-busy");
          }
        },
      },
      ...field("user", t("User"), "text", "username"),
      ...field("password", t("Password"), "password", "current-password"),
      wrong,
      el("div.answers", {}, submit),
    )
  );
  screen(el("h1", {}, t("Sign in to sign")), el("p.quiet", {}, t("An order waits. It is shown after you have signed in.")), form);
}

// ---------------------------------------------------------------- which order

async function begin() {
  if (page.user === null) return signIn();
  try {
    if (wanted) return await open(await ask("GET", `orders/${encodeURIComponent(wanted)}`));
    await list();
  } catch (error) {
    screen(el("h1", {}, t("Sign an order")), el("p.wrong", { role: "alert" }, inWords(error)), el("div.answers", {}, button(".main", [t("Try again")], begin)));
  }
}

async function list() {
  const { orders } = await ask("GET", "orders?limit=200");
  const waiting = orders.filter((/** @type {Order} */ one) => asked(one) !== null);
  if (waiting.length === 1) return open(waiting[0]);
  screen(
    el("h1", {}, waiting.length ? t("{count} orders wait for you", { count: waiting.length }) : t("Nothing waits for you")),
    waiting.length === 0 && el("p.quiet", {}, t("An order that somebody requests appears here, with what it will change.")),
    ...waiting.map((/** @type {Order} */ one) => button(".choice", [el("span", {}, titleOf(one), el("small", {}, ` ${zones(one)} · ${times(one)}`))], () => open(one))),
    el("div.answers", {}, button("", [t("Look again")], begin)),
  );
}

// ---------------------------------------------------------------- one order

async function open(/** @type {Order} */ order) {
  const act = asked(order);
  if (act === null) return stands(order, "");
  screen(el("h1", {}, question(act)), facts(order), el("p.quiet", { role: "status" }, t("Working out what it will change …")));
  /** @type {Preview | null} */
  let preview = null;
  let failed = "";
  if (act === "sign") {
    try {
      preview = await ask("GET", `orders/${order.id}/preview?of=filing`);
    } catch (error) {
      failed = inWords(error);
    }
  }
  screen(
    el("h1", {}, question(act)),
    facts(order),
    preview && changes(preview),
    failed && el("p.wrong", { role: "alert" }, t("What it will change could not be worked out: {why}", { why: failed })),
    el(
      "div.answers",
      {},
      button(".main", [act === "sign" ? t("Sign …") : act === "countersign" ? t("Countersign …") : t("Confirm …")], () => sure(order, act, preview)),
      act === "sign" && button("", [t("Do not sign")], () => refuse(order, preview)),
    ),
  );
}

function question(/** @type {Act} */ act) {
  if (act === "countersign") return t("Countersign this order?");
  return act === "confirm" ? t("Did you give this order by word?") : t("Sign this order?");
}

/** The second screen: the consequence in numbers, and the act. */
function sure(/** @type {Order} */ order, /** @type {Act} */ act, /** @type {Preview | null} */ preview) {
  const wrong = problem();
  const numbers = preview === null ? "" : withoutEffect(preview) || headline(preview);
  screen(
    el("h1", {}, `${titleOf(order)}: ${question(act)}`),
    order.drill && drill(),
    numbers && el("p.numbers", {}, numbers),
    el("p", {}, `${zones(order)} · ${times(order)}`),
    act === "sign" && el("p.quiet", {}, t("It counts with your signature, from its start on. Every device is told at once.")),
    wrong,
    el(
      "div.answers",
      {},
      button(".main", [act === "sign" ? t("Yes, sign") : act === "countersign" ? t("Yes, countersign") : t("Yes, I did")], () => carry(order, act, undefined, wrong)),
      button("", [t("Back")], () => open(order)),
    ),
  );
}

function refuse(/** @type {Order} */ order, /** @type {Preview | null} */ _preview) {
  const wrong = problem();
  const words = /** @type {HTMLTextAreaElement} */ (el("textarea", { id: "reason", rows: "3", maxlength: "500" }));
  const send = async () => {
    const reason = words.value.replace(/\s+/g, " ").trim();
    if (!reason) return tell(wrong, t("Say why, in a few words."));
    await carry(order, "refuse", { reason }, wrong);
  };
  screen(
    el("h1", {}, t("Why not?")),
    facts(order),
    el("label.field", { for: "reason" }, t("Reason")),
    words,
    wrong,
    el("div.answers", {}, button(".main", [t("Do not sign")], send), button("", [t("Back")], () => open(order))),
  );
}

/** @param {Order} order @param {Act | "refuse"} act @param {object | undefined} body @param {HTMLElement} wrong */
async function carry(order, act, body, wrong) {
  try {
    const done = await ask("POST", `orders/${order.id}/${act}`, body);
    if (act === "sign") return void signed(done);
    stands(done, act === "refuse" ? t("Not signed. It is over.") : t("Done. Thank you."));
  } catch (error) {
    if (!(error instanceof Problem) || error.status === 0 || error.status >= 500) return tell(wrong, inWords(error));
    // Somebody was faster, or it may not be: what happened, and how it stands now.
    const now = await ask("GET", `orders/${order.id}`).catch(() => order);
    stands(now, inWords(error), true);
  }
}

/** How an order stands for whom nothing is left to do. */
function stands(/** @type {Order} */ order, /** @type {string} */ what, isWrong = false) {
  const by = order.revoked_by ?? order.refused_by ?? order.signed_by;
  const at = order.revoked_at ?? order.refused_at ?? order.signed_at;
  screen(
    el("h1", { class: isWrong ? "" : "done" }, what && !isWrong ? what : t("This order is {state}", { state: word("order", order.state) })),
    isWrong && el("p.wrong", { role: "alert" }, what),
    facts(order),
    by && el("p", {}, `${word("order", order.state)} · ${by}${at ? ` · ${said(at)}` : ""}`),
    el("div.answers", {}, button("", [t("What else waits")], list)),
  );
}

// ---------------------------------------------------------------- afterwards

/** Signed: who follows, in one line. */
async function signed(/** @type {Order} */ order) {
  const line = el("p.follows", { role: "status" }, t("Devices are being told …"));
  const ahead = order.state === "signed";
  screen(
    el("h1.done", {}, ahead ? t("Signed. It begins at {time}", { time: said(order.starts_at) }) : t("Signed. It is in force")),
    order.drill && drill(),
    facts(order),
    !ahead && line,
    el("div.answers", {}, button("", [t("What else waits")], list)),
  );
  if (ahead) return;
  for (let look = 0; look < LOOKS && line.isConnected; look += 1) {
    try {
      const { counts } = await ask("GET", "propagation");
      line.textContent = followers(counts);
      line.dataset.late = String(counts.late > 0);
      if (counts.acknowledged + counts.away >= counts.devices) return;
    } catch {
      line.textContent = t("Who follows cannot be seen just now.");
    }
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

function followers(/** @type {any} */ { devices, acknowledged, late, away }) {
  const parts = [t("{count} of {all} devices follow", { count: acknowledged, all: devices })];
  if (late) parts.push(`◆ ${t("{count} late", { count: late })}`);
  if (away) parts.push(`✕ ${t("{count} lost", { count: away })}`);
  return parts.join(" · ");
}

// ---------------------------------------------------------------- what is shown of an order

function titleOf(/** @type {Order} */ order) {
  const bars = "▮".repeat(4 - order.level);
  return `${order.drill ? `${t("DRILL")} · ` : ""}L${order.level} ${bars} ${word("level", String(order.level))}`;
}

function zones(/** @type {Order} */ order) {
  if (order.whole_site) return t("the whole site");
  return order.zones.map(place).join(COMMA);
}

function times(/** @type {Order} */ order) {
  return order.ends_at === null ? t("from {time}, open", { time: said(order.starts_at) }) : `${said(order.starts_at)} – ${said(order.ends_at)}`;
}

function drill() {
  return el("p.drill", {}, t("DRILL"));
}

function facts(/** @type {Order} */ order) {
  const row = (/** @type {string} */ name, /** @type {string} */ value) => (value ? [el("dt", {}, name), el("dd", {}, value)] : []);
  return el(
    "div.facts",
    { "data-drill": String(order.drill) },
    order.drill && drill(),
    el(
      "dl",
      {},
      el("dt", {}, t("Level")),
      el("dd", {}, el("b", {}, titleOf(order))),
      ...row(t("Applies to"), zones(order)),
      ...row(t("When"), times(order)),
      ...row(t("Document number"), order.document ?? (order.oral ? t("by word of {who}", { who: order.oral.from }) : "")),
      ...row(t("Reason"), order.reason),
      ...row(t("Requested by"), order.requested_by ?? ""),
    ),
  );
}

function changes(/** @type {Preview} */ preview) {
  const none = withoutEffect(preview);
  const past = pastInWords(preview);
  return el(
    "section.changes",
    {},
    el("h2", {}, t("What it will change")),
    none ? el("p.need", {}, el("span", { "aria-hidden": "true" }, "▲ "), none) : el("p.numbers", {}, headline(preview)),
    el(
      "dl",
      {},
      ...lines(preview).flatMap((one) => [
        el("dt", {}, one.label),
        el("dd", { "data-mark": String(one.mark) }, el("b", {}, one.value), one.note && el("small", {}, ` ${one.note}`)),
      ]),
    ),
    past && el("p.quiet", {}, past),
  );
}

function inWords(/** @type {unknown} */ error) {
  const detail = String(/** @type {any} */ (error)?.detail ?? "");
  if (/^[a-z_]+: /.test(detail)) return detail.slice(detail.indexOf(": ") + 2);
  return error instanceof Error ? error.message : String(error);
}

void begin();
