/**
 * The tab *Cameras*: the wall of the newest check pictures, one camera at the side, work orders, maintenance, the round.
 *
 * Promises: the cameras' own stream is open while the tab is shown, and only then. Leaves to others: everything that can
 * be done (`static/cameras/desk`), the wall itself (`wall`).
 */

import { ask } from "../../api.js";
import { t } from "../../i18n.js";
import { html } from "../../live/parts.js";
import { sheet, Tab } from "../tab.js";
import "./wall.js";

for (const name of ["signs", "list", "detail", "work"]) sheet(`/static/cameras/${name}.css`);
sheet("/static/control/cameras/wall.css");

export class CamerasTab extends Tab {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = { known: { state: true } };

  constructor() {
    super();
    /** What the wall begins with. @type {{cameras: any[], rights: string[], at: string, coverage: any} | null} */
    this.known = null;
  }

  /** Each time that the tab is opened: the stream tells the rest. */
  async load() {
    try {
      const [{ at, cameras }, coverage] = await Promise.all([ask("GET", "cameras"), ask("GET", "cameras/coverage")]);
      this.known = { at, cameras, coverage, rights: this.rights };
    } catch (problem) {
      this.say(problem);
    }
  }

  get shown() {
    return /** @type {import("./wall.js").WallPart | null} */ (this.querySelector("wg-c-camera-wall"));
  }

  key(/** @type {KeyboardEvent} */ event) {
    return this.shown?.key(event) ?? false;
  }

  /** An alarm beside the chosen camera has come, or its pictures have. */
  heard(/** @type {any} */ event) {
    const { shown } = this;
    if (event.type === "alarm" && shown?.chosen) shown.later("alarms", () => shown.loadAlarms(shown.chosen));
  }

  render() {
    if (this.known === null) return this.said.text ? this.status() : html`<p class="quiet" role="status">${t("One moment: the list is being opened.")}</p>`;
    return html`<wg-c-camera-wall class="cameras" .known=${this.known} .path=${this.path}></wg-c-camera-wall>`;
  }
}

customElements.define("wg-c-cameras", CamerasTab);
