/**
 * Administration: the everyday work of a school without a shell. Each section is a part of its own, made when it is
 * first opened, and stands here only for those who have one of its rights.
 *
 * Leaves to others: what the sections show (`people`, `windows`, `users`, `configuration`, `backups`).
 */

import { t } from "../../i18n.js";
import { html } from "../../live/parts.js";
import { sheet, Tab } from "../tab.js";
import { BackupsPart } from "./backups.js";
import { ConfigurationPart } from "./configuration.js";
import { PeoplePart } from "./people.js";
import { UsersPart } from "./users.js";
import { WindowsPart } from "./windows.js";

sheet("/static/control/administration/administration.css");

/** @typedef {{name: string, title: () => string, rights: string[], kind: new () => import("./section.js").Section}} Entry */

/** @type {Entry[]} */
const SECTIONS = [
  { name: "people", title: () => t("People and cards"), rights: ["manage_people"], kind: PeoplePart },
  { name: "windows", title: () => t("Groups and windows"), rights: ["manage_people", "configure", "manage_passes", "sign_orders"], kind: WindowsPart },
  { name: "users", title: () => t("Users and roles"), rights: ["manage_users"], kind: UsersPart },
  { name: "configuration", title: () => t("Configuration"), rights: ["configure", "sign_orders"], kind: ConfigurationPart },
  { name: "backup", title: () => t("Backup"), rights: ["configure"], kind: BackupsPart },
];

class AdministrationTab extends Tab {
  constructor() {
    super();
    /** @type {Map<string, import("./section.js").Section>} */
    this.parts = new Map();
  }

  get sections() {
    return SECTIONS.filter((one) => one.rights.some((right) => this.may(right)));
  }

  get shown() {
    return this.sections.find((one) => one.name === this.path[0]) ?? this.sections[0];
  }

  render() {
    const shown = this.shown;
    if (shown === undefined) return html`<p class="empty">${t("Your roles have nothing to administer.")}</p>`;
    return html`<div class="administration">
      <nav aria-label=${t("Administration")}>
        ${this.sections.map(
          (one) => html`<a href=${`#administration/${one.name}`} aria-current=${one === shown ? "page" : "false"}>${one.title()}</a>`,
        )}
      </nav>
      ${this.sectionOf(shown)}
    </div>`;
  }

  sectionOf(/** @type {Entry} */ entry) {
    const part = this.parts.get(entry.name) ?? new entry.kind();
    this.parts.set(entry.name, part);
    part.rights = this.rights;
    part.now = this.now;
    return part;
  }
}

customElements.define("wg-c-administration", AdministrationTab);
