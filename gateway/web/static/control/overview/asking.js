/**
 * Something of the gateway that a page holds as new as it has to be: asked for, and asked for again where no answer came.
 *
 * Promises: an older answer never replaces a newer one; what came to nothing is asked for again by itself while its page
 * is shown, and a hundred pages do not ask in the same moment. Leaves to others: when it has to be newer.
 */

const SPREAD_MS = 3000;

/** @template T */
export class Asking {
  /**
   * @param {import("lit").ReactiveControllerHost & {isConnected: boolean}} host
   * @param {{what: string, get: () => Promise<T>, take: (answer: T) => void, againMs: number}} how
   */
  constructor(host, { what, get, take, againMs }) {
    this.host = host;
    this.what = what;
    this.get = get;
    this.take = take;
    this.againMs = againMs;
    /** Numbers of requests: the newest one, the newest that was answered, the newest that was not. */
    this.asked = 0;
    this.answered = 0;
    this.failed = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.dueAt = Infinity;
  }

  /** The newest word of it is that there is none. */
  get hasFailed() {
    return this.failed > this.answered;
  }

  /** It is going to be asked for again. */
  get isToCome() {
    return this.timer !== undefined;
  }

  async load() {
    const number = ++this.asked;
    this.rest();
    try {
      const answer = await this.get();
      if (number < this.answered) return;
      this.answered = number;
      this.take(answer);
    } catch (problem) {
      console.warn(`${this.what} cannot be loaded`, problem);
      this.failed = Math.max(this.failed, number);
    }
    if (this.hasFailed && this.host.isConnected) this.loadIn(this.againMs);
    this.host.requestUpdate();
  }

  /** Unless it is to come sooner. */
  loadIn(/** @type {number} */ ms) {
    const wait = ms + Math.random() * SPREAD_MS;
    if (performance.now() + wait >= this.dueAt) return;
    this.rest();
    this.dueAt = performance.now() + wait;
    this.timer = setTimeout(() => void this.load(), wait);
  }

  /** One that is not shown asks when it opens. */
  rest() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.dueAt = Infinity;
  }
}
