"""An RTSP camera out of GStreamer's own server, as a program for Debian's Python: `python3 camera.py PORT FOLDER …`.

Each folder holds JPEGs of one scene, in order. The stream is H.264 at PICTURES_A_SECOND, made from the pictures of one
folder in turn. A file in place of the folders is an H.265 stream as it is (with start codes, as x265 writes them),
shown over and over: Debian's encoder of it needs many more packages. Says `ready` when it listens. Heeds lines on its
standard input: `show 1` (another folder), `freeze`, `move` (on again), `user NAME PASSWORD`. Ends when that input ends.

Not loaded by pytest: GStreamer's bindings are Debian's, and so this runs under Debian's Python.
"""

import re
import sys
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402, F401

PICTURES_A_SECOND = 10
STREAM = (
    f"( appsrc name=scene is-live=true format=time caps=image/jpeg,framerate={PICTURES_A_SECOND}/1"
    " ! jpegdec ! videoconvert ! video/x-raw,format=I420"
    f" ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=2000 key-int-max={PICTURES_A_SECOND} threads=1"
    " ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)

CODED = (
    "( appsrc name=scene is-live=true format=time"
    f" caps=video/x-h265,stream-format=byte-stream,alignment=au,framerate={PICTURES_A_SECOND}/1"
    " ! rtph265pay name=pay0 pt=96 config-interval=-1 )"
)


def pictures_of(stream: bytes) -> list[bytes]:
    """An H.265 stream, picture by picture: what comes before a slice belongs to it."""
    pictures, begin = [], 0
    starts = [found.start() for found in re.finditer(b"\0\0\1", stream)]
    for start, end in zip(starts, [*starts[1:], len(stream)], strict=True):
        if (stream[start + 3] >> 1) & 63 < 32:
            pictures.append(stream[begin:end])
            begin = end
    return pictures


class Camera:
    """What the lens sees, and the server that streams it."""

    def __init__(self, port: int, folders: list[Path]) -> None:
        is_coded = folders[0].is_file()
        if is_coded:
            self.scenes = [pictures_of(file.read_bytes()) for file in folders]
        else:
            self.scenes = [[file.read_bytes() for file in sorted(folder.glob("*.jpg"))] for folder in folders]
        self.shown = 0
        self.number = 0
        self.moves = True
        self.sources: list[Gst.Element] = []
        self.server = GstRtspServer.RTSPServer(address="127.0.0.1", service=str(port))
        self.factory = GstRtspServer.RTSPMediaFactory()
        self.factory.set_launch(CODED if is_coded else STREAM)
        self.factory.set_shared(True)
        self.factory.connect("media-configure", self.begin)
        self.server.get_mount_points().add_factory("/live", self.factory)

    def begin(self, _factory: object, media: "GstRtspServer.RTSPMedia") -> None:
        source = media.get_element().get_child_by_name("scene")
        source.set_property("do-timestamp", True)
        self.sources.append(source)
        media.connect("unprepared", lambda _media: self.sources.remove(source))

    def picture(self) -> bool:
        scene = self.scenes[self.shown]
        if self.moves:
            self.number += 1
        for source in self.sources:
            source.emit("push-buffer", Gst.Buffer.new_wrapped(scene[self.number % len(scene)]))
        return True

    def ask_for(self, user: str, password: str) -> None:
        """From now on nobody looks in without them."""
        guard = GstRtspServer.RTSPAuth()
        guard.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", user)
        guard.add_digest(user, password, token)
        roles = GstRtspServer.RTSPPermissions()
        roles.add_permission_for_role(user, "media.factory.access", True)
        roles.add_permission_for_role(user, "media.factory.construct", True)
        self.factory.set_permissions(roles)
        self.server.set_auth(guard)

    def heed(self, channel: object, _condition: object, end: "GLib.MainLoop") -> bool:
        words = sys.stdin.readline().split()
        if not words:
            end.quit()
            return False
        if words[0] == "show":
            self.shown = int(words[1])
        elif words[0] in ("freeze", "move"):
            self.moves = words[0] == "move"
        elif words[0] == "user":
            self.ask_for(words[1], words[2])
        print("done", flush=True)
        return True


def main() -> None:
    Gst.init(None)
    loop = GLib.MainLoop()
    camera = Camera(int(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]])
    if not camera.server.attach(None):
        raise SystemExit("the port is taken")
    GLib.timeout_add(1000 // PICTURES_A_SECOND, camera.picture)
    GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, camera.heed, loop)
    print("ready", flush=True)
    loop.run()


main()
