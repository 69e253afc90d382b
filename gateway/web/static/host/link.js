/**
 * One question to a host, by the link of a notice. The secret stands behind the # of the address: the browser sends it
 * nowhere by itself; here it goes into the body of a request.
 */

import { ask, Problem } from "../api.js";
import { t, texts } from "../i18n.js";
import "../shell.js";
import { button, el, show } from "./paint.js";
import { facts, otherTime, problem, trying, whyNot } from "./views.js";

/** @typedef {{state: string, visit: any}} Opened */

const place = /** @type {HTMLElement} */ (document.getElementById("question"));
const token = location.hash.slice(1);

/** @returns {import("./views.js").Facts} */
function factsOf(/** @type {any} */ visit) {
  return {
    name: visit.visitor?.name ?? t("nobody known"),
    organisation: visit.visitor?.organisation ?? "",
    kind: visit.kind,
    purpose: visit.purpose,
    starts_at: visit.starts_at,
    ends_at: visit.ends_at,
    gate: visit.gate?.[texts.language],
    level: visit.level,
    needs: visit.needs,
  };
}

async function open() {
  if (!/^[A-Za-z0-9_-]{20,100}$/.test(token)) return showGone();
  try {
    paint(await ask("POST", "host-link/open", { token }));
  } catch (error) {
    if (error instanceof Problem && error.kind === "not-found") return showGone();
    const wrong = error instanceof Error ? error.message : String(error);
    show(
      place,
      el("h1", {}, t("This could not be opened just now")),
      el("p", {}, wrong),
      el("div.answers", {}, button(".main", [t("Try again")], open)),
    );
  }
}

function paint(/** @type {Opened} */ opened) {
  if (opened.state === "open") return showQuestion(opened);
  const visit = factsOf(opened.visit);
  const [sign, title, more] = {
    confirmed: ["✓", t("You said yes"), t("The guard sees it. Thank you.")],
    declined: ["✕", t("You said no"), t("The guard tells the visitor politely that it is not possible.")],
    inside: ["✓", t("The visitor is on campus"), t("There is nothing more to answer.")],
    over: ["–", t("This visit is over or was called off"), t("There is nothing more to answer.")],
  }[opened.state] ?? ["–", t("There is nothing more to answer."), ""];
  show(
    place,
    el("h1.done", { "data-state": opened.state }, el("span", { "aria-hidden": "true" }, `${sign} `), title),
    el("p", { role: "status" }, more),
    facts({ ...visit, needs: opened.state === "confirmed" ? visit.needs : [] }),
  );
}

function showQuestion(/** @type {Opened} */ opened) {
  const wrong = problem();
  const back = () => showQuestion(opened);
  const answer = async (/** @type {Record<string, any>} */ said) => {
    try {
      paint(await ask("POST", "host-link/answer", { token, ...said }));
    } catch (error) {
      // Somebody was faster, on another phone or at the gate: what stands now is what counts.
      if (error instanceof Problem && (error.kind === "conflict" || error.kind === "not-found")) return open();
      throw error;
    }
  };
  const decline = () => show(place, ...whyNot((no) => answer({ answer: "decline", ...no }), back));
  const change = () => show(place, ...otherTime(opened.visit, (times) => answer({ answer: "change", ...times }), back));
  show(
    place,
    el("h1", {}, t("Do you expect this visitor?")),
    facts(factsOf(opened.visit)),
    wrong,
    el(
      "div.answers",
      {},
      button(".main", [t("Yes, I do")], () => trying(wrong, () => answer({ answer: "confirm" }))),
      el("div.two", {}, button("", [t("Other time")], change), button("", [t("No")], decline)),
    ),
  );
}

function showGone() {
  show(
    place,
    el("h1", {}, t("This link is no longer valid")),
    el("p", {}, t("It holds for one visit and at most a day. If a visitor waits for you, the gate will telephone.")),
  );
}

addEventListener("hashchange", () => location.reload());
void open();
