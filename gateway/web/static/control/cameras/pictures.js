/**
 * The newest pictures of a wall: only of tiles in view, a few at once, each again when a newer one exists.
 *
 * Promises: never more than `AT_ONCE` requests under way and never more than one a tile in `EACH_MS`, however many
 * cameras there are and however fast they are looked at; a tile that scrolls out of view before its turn is not asked
 * for; what is farthest in the past is let go when more than `KEPT` pictures are held. The old picture stays until the
 * newer one is there. Leaves to others: which number is the newest (the stream), painting the tiles (`wall`).
 */

export const AT_ONCE = 4;
export const EACH_MS = 5000;
const KEPT = 240;
const AGAIN_MS = 10_000;

/**
 * @typedef {{id: string, image: HTMLImageElement, wanted: string, shown: string, inView: boolean, at: number,
 *   isLoading: boolean}} Tile `wanted` and `shown`: numbers of pictures; "" for none
 */

export class Pictures {
  /** @param {(id: string, number: string) => string} address where a picture lies */
  constructor(address) {
    this.address = address;
    /** @type {Map<Element, Tile>} */
    this.tiles = new Map();
    this.loading = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.observer = new IntersectionObserver((entries) => this.seen(entries), { rootMargin: "80px" });
  }

  /** The tiles as they stand on the page, and the newest number of each. @param {Iterable<HTMLImageElement>} images @param {(id: string) => string | null} newest */
  follow(images, newest) {
    const there = new Set(images);
    for (const image of this.tiles.keys()) if (!there.has(/** @type {HTMLImageElement} */ (image))) this.drop(image);
    for (const image of there) {
      const id = image.dataset.camera ?? "";
      let tile = this.tiles.get(image);
      if (tile === undefined) {
        tile = { id, image, wanted: "", shown: "", inView: false, at: 0, isLoading: false };
        this.tiles.set(image, tile);
        this.observer.observe(image);
      }
      tile.wanted = newest(id) ?? "";
    }
    this.go();
  }

  drop(/** @type {Element} */ image) {
    this.observer.unobserve(image);
    this.tiles.delete(image);
  }

  seen(/** @type {IntersectionObserverEntry[]} */ entries) {
    for (const entry of entries) {
      const tile = this.tiles.get(entry.target);
      if (tile) tile.inView = entry.isIntersecting;
    }
    this.go();
  }

  /** Ask for the next ones, those first that show nothing yet, then the oldest. */
  go() {
    const now = Date.now();
    const due = [...this.tiles.values()].filter((one) => one.inView && !one.isLoading && one.wanted && one.wanted !== one.shown);
    due.sort((a, b) => Number(a.shown !== "") - Number(b.shown !== "") || a.at - b.at);
    for (const tile of due) {
      if (this.loading >= AT_ONCE) break;
      if (now - tile.at >= EACH_MS) this.load(tile);
    }
    this.letGo();
    if (due.some((one) => !one.isLoading)) this.timer ??= setTimeout(() => this.wake(), EACH_MS / 5);
  }

  wake() {
    this.timer = undefined;
    this.go();
  }

  load(/** @type {Tile} */ tile) {
    const { image, wanted } = tile;
    this.loading += 1;
    tile.isLoading = true;
    tile.at = Date.now();
    let isOver = false;
    const over = (/** @type {boolean} */ came) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(late);
      image.removeEventListener("load", here);
      image.removeEventListener("error", failed);
      tile.isLoading = false;
      this.loading -= 1;
      if (came) {
        tile.shown = wanted;
        image.dataset.shown = wanted;
      }
      this.go();
    };
    const here = () => over(true);
    const failed = () => over(false);
    const late = setTimeout(failed, AGAIN_MS);
    image.addEventListener("load", here);
    image.addEventListener("error", failed);
    image.src = this.address(tile.id, wanted);
  }

  letGo() {
    const held = [...this.tiles.values()].filter((one) => one.shown && !one.inView);
    if (held.length <= KEPT) return;
    held.sort((a, b) => a.at - b.at);
    for (const tile of held.slice(0, held.length - KEPT)) {
      tile.shown = "";
      tile.image.removeAttribute("src");
      delete tile.image.dataset.shown;
    }
  }

  close() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.observer.disconnect();
    this.tiles.clear();
  }
}
