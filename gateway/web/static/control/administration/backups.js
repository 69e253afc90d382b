/** Backup: how old the newest one is, where more are, and one more at a touch. Taking one back needs the command line. */

import { ask, Problem } from "../../api.js";
import { age, t } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { clockOf, said, Section } from "./section.js";

/** Older than this is worth a sign: a night was left out. */
const OLD_MS = 36 * 3_600_000;
const LOOK_AGAIN_MS = 2000;

export class BackupsPart extends Section {
  static properties = { told: { state: true } };

  constructor() {
    super();
    /** @type {any} */
    this.told = null;
  }

  async load() {
    try {
      this.told = await ask("GET", "backups");
    } catch (problem) {
      this.say(problem);
    }
    if (this.told?.underway && this.isConnected) setTimeout(() => void this.load(), LOOK_AGAIN_MS);
  }

  make() {
    return this.during("make", async () => {
      try {
        this.told = await ask("POST", "backups");
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        // A large school's takes longer than anybody waits for an answer; the list says when it is there.
        if (problem.status === 0) return t("It is being made. It stands in the list as soon as it is done.");
        if (problem.detail.startsWith("not_made")) throw new Error(t("It was not made: {why}", { why: problem.detail.slice("not_made: ".length) }));
        throw problem;
      }
      return t("Made, and read again to its end.");
    });
  }

  render() {
    const { told } = this;
    return html`<section aria-labelledby="h-backup">
      <h2 id="h-backup">${t("Backup")}</h2>
      ${this.status()}
      ${told === null ? nothing : this.state(told)}
      <p class="quiet">
        ${t("A backup holds everything but the configuration's folder with its secrets: keep a copy of that elsewhere. Without it nobody can take a backup back. Taking one back is a command: wardgate restore FILE.")}
      </p>
    </section>`;
  }

  state(/** @type {any} */ told) {
    const newest = told.backups[0];
    const passed = newest === undefined ? Infinity : this.now() - Date.parse(newest.made_at);
    const isOld = passed > OLD_MS;
    return html`<p class="state" data-old=${isOld}>
        <span aria-hidden="true">${isOld ? "◆" : "●"}</span>
        ${newest === undefined ? t("There is no backup yet.") : t("The newest is {age}: {when}", { age: age(passed), when: said(newest.made_at) })}
      </p>
      ${told.failed ? html`<p class="said" data-kind="wrong">${t("The last one was not made: {why}", { why: told.failed })}</p>` : nothing}
      <p>${told.nightly
        ? t("Each night at {time}; the newest {count} stay.", { time: clockOf(told.at_min), count: told.keep })
        : t("None is made at night: backup.nightly is off.")}</p>
      <div class="acts">
        <button type="button" class="main" ?disabled=${Boolean(this.busy) || told.underway} aria-busy=${this.busy === "make" || told.underway} @click=${() => void this.make()}>
          ${told.underway ? t("One is being made") : t("Make one now")}
        </button>
      </div>
      ${told.backups.length
        ? html`<table>
            <thead><tr><th scope="col">${t("File")}</th><th scope="col">${t("Made")}</th><th scope="col" class="number">${t("Size")}</th></tr></thead>
            <tbody>
              ${told.backups.map(
                (/** @type {any} */ one) => html`<tr><th scope="row">${one.name}</th><td>${said(one.made_at)}</td><td class="number">${(one.size / 1e6).toFixed(1)} MB</td></tr>`,
              )}
            </tbody>
          </table>`
        : nothing}`;
  }
}

customElements.define("wg-a-backups", BackupsPart);
