/**
 * The kiosk's camera, for codes: pictures go to the gateway, at most four a second and one at a time; what it finds is
 * told once.
 *
 * Promises: the camera is off as soon as `stop` is called, whatever is under way; no picture is kept. A browser gives
 * a camera only to pages under HTTPS or on the machine itself; `canBeUsed` says whether it would.
 */

const EVERY_MS = 250;
const WIDTH = 640;
const QUALITY = 0.8;

/** True where the browser would give this page a camera. */
export function canBeUsed() {
  return window.isSecureContext && navigator.mediaDevices !== undefined;
}

export class Camera {
  /**
   * @param {HTMLVideoElement} video where what it sees is shown
   * @param {(code: string) => void} found
   * @param {(what: "denied" | "none" | "busy" | "lost" | "slow") => void} failed
   */
  constructor(video, found, failed) {
    this.video = video;
    this.found = found;
    this.failed = failed;
    /** @type {MediaStream | null} */
    this.stream = null;
    this.isOff = false;
    this.canvas = document.createElement("canvas");
  }

  async start() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1280 } },
        audio: false,
      });
      if (this.isOff) {
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      this.stream = stream;
      stream.getVideoTracks()[0]?.addEventListener("ended", () => !this.isOff && this.failed("lost"));
      this.video.srcObject = stream;
      await this.video.play();
    } catch (error) {
      if (!this.isOff) this.failed(why(error));
      return;
    }
    void this.look();
  }

  stop() {
    this.isOff = true;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }

  async look() {
    let missed = 0;
    while (!this.isOff) {
      const began = performance.now();
      const code = await this.read().catch(() => undefined);
      if (this.isOff) return;
      if (code) {
        this.found(code);
        return;
      }
      missed = code === undefined ? missed + 1 : 0;
      if (missed === 8) this.failed("slow");
      const pause = EVERY_MS * (missed > 0 ? 4 : 1);
      await new Promise((done) => setTimeout(done, Math.max(0, pause - (performance.now() - began))));
    }
  }

  /** @returns {Promise<string | null>} */
  async read() {
    const { videoWidth, videoHeight } = this.video;
    if (videoWidth === 0) return null;
    const scale = Math.min(1, WIDTH / videoWidth);
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    this.canvas.getContext("2d")?.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    const picture = await new Promise((done) => this.canvas.toBlob(done, "image/jpeg", QUALITY));
    const answer = await fetch("/api/v1/passes/scan", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "image/jpeg" },
      body: picture,
      signal: AbortSignal.timeout(6000),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).value;
  }
}

/** @returns {"denied" | "none" | "busy"} */
function why(/** @type {unknown} */ error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotReadableError" ? "busy" : "none";
}
