/** My visitors: who waits for my word, who is coming, who is here; and inviting somebody ahead. One thing per screen. */

import { ask, Problem } from "../api.js";
import { data, t, word } from "../i18n.js";
import { documentWord } from "../kiosk/sheets/visitor_words.js";
import "../shell.js";
import { KINDS } from "../ui/documents.js";
import { button, el, show } from "./paint.js";
import { facts, inWords, otherTime, problem, readTimes, tell, timeFields, trying, whyNot } from "./views.js";

/** @typedef {{me: {id: string, name: string} | null, guardians: boolean}} State */

/** @type {State} */
const state = data("state");
const place = /** @type {HTMLElement} */ (document.getElementById("mine"));
const LOOK_MS = 10_000;
let isList = false;
let shown = "";

/** @returns {import("./views.js").Facts} */
function factsOf(/** @type {any} */ visit) {
  return {
    name: visit.visitor?.name ?? t("nobody known"),
    organisation: visit.visitor?.organisation ?? "",
    kind: visit.kind,
    purpose: visit.purpose,
    starts_at: visit.starts_at,
    ends_at: visit.ends_at,
    needs: visit.needs.filter((/** @type {string} */ code) => code !== "host_not_confirmed"),
  };
}

async function list() {
  isList = true;
  try {
    const { visits } = await ask("GET", "visits?mine=true&limit=200");
    shown = JSON.stringify(visits);
    paint(visits);
  } catch (error) {
    show(
      place,
      el("h1", {}, t("My visitors")),
      el("p.wrong", { role: "alert" }, inWords(error)),
      el("div.answers", {}, button(".main", [t("Try again")], list)),
    );
  }
}

/** What has changed meanwhile; a list that is being read is painted anew only if it says something else. */
async function look() {
  if (!isList || document.hidden) return;
  try {
    const { visits } = await ask("GET", "visits?mine=true&limit=200");
    const now = JSON.stringify(visits);
    if (isList && now !== shown) {
      shown = now;
      paint(visits, true);
    }
  } catch {
    // the next look says it again; what is shown is what was known
  }
}

function paint(/** @type {any[]} */ visits, quietly = false) {
  const mine = visits.filter((visit) => visit.host?.id === state.me?.id);
  const waiting = mine.filter((visit) => visit.state === "expected" && visit.confirmed === null);
  const coming = mine.filter((visit) => visit.state === "expected" && visit.confirmed);
  const inside = mine.filter((visit) => visit.state === "checked_in");
  const parts = [
    el("h1", {}, t("My visitors")),
    ...group(t("Waiting for your answer"), waiting, "waiting"),
    ...group(t("On campus"), inside, "inside"),
    ...group(t("Coming"), coming, "coming"),
    ...(mine.length
      ? []
      : [el("p.quiet", {}, t("Visitors who name you as their host appear here, and you answer with one touch."))]),
    el("div.answers", {}, button(".main", [t("Invite a visitor")], () => invite())),
  ];
  if (quietly) place.replaceChildren(...parts);
  else show(place, ...parts);
}

function group(/** @type {string} */ title, /** @type {any[]} */ visits, /** @type {string} */ kind) {
  if (visits.length === 0) return [];
  return [
    el("h2", {}, `${title} (${visits.length})`),
    el("div.visits", {}, ...visits.map((visit) => card(visit, kind))),
  ];
}

function card(/** @type {any} */ visit, /** @type {string} */ kind) {
  const wrong = problem();
  const path = `visits/${visit.id}`;
  const done = async (/** @type {string} */ act, /** @type {object | undefined} */ body) => {
    try {
      await ask("POST", `${path}/${act}`, body);
    } catch (error) {
      if (!(error instanceof Problem && error.kind === "conflict")) throw error;
    }
    await list();
  };
  const leave = (/** @type {HTMLElement[]} */ screen) => {
    isList = false;
    show(place, ...screen);
  };
  const decline = () => leave(whyNot((no) => done("decline", no), list));
  const change = () => leave(otherTime(visit, async (times) => {
    await ask("POST", `${path}/move`, times);
    if (visit.confirmed === null) await ask("POST", `${path}/confirm`);
    await list();
  }, list));
  const acts =
    kind === "waiting"
      ? [
          button(".main", [t("Yes")], () => trying(wrong, () => done("confirm", undefined))),
          button("", [t("Other time")], change),
          button("", [t("No")], decline),
        ]
      : kind === "coming"
        ? [
            button("", [t("Pass")], () => trying(wrong, async () => leave(passScreen(await ask("GET", `${path}/pass`))))),
            button("", [t("Other time")], change),
            button("", [t("Call it off")], decline),
          ]
        : [];
  return el(
    "article.visit",
    { "data-visit": visit.id },
    facts(factsOf(visit)),
    kind === "waiting" &&
      el("p.state", { "data-state": "waiting" }, el("span", { "aria-hidden": "true" }, "▲ "), t("The gate asks for your word.")),
    wrong,
    acts.length > 0 && el("div.acts", {}, ...acts),
  );
}

