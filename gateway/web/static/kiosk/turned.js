/** One polite sentence for the person at the window: on the screen turned to them, and full-screen on this one, turned. */

import { SIGNS } from "../live/parts.js";
import { t } from "../i18n.js";

export class Turned {
  /**
   * @param {string} gate
   * @param {Record<string, {zh: string, en: string}>} polite by reason
   */
  constructor(gate, polite) {
    this.polite = polite;
    this.channel = new BroadcastChannel(`wardgate-kiosk-${gate}`);
    /** @type {HTMLElement | null} */
    this.sheet = null;
  }

  /** Tell the other screen, if there is one. */
  tell(/** @type {{outcome: string, reason: string}} */ answer, stays = false) {
    const said = this.polite[answer.reason];
    if (said) this.channel.postMessage({ ...said, outcome: answer.outcome, stays });
  }

  /** Turn this screen round until it is touched. */
  show(/** @type {{outcome: string, reason: string}} */ answer) {
    const said = this.polite[answer.reason];
    if (!said) return;
    this.tell(answer, true);
    this.hide();
    const sheet = document.createElement("button");
    sheet.type = "button";
    sheet.className = "k-turned";
    sheet.dataset.outcome = answer.outcome;
    sheet.setAttribute("aria-label", t("Touch to go back to the kiosk"));
    const inner = document.createElement("span");
    for (const [text, lang] of [
      [SIGNS[answer.outcome] ?? "", ""],
      [said.zh, "zh-Hans"],
      [said.en, "en"],
    ]) {
      const line = document.createElement("span");
      line.textContent = text ?? "";
      if (lang) line.lang = lang;
      inner.append(line);
    }
    const back = document.createElement("small");
    back.textContent = t("Touch to go back to the kiosk");
    sheet.append(inner, back);
    sheet.addEventListener("click", () => this.hide());
    document.body.append(sheet);
    sheet.focus();
    this.sheet = sheet;
  }

  hide() {
    this.sheet?.remove();
    this.sheet = null;
  }
}
