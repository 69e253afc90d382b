/**
 * Whom a visitor can name: asked of the gateway; while it is away, those who were chosen here before.
 *
 * Promises: what is kept is names and numbers of the school's own people, encrypted with the drafts, gone on signing
 * off. Leaves to others: whether somebody may be named (the gateway, at the latest when a registration is brought in).
 */

import { t } from "../../i18n.js";

/** @typedef {import("./visitor_draft.js").Host} Host */

const KEPT = 60;
const LONGEST = 100;

export class KnownHosts {
  constructor(/** @type {import("../sheet.js").Kiosk} */ kiosk) {
    this.kiosk = kiosk;
    /** @type {Host[]} */
    this.before = [];
  }

  async load() {
    this.before = (await this.kiosk.draft("hosts").load()) ?? [];
  }

  keep(/** @type {Host} */ host) {
    this.before = [host, ...this.before.filter((one) => one.id !== host.id)].slice(0, KEPT);
    void this.kiosk.draft("hosts").save(this.before);
  }

  /** @returns {Promise<Host[]>} */
  async find(/** @type {string} */ q) {
    try {
      return (await this.kiosk.ask("POST", "hosts/search", { q: q.slice(0, LONGEST) })).hosts;
    } catch (problem) {
      if (/** @type {any} */ (problem).kind !== "no-answer") throw problem;
      return this.offline(q);
    }
  }

  /** By name or number among those chosen before; else by number alone. @returns {Host[]} */
  offline(/** @type {string} */ q) {
    const plain = q.normalize("NFKC").toLowerCase();
    const known = this.before.filter((host) => `${host.name} ${host.id}`.toLowerCase().includes(plain));
    if (known.length || !/^[a-z0-9._-]{2,64}$/i.test(q)) return known;
    return [{ id: q, name: q, unit: t("by number; it is checked when the gateway is back") }];
  }
}