// ---------------------------------------------------------------- inviting

function kinds() {
  return ["visitor", ...(state.guardians ? ["guardian"] : []), "official", "media", "contractor"];
}

function invite() {
  isList = false;
  const wrong = problem();
  const field = (/** @type {string} */ name, /** @type {string} */ label, /** @type {Record<string, any>} */ given) => {
    const input = /** @type {HTMLInputElement} */ (el("input", { id: name, name, ...given }));
    return { input, place: el("div", {}, el("label.field", { for: name }, label), input) };
  };
  const choice = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string[][]} */ options) => {
    const input = /** @type {HTMLSelectElement} */ (
      el("select", { id: name, name }, ...options.map(([value, text]) => el("option", { value }, text)))
    );
    return { input, place: el("div", {}, el("label.field", { for: name }, label), input) };
  };
  const name = field("name", t("Name of the visitor"), { maxlength: "64", autocomplete: "off" });
  const organisation = field("organisation", t("From (may stay empty)"), { maxlength: "100", autocomplete: "off" });
  const kind = choice("kind", t("Kind of visit"), kinds().map((code) => [code, word("kind", code)]));
  const document = choice("document", t("Document"), KINDS.map((code) => [code, documentWord(code)]));
  const number = field("number", t("Number of the document"), { maxlength: "64", autocomplete: "off" });
  const purpose = field("purpose", t("Purpose"), { maxlength: "200", autocomplete: "off" });
  const soon = new Date(Math.ceil(Date.now() / 18e5) * 18e5 + 36e5);
  const times = timeFields({ starts_at: soon.toISOString(), ends_at: new Date(soon.getTime() + 72e5).toISOString() });
  const send = async () => {
    const given = readTimes(times.inputs);
    if (!name.input.value.trim() || !number.input.value.trim() || !purpose.input.value.trim()) {
      tell(wrong, t("Please give the name, the number of the document and the purpose."));
      return;
    }
    if (typeof given === "string") {
      tell(wrong, given);
      return;
    }
    wrong.hidden = true;
    try {
      const made = await ask("POST", "visits", {
        visitor: {
          name: name.input.value.trim(),
          document: { kind: document.input.value, number: number.input.value.trim() },
          organisation: organisation.input.value.trim(),
        },
        kind: kind.input.value,
        host: state.me?.id,
        purpose: purpose.input.value.trim(),
        ...given,
      });
      invited(made);
    } catch (error) {
      tell(wrong, wordsFor(error));
    }
  };
  show(
    place,
    el("h1", {}, t("Invite a visitor")),
    el(
      "form",
      {
        submit: (/** @type {Event} */ event) => {
          event.preventDefault();
          void send();
        },
      },
      name.place,
      organisation.place,
      kind.place,
      purpose.place,
      times.place,
      document.place,
      number.place,
      el("p.quiet", {}, t("The guard compares the document. Only its last four characters and a code are kept.")),
    ),
    wrong,
    el("div.answers", {}, button(".main", [t("Invite")], send), button("", [t("Back")], list)),
  );
}

/** Which field, in the words of this page. */
function wordsFor(/** @type {any} */ error) {
  /** @type {string[]} */
  const fields = (error?.errors ?? []).map((/** @type {any} */ one) => one.field);
  if (fields.includes("visitor.document.number")) {
    return t("The number does not fit this kind of document. Please compare it with the document.");
  }
  if (fields.includes("visitor.name")) return t("Please write the name on one line, with at most 64 characters.");
  return inWords(error);
}

function invited(/** @type {any} */ made) {
  const link = made.pass ? `${location.origin}/p#${made.pass}` : "";
  show(
    place,
    el("h1.done", { "data-state": "confirmed" }, el("span", { "aria-hidden": "true" }, "✓ "), t("The visitor is invited")),
    facts(factsOf(made.visit)),
    ...(link ? passParts(link) : [el("div.answers", {}, button("", [t("To my visitors")], list))]),
  );
}

function passScreen(/** @type {any} */ pass) {
  return [el("h1", {}, t("The visitor's pass")), ...passParts(new URL(pass.link, location.origin).href)];
}

/** The pass as a link to be sent on. */
function passParts(/** @type {string} */ link) {
  const said = el("p", { role: "status" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link);
      said.textContent = t("Copied.");
    } catch {
      said.textContent = t("It could not be copied. Please press long on the link.");
    }
  };
  const canCopy = typeof navigator.clipboard?.writeText === "function";
  return [
    el("p", {}, t("Send this link to the visitor. It opens the gate for this visit only.")),
    el("p.passlink", {}, el("a", { href: link }, link)),
    said,
    el(
      "div.answers",
      {},
      canCopy && button(".main", [t("Copy the link")], copy),
      button("", [t("To my visitors")], list),
    ),
  ];
}

if (state.me === null) {
  show(
    place,
    el("h1", {}, t("My visitors")),
    el("p", {}, t("Your account is not linked to a person of the school yet, so nobody can name you as a host. The administrator can link it.")),
  );
} else {
  void list();
  setInterval(look, LOOK_MS);
}
